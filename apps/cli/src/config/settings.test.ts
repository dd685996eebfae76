import { chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { CliError } from '../output/errors.js';
import { loadOwnSettings, loadSettings } from './settings.js';

/** A root and a project (a git work tree), each with its file. */
function surroundings(files: { root?: string; project?: string } = {}): { root: string; cwd: string } {
  const folder = temporaryFolder();
  const [root, cwd] = [join(folder, 'root'), join(folder, 'project')];
  mkdirSync(root);
  mkdirSync(join(cwd, '.git'), { recursive: true });
  if (files.root !== undefined) writeFileSync(join(root, 'bot-bottle.yaml'), files.root);
  if (files.project !== undefined) writeFileSync(join(cwd, 'bot-bottle.yaml'), files.project);
  return { root, cwd };
}

function refusal(load: () => unknown): { code: string; message: string; remedies: readonly string[] } {
  try {
    load();
  } catch (error) {
    if (error instanceof CliError) return error;
    throw error;
  }
  throw new Error('expected a refusal');
}

describe('loadSettings', () => {
  it('knows the built-in agents without any file, and makes none', () => {
    const { root, cwd } = surroundings();
    const { agents, ...others } = loadSettings({ root: join(root, 'absent'), cwd });
    expect([...agents.keys()]).toEqual(['demo', 'shell', 'claude', 'codex', 'gemini', 'opencode']);
    expect(others).toEqual({ backend: undefined, backends: new Map(), limits: {}, detachKeys: undefined });
  });

  it("changes a known agent by the keys that a file says, and keeps the others' values", () => {
    const settings = loadSettings(
      surroundings({ root: 'agents: { claude: { command: [claude, --debug] } }' }),
    );
    const claude = settings.agents.get('claude');
    expect(claude?.definition).toMatchObject({
      name: 'claude',
      command: ['claude', '--debug'],
      resumeArgs: ['--continue'],
      transcript: ['.claude/projects'],
    });
    expect(claude?.source).toMatch(/root\/bot-bottle\.yaml$/);
  });

  it('makes an agent of its own from one that it extends', () => {
    const settings = loadSettings(
      surroundings({ root: 'agents: { fast: { extends: claude, setEnv: { A: b } } }' }),
    );
    expect(settings.agents.get('fast')?.definition).toMatchObject({
      name: 'fast',
      command: ['claude'],
      setEnv: { A: 'b' },
    });
  });

  it('refuses an agent without a command and one that extends nobody', () => {
    const bare = refusal(() => loadSettings(surroundings({ root: 'agents:\n  mine: {}' })));
    expect(bare.message).toMatch(
      /bot-bottle\.yaml:2:3: agent "mine" has no command; expected "command" or "extends"$/,
    );
    const orphan = refusal(() => loadSettings(surroundings({ root: 'agents: { x: { extends: nobody } }' })));
    expect(orphan.message).toContain('no agent "nobody"; expected one of demo, shell');
  });

  describe('the image of an agent', () => {
    const imageOf = (agent: string, name = 'claude') => {
      const { root, cwd } = surroundings({
        root: `agents: { base: { extends: claude, image: 'a:1' }, ${agent} }`,
      });
      const definition = loadSettings({ root, cwd }).agents.get(name)?.definition;
      return { root, image: definition?.image, dockerfile: definition?.dockerfile };
    };

    it('is built of a Dockerfile below the root folder, with its folder as the context', () => {
      const { root, image, dockerfile } = imageOf('claude: { dockerfile: images/claude/Dockerfile }');
      const context = join(root, 'images/claude');
      expect({ image, dockerfile }).toEqual({
        image: undefined,
        dockerfile: { path: join(context, 'Dockerfile'), context },
      });
      const elsewhere = imageOf('claude: { dockerfile: images/claude.Dockerfile, context: /srv/tools }');
      expect(elsewhere.dockerfile).toMatchObject({ context: '/srv/tools' });
    });

    it('is named, or built, as the last word has it', () => {
      expect(imageOf('claude: { image: "b:1" }')).toMatchObject({ image: 'b:1', dockerfile: undefined });
      const built = surroundings({
        root: 'agents: { claude: { dockerfile: c/Dockerfile } }',
        project: 'agents: { mine: { extends: claude } }',
      });
      const mine = loadSettings(built).agents.get('mine')?.definition;
      expect(mine?.dockerfile?.path).toBe(join(built.root, 'c/Dockerfile'));
    });

    it('is not built of the state of bottles, nor by two descriptions', () => {
      for (const entry of [
        'dockerfile: Dockerfile',
        'dockerfile: c/D, context: .',
        'dockerfile: state/x/workspace/D',
      ]) {
        const { message } = refusal(() => imageOf(`claude: { ${entry} }`));
        expect(message).toMatch(
          /bot-bottle\.yaml:1:\d+: agent "claude" would be built of .* holds the state of bottles/,
        );
      }
      expect(refusal(() => imageOf('claude: { context: c }')).message).toContain('no Dockerfile');
      const both = refusal(() => imageOf('claude: { image: "b:1", dockerfile: c/Dockerfile }'));
      expect(both.message).toContain('an image and a Dockerfile; expected one of the two');
    });
  });

  it('counts limits in bytes', () => {
    const { limits } = loadSettings(
      surroundings({ root: 'limits: { memory: 2GiB, tmp: 512MiB, cpus: 0.5 }' }),
    );
    expect(limits).toEqual({ memoryBytes: 2 * 2 ** 30, tmpBytes: 512 * 2 ** 20, cpus: 0.5 });
  });

  it("finds a project's file from a folder below, up to the top of its git work tree and no further", () => {
    const { root, cwd } = surroundings({ project: 'agents: { ours: { command: [make] } }' });
    const below = join(cwd, 'a', 'b');
    mkdirSync(below, { recursive: true });
    expect(loadSettings({ root, cwd: below }).agents.get('ours')?.fromProject).toBe(true);
    const inner = join(cwd, 'vendor');
    mkdirSync(join(inner, '.git'), { recursive: true });
    expect(loadSettings({ root, cwd: inner }).agents.has('ours')).toBe(false);
  });

  it('looks at no parent outside a git work tree: a stranger may write /tmp', () => {
    const { root } = surroundings();
    const shared = temporaryFolder();
    writeFileSync(join(shared, 'bot-bottle.yaml'), 'agents: { planted: { command: [x] } }');
    mkdirSync(join(shared, 'work'));
    expect(loadSettings({ root, cwd: join(shared, 'work') }).agents.has('planted')).toBe(false);
  });

  it("follows no link of a project's file, but one of the operator's own", () => {
    const { root, cwd } = surroundings();
    const elsewhere = join(temporaryFolder(), 'x.yaml');
    writeFileSync(elsewhere, 'agents: { linked: { command: [x] } }');
    symlinkSync(elsewhere, join(root, 'bot-bottle.yaml'));
    expect(loadSettings({ root, cwd }).agents.has('linked')).toBe(true);
    symlinkSync(elsewhere, join(cwd, 'bot-bottle.yaml'));
    expect(() => loadSettings({ root, cwd })).toThrow(/bot-bottle\.yaml/);
  });
});

describe("a project's file", () => {
  const asRoot = process.getuid?.() === 0;

  (asRoot ? it : it.skip)('of another user is refused (only root can make one for this test)', () => {
    const { root, cwd } = surroundings({ project: 'agents: { claude: { command: [steal] } }' });
    chownSync(join(cwd, 'bot-bottle.yaml'), 12345, 12345);
    const { code, message } = refusal(() => loadSettings({ root, cwd }));
    expect(code).toBe('untrusted-config');
    expect(message).toMatch(/project\/bot-bottle\.yaml belongs to user 12345; expected a file of yours$/);
  });

  it('that is broken does not concern a bottle that is there already', () => {
    const { root, cwd } = surroundings({ root: 'detachKeys: ctrl-a', project: 'nonsense: 1' });
    expect(() => loadSettings({ root, cwd })).toThrow();
    expect(loadOwnSettings({ root }).detachKeys).toBe('ctrl-a');
  });

  it.each([
    ['backends: { evil: ./evil.cjs }', 'backends'],
    ['backend: weaker', 'backend'],
    ['limits: { memory: 1TiB }', 'limits'],
    ['detachKeys: a', 'detachKeys'],
    ['projectEnv: [AWS_SECRET_ACCESS_KEY]', 'projectEnv'],
  ])(
    "cannot say %j: code on the host, another backend, limits and trust are the operator's",
    (project, key) => {
      const { code, message, remedies } = refusal(() => loadSettings(surroundings({ project })));
      expect(code).toBe('untrusted-config');
      expect(message).toMatch(
        new RegExp(`project/bot-bottle\\.yaml:1:1: "${key}" in a project's file; expected only "agents"`),
      );
      expect(remedies[0]).toMatch(/root\/bot-bottle\.yaml/);
    },
  );

  it.each([
    ['agents: { mine: { command: [x], passEnv: [AWS_SECRET_ACCESS_KEY] } }'],
    ['agents: { claude: { passEnv: [AWS_SECRET_ACCESS_KEY] } }'],
    ['agents: { claude: { passEnv: [OPENAI_API_KEY] } }'],
    ['agents: { claude: { backend: weaker } }'],
    ['agents: { claude: { toolPaths: [/srv] } }'],
    ['agents: { claude: { image: theirs } }'],
    ['agents: { mine: { command: [x], dockerfile: Dockerfile } }'],
    ['agents: { claude: { context: . } }'],
    ['agents: { claude: { allow: [example.com] } }'],
    ['agents: { mine: { command: [x], allow: [] } }'],
    ['agents: { claude: { credentials: [{ env: AWS_SECRET_ACCESS_KEY, host: example.com }] } }'],
    ['agents: { claude: { passEnv: [ANTHROPIC_API_KEY] } }'],
  ])('cannot widen what reaches a bottle: %s', project => {
    expect(refusal(() => loadSettings(surroundings({ project }))).code).toBe('untrusted-config');
  });

  it('may narrow what an agent receives, and define agents that receive what it extends', () => {
    const project =
      'agents: { claude: { passEnv: [ANTHROPIC_MODEL] }, ours: { extends: gemini, command: [gemini, -q] } }';
    const { agents } = loadSettings(surroundings({ project }));
    expect(agents.get('claude')?.definition.passEnv).toEqual(['ANTHROPIC_MODEL']);
    expect(agents.get('ours')?.definition.passEnv).toContain('GEMINI_MODEL');
    expect(agents.get('ours')?.definition.allow).toContain('generativelanguage.googleapis.com');
  });

  it('may have what the operator lets projects have', () => {
    const files = {
      root: 'projectEnv: [NPM_TOKEN]',
      project: 'agents: { ours: { command: [x], passEnv: [NPM_TOKEN] } }',
    };
    expect(loadSettings(surroundings(files)).agents.get('ours')?.definition.passEnv).toEqual(['NPM_TOKEN']);
  });

  it("builds upon the operator's own definition, not upon the built-in one that it replaced", () => {
    const files = {
      root: 'agents: { claude: { passEnv: [] } }',
      project: 'agents: { claude: { passEnv: [ANTHROPIC_MODEL] } }',
    };
    expect(refusal(() => loadSettings(surroundings(files))).code).toBe('untrusted-config');
  });
});
