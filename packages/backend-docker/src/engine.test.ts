import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describeWithEngine, temporaryFolder } from '@bot-bottle/test-kit';
import { backendOf, specOf } from '../test/bottle.js';
import { Engine } from './engine.js';

const spec = specOf('engine-aaaaa');

describeWithEngine('an engine', () => {
  it('that is down is one clear error, and what starts it', async () => {
    const env = { ...process.env, DOCKER_HOST: `unix://${join(temporaryFolder(), 'nobody.sock')}` };
    const backend = backendOf({ env });
    const unavailable = {
      code: 'unavailable',
      remedy: 'systemctl start docker',
      message: expect.stringContaining('is down'),
    };
    await expect(backend.status(spec)).rejects.toMatchObject(unavailable);
    await expect(backend.prepare(spec)).rejects.toMatchObject(unavailable);
    await expect(backend.destroy(spec)).rejects.toMatchObject(unavailable);
    expect(await backend.probe()).toEqual({
      available: false,
      reason: expect.stringContaining('is down'),
      remedy: 'systemctl start docker',
    });
    expect(existsSync(spec.stateFolder)).toBe(false);
  });

  it('that hangs is not waited for', async () => {
    const socket = join(temporaryFolder(), 'hung.sock');
    const connections = new Set<import('node:net').Socket>();
    const server = createServer(connection => connections.add(connection));
    await new Promise<void>(resolve => server.listen(socket, resolve));
    try {
      const engine = new Engine({ ...process.env, DOCKER_HOST: `unix://${socket}` }, { askMs: 500 });
      for (const ask of [() => engine.ask('ps'), () => engine.get('/info')]) {
        await expect(ask()).rejects.toMatchObject({
          code: 'unavailable',
          message: `the engine at unix://${socket} hangs: no answer within 0.5 seconds`,
          remedy: 'systemctl restart docker',
        });
      }
      expect(connections.size).toBeGreaterThan(0);
    } finally {
      for (const connection of connections) connection.destroy();
      server.close();
    }
  });

  it('that answers questions and makes no change is waited for once, until a change is made', async () => {
    const folder = temporaryFolder();
    const hangs = join(folder, 'hangs');
    // As a daemon whose container runtime hangs: it refuses by itself, too.
    const client = `#!/bin/sh
case $1 in
  ps | context) echo answered ;;
  kill) echo no such container >&2; exit 1 ;;
  *) [ ! -e '${hangs}' ] || exec sleep 60 ;;
esac
`;
    writeFileSync(join(folder, 'docker'), client, { mode: 0o755 });
    const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` };
    const engine = new Engine(env, { askMs: 8_000, changeMs: 2_000, hungMs: 500 });
    const remove = () => engine.change(['rm', 'it']);
    const inVain = (seconds: number) =>
      expect(remove()).rejects.toMatchObject({
        code: 'unavailable',
        message: `the engine at answered hangs: no answer within ${seconds} seconds`,
      });
    writeFileSync(hangs, '');
    await inVain(2);
    expect(await engine.ask('ps')).toBe('answered\n');
    await inVain(0.5);
    await expect(engine.change(['kill', 'it'])).rejects.toMatchObject({ name: 'EngineRefusal' });
    await inVain(0.5);
    rmSync(hangs);
    await remove();
    writeFileSync(hangs, '');
    await inVain(2);
  });

  it('whose client is killed has said nothing', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'docker'), '#!/bin/sh\nkill -9 $$\n', { mode: 0o755 });
    const backend = backendOf({ env: { ...process.env, PATH: `${folder}:${process.env['PATH']}` } });
    await expect(backend.status(spec)).rejects.toMatchObject({
      code: 'unavailable',
      message: 'docker was killed before it had its answer (container)',
    });
  });

  it('without its client is a package to install', async () => {
    const backend = backendOf({ env: { PATH: temporaryFolder() } });
    expect(await backend.probe()).toMatchObject({
      available: false,
      remedy: expect.stringContaining('docker.io'),
    });
  });
});
