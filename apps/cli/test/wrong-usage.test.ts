import { Operator } from './support/cli.js';

describe('a wrong command line', () => {
  const operator = new Operator();

  it.each([
    ['lst', 'there is no command "lst"; did you mean "list"?', 'bot-bottle --help'],
    ['nosuch --help', 'there is no command "nosuch"; expected one of those in the help', 'bot-bottle --help'],
    ['help nosuch', 'there is no command "nosuch"; expected one of those in the help', 'bot-bottle --help'],
    ['--nosuch', 'there is no option --nosuch; expected: bot-bottle COMMAND', 'bot-bottle --help'],
    ['list --jsno', 'there is no option --jsno; did you mean --json?', 'bot-bottle list --help'],
    [
      'show --all',
      'there is no option --all; expected: bot-bottle show ID [OPTIONS]',
      'bot-bottle show --help',
    ],
    ['show', 'ID is missing; expected: bot-bottle show ID [OPTIONS]', 'bot-bottle show --help'],
    ['list a', 'more is said than list takes; expected: bot-bottle list [OPTIONS]', 'bot-bottle list --help'],
    ['list --agent', '--agent is without a value; expected --agent <AGENT>', 'bot-bottle list --help'],
    [
      'list --state runing',
      '"runing" is no value of --state; did you mean "running"?',
      'bot-bottle list --help',
    ],
    [
      'completion tcsh',
      '"tcsh" is no value of SHELL; expected one of bash, zsh, fish',
      'bot-bottle completion --help',
    ],
    ['list --label x', 'label "x" is not usable; expected KEY=VALUE', 'bot-bottle list --help'],
    [
      'stop x --grace soon',
      '--grace "soon" is not usable; expected seconds, 0 or more',
      'bot-bottle stop --help',
    ],
  ])('is told the fact, what was expected, and what to type: %s', async (line, fact, remedy) => {
    expect(await operator.run(line.split(' '))).toEqual({
      code: 2,
      stdout: '',
      stderr: `bot-bottle: ${fact}\n  try: ${remedy}\n`,
    });
  });

  it.each([
    [
      'start',
      'AGENT is missing; expected: bot-bottle start AGENT [OPTIONS] [-- ARGS]',
      'bot-bottle start --help',
    ],
    [
      'resume x --nosuch',
      'there is no option --nosuch; expected: bot-bottle resume ID [OPTIONS]',
      'bot-bottle resume --help',
    ],
    ['attach', 'ID is missing; expected: bot-bottle attach ID [OPTIONS]', 'bot-bottle attach --help'],
    ['start cluade', 'no agent "cluade"; did you mean "claude"?', 'bot-bottle agents'],
    ['start demo --backend dokcer', 'no backend "dokcer"; did you mean "docker"?', 'bot-bottle doctor'],
    [
      'start demo --cwd a --copy-cwd b',
      '--cwd and --copy-cwd both name a folder; expected one of them to name it',
      'bot-bottle start --help',
    ],
    [
      'start demo --routes nosuch',
      'nosuch cannot be read: it is not there; expected a file of yours',
      'ls -ld nosuch',
    ],
    [
      'start demo --cwd /nosuch',
      'there is no folder /nosuch; expected one to mount',
      'bot-bottle start AGENT --cwd DIR',
    ],
  ])('of start, resume and attach has the code that no agent has: %s', async (line, fact, remedy) => {
    expect(await operator.run(line.split(' '))).toEqual({
      code: 125,
      stdout: '',
      stderr: `bot-bottle: ${fact}\n  try: ${remedy}\n`,
    });
    expect(operator.bottles()).toEqual([]);
  });

  it('is JSON on stderr with --json', async () => {
    const { code, stdout, stderr } = await operator.run(['show', 'nobody', '--json']);
    expect([code, stdout]).toEqual([1, '']);
    expect(JSON.parse(stderr)).toEqual({
      error: {
        code: 'no-such-bottle',
        message: 'no bottle "nobody"; there are none yet',
        details: [],
        try: ['bot-bottle start demo'],
      },
    });
  });

  it('leaves a --json behind -- to the agent', async () => {
    const { stderr } = await operator.run(['start', 'nobody', '--', '--json']);
    expect(stderr).toMatch(/^bot-bottle: no agent "nobody"/);
  });
});
