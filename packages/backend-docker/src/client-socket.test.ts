import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith, temporaryFolder } from '@bot-bottle/test-kit';
import { clientSocket } from './client-socket.js';
import type { Environment } from './command.js';
import { programOnPath } from './programs.js';

const path = process.env['PATH'];
const client = programOnPath(process.env, 'docker');

/** An operator's configuration of the client. */
function configured(config: unknown, contexts: Readonly<Record<string, object>> = {}): Environment {
  const folder = temporaryFolder();
  if (config !== null) {
    const text = typeof config === 'string' ? config : JSON.stringify(config);
    writeFileSync(join(folder, 'config.json'), text);
  }
  for (const [name, docker] of Object.entries(contexts)) {
    const digest = createHash('sha256').update(name).digest('hex');
    const meta = join(folder, 'contexts/meta', digest);
    mkdirSync(meta, { recursive: true });
    writeFileSync(
      join(meta, 'meta.json'),
      JSON.stringify({ Name: name, Metadata: {}, Endpoints: { docker } }),
    );
  }
  return { PATH: path, DOCKER_CONFIG: folder };
}

const rootless = { rootless: { Host: 'unix:///run/user/7/docker.sock', SkipTLSVerify: false } };
const away = { away: { Host: 'ssh://operator@example.org', SkipTLSVerify: false } };

describeWith('docker', "Docker's own client", () => {
  it.each<[string, Environment, string]>([
    ['of an environment', { ...configured(null), DOCKER_HOST: 'unix:///x/y.sock' }, '/x/y.sock'],
    ['that nobody changed', configured(null), '/var/run/docker.sock'],
    ['of a configuration without a context', configured({ auths: {} }), '/var/run/docker.sock'],
    ['of the default context', configured({ currentContext: 'default' }), '/var/run/docker.sock'],
    ['of a context', configured({ currentContext: 'rootless' }, rootless), '/run/user/7/docker.sock'],
    [
      'of a context in the environment',
      { ...configured({ currentContext: 'away' }, { ...rootless, ...away }), DOCKER_CONTEXT: 'rootless' },
      '/run/user/7/docker.sock',
    ],
    [
      'of the environment, whatever the context',
      { ...configured({ currentContext: 'away' }, away), DOCKER_HOST: 'unix:///x/y.sock' },
      '/x/y.sock',
    ],
  ])('asks at the socket %s, as it says itself', (_name, env, socket) => {
    expect(clientSocket(env)).toBe(socket);
    const asked = ['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'];
    const { stdout } = spawnSync('docker', asked, { env, encoding: 'utf8' });
    expect(stdout.trim()).toBe(`unix://${socket}`);
  });

  const local = { ...configured(null), DOCKER_HOST: 'unix:///x/y.sock' };
  it.each<[string, Environment]>([
    ['over ssh', { ...local, DOCKER_HOST: 'ssh://operator@example.org' }],
    ['over TCP', { ...local, DOCKER_HOST: 'tcp://127.0.0.1:2375' }],
    ['by an empty address', { ...local, DOCKER_HOST: '' }],
    ['at a relative path', { ...local, DOCKER_HOST: 'unix://x.sock' }],
    ['with TLS', { ...local, DOCKER_TLS_VERIFY: '1' }],
    ['by a version of the API', { ...local, DOCKER_API_VERSION: '1.41' }],
    ['of a context elsewhere', configured({ currentContext: 'away' }, away)],
    ['of a context that is not there', configured({ currentContext: 'gone' })],
    ['of an empty context', { ...configured(null), DOCKER_CONTEXT: '' }],
    ['of a context in letters that we do not read', configured({ CurrentContext: 'rootless' }, rootless)],
    ['with headers', configured({ HttpHeaders: { 'X-Who': 'me' } })],
    ['by a broken configuration', configured('{')],
  ])('is asked itself %s', (_name, env) => {
    expect(clientSocket(env)).toBeNull();
  });

  it('is asked itself where a context has keys', () => {
    const env = configured({ currentContext: 'rootless' }, rootless);
    const digest = createHash('sha256').update('rootless').digest('hex');
    mkdirSync(join(env['DOCKER_CONFIG'] ?? '', 'contexts/tls', digest), { recursive: true });
    expect(clientSocket(env)).toBeNull();
  });

  it('is told from a script, from a link to another program, and from none', () => {
    const own = join(temporaryFolder(), 'own');
    const script = join(temporaryFolder(), 'script');
    const link = join(temporaryFolder(), 'link');
    const none = join(temporaryFolder(), 'none');
    for (const folder of [own, script, link, none]) mkdirSync(folder);
    copyFileSync(realpathSync(client ?? ''), join(own, 'docker'));
    writeFileSync(join(script, 'docker'), '#!/bin/sh\nexec podman "$@"\n', { mode: 0o755 });
    copyFileSync(realpathSync('/bin/sh'), join(link, 'podman'));
    symlinkSync('podman', join(link, 'docker'));
    const seen = (...folders: string[]) => clientSocket({ ...local, PATH: folders.join(':') });
    expect([seen(own), seen(script), seen(link), seen(none)]).toEqual(['/x/y.sock', null, null, null]);
    // The first that can be run is the one that is.
    expect([seen(none, own, script), seen(script, own)]).toEqual(['/x/y.sock', null]);
  });
});
