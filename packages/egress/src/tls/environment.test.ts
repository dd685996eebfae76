import { egressEnvironment } from './environment.js';

const inside = {
  certificate: '/run/bot-bottle/ca.pem',
  bundle: '/run/bot-bottle/ca-bundle.pem',
  javaStore: '/run/bot-bottle/ca.jks',
};

describe('egressEnvironment', () => {
  const environment = egressEnvironment(3128, inside);

  it('leads every program that reads it to the proxy, and to loopback without it', () => {
    expect(environment).toMatchObject({
      http_proxy: 'http://127.0.0.1:3128',
      HTTPS_PROXY: 'http://127.0.0.1:3128',
      https_proxy: 'http://127.0.0.1:3128',
      NO_PROXY: 'localhost,127.0.0.1,::1',
      NODE_USE_ENV_PROXY: '1',
    });
  });

  it('gives everything that reads a PEM bundle the whole one, since most take it in place of their own', () => {
    const bundles = Object.keys(environment).filter(
      name => /ca|cert|ssl/i.test(name) && name !== 'JAVA_TOOL_OPTIONS',
    );
    expect(bundles).toHaveLength(17);
    for (const name of bundles) expect([name, environment[name]]).toEqual([name, inside.bundle]);
  });

  it('has git speak HTTP/1.1, over which a large push does not stall', () => {
    expect(environment).toMatchObject({
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'http.version',
      GIT_CONFIG_VALUE_0: 'HTTP/1.1',
    });
  });

  it('gives Java proxy and truststore in its one variable, split at spaces alone', () => {
    expect(
      environment['JAVA_TOOL_OPTIONS']?.split(' ').every(option => /^-D[a-zA-Z.]+=\S+$/.test(option)),
    ).toBe(true);
    expect(environment['JAVA_TOOL_OPTIONS']).toContain('-Dhttps.proxyPort=3128 ');
    expect(environment['JAVA_TOOL_OPTIONS']).toContain(`-Djavax.net.ssl.trustStore=${inside.javaStore} `);
  });
});
