import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Identity, parseIdentity } from '@bot-bottle/identity';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { bottlePaths, type SidecarName } from './index.js';

const identity = parseIdentity('claude-x7k2m');

describe('bottlePaths', () => {
  it('gives the paths of the contract', () => {
    const { sidecar, ...paths } = bottlePaths('/r', identity);
    const folder = '/r/state/claude-x7k2m';
    expect(paths).toEqual({
      root: '/r',
      identity,
      folder,
      metadata: `${folder}/metadata.json`,
      metadataLock: `${folder}/metadata.lock`,
      dockerfile: `${folder}/Dockerfile`,
      transcript: `${folder}/transcript`,
      liveConfig: `${folder}/live-config`,
      routes: `${folder}/live-config/routes.yaml`,
      allowlist: `${folder}/live-config/allowlist`,
      generation: `${folder}/live-config/generation.json`,
      preserve: `${folder}/.preserve`,
      lease: `${folder}/lease`,
      launch: `${folder}/launch.json`,
      session: `${folder}/session.json`,
      terminalLog: `${folder}/terminal.log`,
      controlSocket: `${folder}/keeper.sock`,
      workspace: `${folder}/workspace`,
      home: `${folder}/agent/home`,
      queue: '/r/queue/claude-x7k2m',
    });
    const sidecars: SidecarName[] = ['agent', 'egress', 'git-gate', 'pipelock', 'supervise'];
    expect(sidecars.map(sidecar)).toEqual(sidecars.map(name => `${folder}/${name}`));
  });

  it('creates nothing', () => {
    const root = temporaryFolder();
    const paths = bottlePaths(`${root}/new`, identity);
    expect(existsSync(paths.root)).toBe(false);
    expect(readdirSync(root)).toEqual([]);
  });

  // FAULTS row 24: names, also when a cast hides them from the compiler.
  it.each([
    '..',
    '.',
    '',
    '../x',
    'a/b-abcde',
    'claude-x7k2m\0',
    '-rf',
    'Claude-x7k2m',
    'клод-x7k2m',
    'x'.repeat(64),
  ])('builds no path from the name %j', name => {
    expect(() => bottlePaths('/r', name as Identity)).toThrow(
      expect.objectContaining({ code: 'unsafe-name' }),
    );
    // The naive way, join, refuses none of them.
    expect(join('/r/state', name)).toMatch(/^\/r/);
  });

  it('stays in state/, where join leads out of it', () => {
    const out = ['..', '.', '', '../x', 'a/b-abcde'].map(name => dirname(join('/r/state', name)));
    expect(out).toEqual(['/', '/r', '/r', '/r', '/r/state/a']);
    expect(dirname(bottlePaths('/r', identity).folder)).toBe('/r/state');
  });

  it.each(['..', '', 'transcript', 'agent/../..', '__proto__', 'constructor'])(
    'knows no sidecar %j',
    name => {
      expect(() => bottlePaths('/r', identity).sidecar(name as SidecarName)).toThrow(
        expect.objectContaining({ code: 'unsafe-name' }),
      );
    },
  );
});
