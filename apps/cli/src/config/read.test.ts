import { CliError } from '../output/errors.js';
import { parseConfig } from './read.js';

function refusal(text: string): string[] {
  try {
    parseConfig(text, 'f.yaml');
  } catch (error) {
    if (error instanceof CliError && error.code === 'bad-config') return [error.message, ...error.details];
    throw error;
  }
  return [];
}

describe('parseConfig', () => {
  it('reads everything that a file may say', () => {
    const text = `
agents:
  mine: { extends: claude, description: d, command: [a, -b], resumeArgs: [], passEnv: [A_1], setEnv: { X: "1" },
          transcript: [.mine/log, notes.txt], toolPaths: [/opt/mine], backend: local }
backend: local
backends: { other: ./other.cjs }
limits: { memory: 4GiB, cpus: 1.5, processes: 10, openFiles: 20, tmp: 1048576 }
detachKeys: ctrl-a,d
projectEnv: [TOKEN]
`;
    expect(parseConfig(text, 'f.yaml').config.agents?.['mine']).toMatchObject({
      extends: 'claude',
      setEnv: { X: '1' },
    });
  });

  it.each([[''], ['# nothing\n'], ['{}']])('takes a file that says nothing: %j', text => {
    expect(parseConfig(text, 'f.yaml').config).toEqual({});
  });

  it.each([
    ['agent: {}', 'f.yaml:1:1: unknown key "agent"; did you mean "agents"?'],
    ['agents:\n  a:\n    comand: [x]', 'f.yaml:3:5: unknown key "comand"; did you mean "command"?'],
    ['limits:\n  memorie: 1', 'f.yaml:2:3: unknown key "memorie"; did you mean "memory"?'],
    [
      'limits:\n  colour: red',
      'f.yaml:2:3: unknown key "colour"; expected one of memory, cpus, processes, openFiles, tmp',
    ],
  ])('names the nearest known key for %j', (text, message) => {
    expect(refusal(text)).toEqual([message]);
  });

  it.each([
    ['agents: hello', 'f.yaml:1:9: agents is "hello"; expected Object'],
    [
      'agents: [{ command: [x] }]',
      'f.yaml:1:10: agents.0 is "0"; expected a name: a letter, then letters, digits, ".", "_" and "-"',
    ],
    [
      '[x]',
      'f.yaml:1:2: unknown key "0"; expected one of agents, backend, backends, limits, detachKeys, projectEnv',
    ],
    ['agents:\n  a: { command: sh }', 'f.yaml:2:17: agents.a.command is "sh"; expected Array'],
    ['agents:\n  a: { command: [] }', 'f.yaml:2:17: agents.a.command is 0; expected at least the program'],
    [
      'agents:\n  a: { passEnv: [A, "B=1"] }',
      'f.yaml:2:21: agents.a.passEnv.1 is "B=1"; expected the name of an environment variable, not its value',
    ],
    [
      'agents:\n  a: { transcript: [x/../../y] }',
      'f.yaml:2:21: agents.a.transcript.0 is "x/../../y"; expected a path relative to the home of the agent, without ".."',
    ],
    ['limits: { cpus: 0 }', 'f.yaml:1:17: limits.cpus is 0; expected more than 0'],
    [
      'limits: { memory: 4 GB }',
      'f.yaml:1:19: limits.memory is "4 GB"; expected bytes, or a text such as 512MiB or 4GiB',
    ],
    ['just text', 'f.yaml:1:1: the file is "just text"; expected Object'],
  ])('says where and why %j is refused', (text, message) => {
    expect(refusal(text)).toEqual([message]);
  });

  it.each(['/etc/passwd', '..', '../x', 'a/..', './a', 'a//b', 'a/', ''])(
    'refuses the transcript path %j',
    path => {
      expect(refusal(`agents: { a: { transcript: [${JSON.stringify(path)}] } }`)).toHaveLength(1);
    },
  );

  it('tells every problem, in their order', () => {
    expect(refusal('limits: { cpus: 0, openFiles: x }')).toEqual([
      'f.yaml:1:17: limits.cpus is 0; expected more than 0',
      'f.yaml:1:31: limits.openFiles is "x"; expected number',
    ]);
  });

  it('gives line and column of broken YAML', () => {
    expect(refusal('agents:\n  a: [b')[0]).toMatch(/^f\.yaml:2:8: no valid YAML: /);
    expect(refusal('a: 1\na: 2')[0]).toMatch(/^f\.yaml:2:1: no valid YAML: Map keys must be unique/);
  });

  it('does not unfold aliases without end', () => {
    const levels = Array.from(
      { length: 12 },
      (_, i) => `a${i}: &a${i} [${Array(9).fill(i ? `*a${i - 1}` : 'x')}]`,
    );
    expect(refusal(levels.join('\n'))[0]).toMatch(/alias/i);
  });

  it('is not fooled by names of JavaScript', () => {
    const { config } = parseConfig('agents:\n  __proto__: { command: [x] }', 'f.yaml');
    expect(Object.keys(config.agents ?? {})).toEqual([]);
    expect(Object.getPrototypeOf(config.agents)).toBe(Object.prototype);
    expect(refusal('constructor: 1')[0]).toMatch(/^f\.yaml:1:1: unknown key "constructor"/);
  });
});
