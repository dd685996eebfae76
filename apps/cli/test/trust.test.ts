/** Programs of many languages, in a real bottle, told nothing but what every bottle tells them, at a host whose TLS the proxy ends. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { describeWith, temporaryFolder } from '@bot-bottle/test-kit';
import { certify } from './support/certificate.js';
import { Operator } from './support/cli.js';

const HOST = 'host.bot-bottle.internal';
const KEY = 'the-true-key-of-the-operator';
/** A real program in Rust with reqwest and rustls, which this repository is built with. */
const TURBO = createRequire(
  realpathSync(join(__dirname, '../../../node_modules/turbo/package.json')),
).resolve(`@turbo/linux-${process.arch === 'x64' ? '64' : process.arch}/bin/turbo`);

interface Client {
  readonly language: string;
  readonly needs: readonly string[];
  /** Writes into the workspace what it runs, and `others.jks` where it reads no PEM. */
  readonly prepare?: (workspace: string) => void;
  /** Bash that asks "$URL" in that workspace. */
  readonly get: string;
  /** It reads the system's bundle where no variable names one; else it must have its variable. */
  readonly readsSystem: boolean;
  /** What it says of a certificate of an unknown authority; null: it goes on without its answer, and may end before it says so. */
  readonly refusal: RegExp | null;
}

const CLIENTS: readonly Client[] = [
  {
    language: 'C (curl)',
    needs: ['curl'],
    get: 'curl -sS "$URL"',
    readsSystem: true,
    refusal: /SSL certificate problem/,
  },
  {
    language: 'C (git)',
    needs: ['git'],
    get: 'git ls-remote "$URL"',
    readsSystem: true,
    refusal: /certificate verification failed/,
  },
  {
    language: 'JavaScript (Node)',
    needs: [],
    get: `"${process.execPath}" -e "fetch(process.env.URL).catch(({ cause }) => { console.log(cause.code); process.exit(1) })"`,
    readsSystem: false,
    refusal: /SELF_SIGNED_CERT|UNABLE_TO_/,
  },
  {
    language: 'Python (urllib)',
    needs: ['python3'],
    get: `python3 -c 'import os, urllib.request as u; u.urlopen(os.environ["URL"])'`,
    readsSystem: true,
    refusal: /CERTIFICATE_VERIFY_FAILED/,
  },
  {
    language: 'Go (net/http: Miller)',
    needs: ['mlr'],
    get: 'mlr cat "$URL"',
    readsSystem: true,
    refusal: /certificate signed by unknown authority/,
  },
  {
    language: 'Rust (reqwest, rustls: Turborepo)',
    needs: [TURBO],
    prepare: workspace => {
      for (const [name, content] of Object.entries(TURBO_PROJECT))
        writeFileSync(join(workspace, name), JSON.stringify(content));
    },
    get: `TURBO_API="$URL" TURBO_TOKEN=x TURBO_TEAM=x TURBO_TELEMETRY_DISABLED=1 "${TURBO}" run build --force`,
    readsSystem: false,
    refusal: null,
  },
  {
    language: 'Java (HttpClient)',
    needs: ['java', 'keytool'],
    prepare: prepareJava,
    get: 'java -XX:TieredStopAtLevel=1 -cp . Get "$URL"',
    readsSystem: true,
    refusal: /unable to find valid certification path/,
  },
];

const TURBO_PROJECT = {
  'package.json': { name: 'p', private: true, packageManager: 'npm@11.0.0', scripts: { build: 'true' } },
  'package-lock.json': { name: 'p', lockfileVersion: 3, packages: { '': { name: 'p' } } },
  'turbo.json': { tasks: { build: {} } },
};

const JAVA = `import java.net.URI;
import java.net.http.*;

public class Get {
  public static void main(String[] args) throws Exception {
    var request = HttpRequest.newBuilder(URI.create(args[0])).build();
    HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.discarding());
  }
}
`;

