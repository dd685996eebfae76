import { JAVA_STORE_PASSWORD } from './java-store.js';
import type { TrustFiles } from './trust-files.js';

/** The bottle's own loopback is no affair of the proxy's: agents run servers there. */
const DIRECT = ['localhost', '127.0.0.1', '::1'];

/**
 * git-config(1), GIT_CONFIG_COUNT (from 2.31 on): libcurl 7.88, as Debian 12 has it, may stall for ever in a push of more than 1 MiB over
 * HTTP/2, whoever serves it; and what git sends gains nothing by it.
 */
const GIT_OVER_HTTP_1 = {
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'http.version',
  GIT_CONFIG_VALUE_0: 'HTTP/1.1',
};

/**
 * The environment that leads the programs of a bottle to its proxy at 127.0.0.1:`port`, and makes them trust its authority.
 * `inside`: the trust files' paths as the bottle sees them (absolute, without white space: Java splits its options there).
 * One function, since Java takes both from one variable. All of it is a convenience: a program that reads none of it reaches
 * nothing.
 */
export function egressEnvironment(port: number, inside: TrustFiles): Record<string, string> {
  return {
    ...proxyVariables(port),
    ...trustVariables(inside),
    ...GIT_OVER_HTTP_1,
    JAVA_TOOL_OPTIONS: javaOptions(port, inside),
  };
}

function proxyVariables(port: number): Record<string, string> {
  const proxy = `http://127.0.0.1:${port}`;
  const usual = { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, ALL_PROXY: proxy, NO_PROXY: DIRECT.join(',') };
  return {
    // curl and what is built on libcurl (git, cargo) read http_proxy in lower case alone (curl(1), ENVIRONMENT); Go, Python's
    // urllib and requests, Ruby's Net::HTTP, Deno, Bun, npm, pip, AWS's tools and reqwest (Rust) read one or both.
    ...usual,
    ...Object.fromEntries(Object.entries(usual).map(([name, value]) => [name.toLowerCase(), value])),
    // node:http, node:https and fetch read the above only with this (Node's cli.md; 22.21, 24.5).
    NODE_USE_ENV_PROXY: '1',
    // gRPC's C core (C++, Python, Ruby): environment_variables.md of grpc/grpc.
    grpc_proxy: proxy,
    // Yarn 2 and newer: `httpProxy`, `httpsProxy` of its configuration.
    YARN_HTTP_PROXY: proxy,
    YARN_HTTPS_PROXY: proxy,
  };
}

function trustVariables({ bundle }: TrustFiles): Record<string, string> {
  return {
    // OpenSSL (SSL_CTX_set_default_verify_paths(3): Python's ssl, Ruby, PHP, Perl, .NET), Go (crypto/x509, root_unix.go), Rust
    // (rustls-native-certs, openssl-probe), uv, httpx.
    SSL_CERT_FILE: bundle,
    // curl(1), ENVIRONMENT: before SSL_CERT_FILE, and whatever the TLS library.
    CURL_CA_BUNDLE: bundle,
    // git-config(1), http.sslCAInfo.
    GIT_SSL_CAINFO: bundle,
    // Node's cli.md, Bun: added to the built-in authorities, of which the bundle may hold more (a company's own).
    NODE_EXTRA_CA_CERTS: bundle,
    // requests ("SSL Cert Verification"), pip (--cert) and httplib2 (certs.py), which bring authorities of their own.
    REQUESTS_CA_BUNDLE: bundle,
    PIP_CERT: bundle,
    HTTPLIB2_CA_CERTS: bundle,
    // AWS's SDKs and CLI ("ca_bundle" of the shared configuration).
    AWS_CA_BUNDLE: bundle,
    // gcloud ("core/custom_ca_certs_file" of its properties), which brings its own Python.
    CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE: bundle,
    // cargo (http.cainfo in "Configuration") and rustup through it.
    CARGO_HTTP_CAINFO: bundle,
    // Deno ("Environment variables").
    DENO_CERT: bundle,
    // npm (`cafile` of its configuration), Yarn 2 and newer (`httpsCaFilePath`).
    npm_config_cafile: bundle,
    YARN_HTTPS_CA_FILE_PATH: bundle,
    // gRPC's C core, which brings authorities of its own.
    GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: bundle,
    // Bundler (`ssl_ca_cert` of its configuration).
    BUNDLE_SSL_CA_CERT: bundle,
    // Elixir's Hex (`cacerts_path` of "mix hex.config"), Perl's LWP::UserAgent (ENVIRONMENT).
    HEX_CACERTS_PATH: bundle,
    PERL_LWP_SSL_CA_FILE: bundle,
  };
}

/** Of every JVM (JVM Tool Interface, "JAVA_TOOL_OPTIONS"); the properties are of java.base ("Networking Properties", JSSE guide). */
function javaOptions(port: number, { javaStore }: TrustFiles): string {
  const properties = {
    'http.proxyHost': '127.0.0.1',
    'http.proxyPort': port,
    'https.proxyHost': '127.0.0.1',
    'https.proxyPort': port,
    'http.nonProxyHosts': 'localhost|127.*|[::1]',
    'javax.net.ssl.trustStore': javaStore,
    'javax.net.ssl.trustStoreType': 'JKS',
    'javax.net.ssl.trustStorePassword': JAVA_STORE_PASSWORD,
  };
  return Object.entries(properties)
    .map(([name, value]) => `-D${name}=${value}`)
    .join(' ');
}