/** The compiler is in every JRE of Debian, as a module without a program of its own. */
function prepareJava(workspace: string): void {
  writeFileSync(join(workspace, 'Get.java'), JAVA);
  const run = (file: string, ...args: string[]) =>
    execFileSync(file, args, { cwd: workspace, stdio: 'pipe' });
  run('java', '-XX:TieredStopAtLevel=1', '-m', 'jdk.compiler/com.sun.tools.javac.Main', 'Get.java');
  const store = ['-keystore', 'others.jks', '-storepass', 'changeit', '-noprompt'];
  run('keytool', '-J-XX:TieredStopAtLevel=1', '-importcert', '-file', 'others.pem', ...store);
}

/** As a bottle is; with the proxy's variables alone; as it is, but for the authorities: those of others. */
const SCRIPT = `
says() { name=$1; shift; echo "$name: $(env "$@" URL="$URL/$name" bash -c "$GET" 2>&1)"; }
says told
trust=$(env | sed -n 's|=/run/bot-bottle/ca-bundle.pem$||p')
says untold $(printf -- '-u %s ' $trust) JAVA_TOOL_OPTIONS="\${JAVA_TOOL_OPTIONS%% -Djavax*}"
says misled $(printf '%s=others.pem ' $trust) SSL_CERT_DIR=/var/empty GIT_SSL_CAPATH=/var/empty JAVA_TOOL_OPTIONS="\${JAVA_TOOL_OPTIONS/\\/run\\/bot-bottle\\/ca.jks/others.jks}"
`;

for (const { language, needs, prepare, get, readsSystem, refusal } of CLIENTS) {
  describeWith(['bwrap', 'openssl', ...needs], `${language} in a bottle`, () => {
    const operator = new Operator();
    let server: Server;
    /** What it said, and the credentials that the origin saw, by the way it was run. */
    const said = new Map<string, string>();
    const seen = new Map<string, (string | undefined)[]>();

    beforeAll(async () => {
      const { cert, key, authority } = certify(HOST);
      server = createServer({ cert, key }, ({ url = '', headers }, response) => {
        const [, way = ''] = url.split(/[/?]/);
        seen.set(way, [...(seen.get(way) ?? []), headers.authorization]);
        response.end('{ "status": "enabled" }');
      });
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
      const host = `${HOST}:${(server.address() as AddressInfo).port}`;
      const workspace = temporaryFolder();
      writeFileSync(join(workspace, 'others.pem'), rootCertificates.join('\n'));
      prepare?.(workspace);
      const mine = {
        command: ['bash', '-c', SCRIPT],
        allow: [`${host} private`],
        credentials: [{ env: 'MY_KEY', host }],
        setEnv: { URL: `https://${host}`, GET: get },
        toolPaths: [dirname(TURBO), dirname(process.execPath)],
      };
      mkdirSync(operator.root, { mode: 0o700 });
      writeFileSync(join(operator.root, 'bot-bottle.yaml'), JSON.stringify({ agents: { mine } }));
      Object.assign(operator.env, { MY_KEY: KEY, NODE_EXTRA_CA_CERTS: authority });
      const { stdout } = await operator.run(['start', 'mine', '--cwd', workspace]);
      for (const text of stdout.split(/^(?=told: |untold: |misled: )/m))
        said.set(text.split(':')[0] ?? '', text);
    });
    afterAll(async () => {
      await operator.killAll();
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    });

    const trusts = (way: string) => {
      if (refusal !== null) expect(said.get(way)).not.toMatch(refusal);
      expect(new Set(seen.get(way))).toEqual(new Set([`Bearer ${KEY}`]));
    };
    const refuses = (way: string) => {
      expect(said.get(way)).toMatch(refusal ?? /./);
      expect(seen.get(way)).toBeUndefined();
    };

    it("trusts its proxy by the bottle's environment, and its origin sees the true key", () =>
      trusts('told'));

    if (readsSystem) {
      it("trusts it by the system's authorities too, where the variables are gone", () => trusts('untold'));
    } else {
      it('refuses it where the variables are gone', () => refuses('untold'));
    }

    it('refuses it where the same variables name the authorities of others', () => refuses('misled'));
  });
}
