import { readFileSync, statSync } from 'node:fs';
import { describeWith } from '@bot-bottle/test-kit';
import { keeperOf, Operator, until } from './support/cli.js';
import { PersonAtTerminal } from './support/terminal.js';

describeWith('bwrap', 'a terminal', () => {
  let operator: Operator;
  beforeEach(() => {
    operator = new Operator();
  });
  afterEach(() => operator.killAll());

  /** A person who has started a bottle that runs `script`, and sees its first word. */
  async function whoStarted(script: string, word: string): Promise<PersonAtTerminal> {
    const person = new PersonAtTerminal(operator, ['start', 'shell', '--', '-c', script]);
    await person.sees(word);
    return person;
  }

  it.each([
    ['0', 'exit 0', 0],
    ['7', 'exit 7', 7],
    ['a signal', 'kill -KILL $$', 137],
  ])('gives the exit code of the agent: %s', async (_, script, code) => {
    const outcome = await operator.run(['start', 'shell', '--', '-c', script]);
    expect(outcome).toMatchObject({ code, stdout: '' });
    expect(operator.bottles()).toEqual([]);
  });

  it('shows the agent and types into it', async () => {
    const person = new PersonAtTerminal(operator, ['start', 'shell', '--', '-c', 'read x; echo "got <$x>"']);
    person.type('hello\r');
    await person.sees('got <hello>');
    expect(await person.exited()).toBe(0);
    expect(operator.bottles()).toEqual([]);
  });

  it('detaches with ctrl-p ctrl-q, and finds everything again when it attaches', async () => {
    const first = await whoStarted('echo early; read x; echo "late $x"', 'early');
    first.type('\x10\x11');
    expect(await first.exited()).toBe(0);
    await first.sees('detached');
    const bottle = operator.onlyBottle();
    expect(keeperOf(bottle)).not.toBeNull();

    const second = new PersonAtTerminal(operator, ['attach', bottle.identity]);
    await second.sees('early');
    second.type('words\r');
    await second.sees('late words');
    expect(await second.exited()).toBe(0);
    expect(operator.bottles()).toEqual([]);
  });

  it('detaches with other keys where they were chosen, and ctrl-p reaches the agent', async () => {
    const args = [
      'start',
      'shell',
      '--detach-keys',
      'ctrl-a,d',
      '--',
      '-c',
      'stty raw -echo; echo ready; head -c 2 | od -An -tx1; cat',
    ];
    const person = new PersonAtTerminal(operator, args);
    await person.sees('ready');
    person.type('\x10\x11');
    await person.sees('10 11');
    person.type('\x01d');
    expect(await person.exited()).toBe(0);
    expect(operator.bottles()).toHaveLength(1);
  });

  it('shares the bottle with a second one: both see all, both type', async () => {
    const bottle = await operator.start('shell', '--', '-c', 'while read x; do echo "<$x>"; done');
    const [one, other] = [1, 2].map(() => new PersonAtTerminal(operator, ['attach', bottle.identity]));
    if (one === undefined || other === undefined) throw new Error('two terminals');
    one.type('from one\r');
    await Promise.all([one.sees('<from one>'), other.sees('<from one>')]);
    other.type('from the other\r');
    await Promise.all([one.sees('<from the other>'), other.sees('<from the other>')]);
    one.type('\x04');
    expect(await Promise.all([one.exited(), other.exited()])).toEqual([0, 0]);
  });

  it('gives the agent its size, at the start and when it changes', async () => {
    const script = 'trap "stty size" WINCH; stty size; while :; do read -t 0.1 x; done';
    const person = new PersonAtTerminal(operator, ['start', 'shell', '--', '-c', script], {
      columns: 91,
      rows: 33,
    });
    await person.sees('33 91');
    person.resize(102, 41);
    await person.sees('41 102');
    const bottle = operator.onlyBottle();
    // The one who sized last has the say.
    const other = new PersonAtTerminal(operator, ['attach', bottle.identity], { columns: 70, rows: 20 });
    await Promise.all([person.sees('20 70'), other.sees('20 70')]);
  });

  it('of which nobody knows the size, as one that a program made, is taken for the usual one', async () => {
    const unsized = ['sh', '-c', 'stty rows 0 cols 0; exec "$@"', 'sh'];
    const args = ['start', 'shell', '--', '-c', 'stty size; exit 6'];
    const person = new PersonAtTerminal(operator, args, undefined, unsized);
    await person.sees('24 80');
    expect(await person.exited()).toBe(6);
  });

  it('can be closed: the bottle goes on', async () => {
    const person = await whoStarted('echo up; read x; exit "$x"', 'up');
    const bottle = operator.onlyBottle();
    person.close();
    await until(() => isGone(person.pid));
    expect(keeperOf(bottle)).not.toBeNull();
    expect(await operator.run(['attach', bottle.identity], { input: '9\n' })).toMatchObject({ code: 9 });
  });

  it('can be killed: the bottle goes on', async () => {
    const person = await whoStarted('echo up; read x; exit "$x"', 'up');
    process.kill(person.pid, 'SIGKILL');
    expect(await person.exited()).toBe(137);
    const bottle = operator.onlyBottle();
    expect(await operator.run(['attach', bottle.identity], { input: '4\n' })).toMatchObject({ code: 4 });
  });

  it.each([
    ['exit', 'exit 3\r'],
    ['detach', '\x10\x11'],
  ])('is handed back as it was: %s', async (_, keys) => {
    const wrap = ['sh', '-c', 'stty -g >before; "$@"; stty -g >after; echo over', 'sh'];
    const person = new PersonAtTerminal(operator, ['start', 'shell'], { columns: 80, rows: 24 }, wrap);
    // The prompt of the shell, which switches the terminal's own modes as well (bracketed paste).
    await person.sees('\x1b[?2004h');
    person.type(keys);
    await person.sees('over');
    expect(await person.exited()).toBe(0);
    const [before, after] = ['before', 'after'].map(name => readFileSync(`${operator.home}/${name}`, 'utf8'));
    expect(after).toBe(before);
    expect(person.shown.lastIndexOf('\x1b[?2004l')).toBeGreaterThan(person.shown.lastIndexOf('\x1b[?2004h'));
  });

  it('need not be one: input is typed, and its end is ctrl-d', async () => {
    const piped = await operator.run(['start', 'shell'], { input: 'echo $((6 * 7))\nexit 5\n' });
    expect(piped.code).toBe(5);
    expect(piped.stdout).toContain('42');
    expect(
      await operator.run(['start', 'shell', '--', '-c', 'cat; exit 6'], { input: 'a line\n' }),
    ).toMatchObject({
      code: 6,
    });
  });

  it('says again that its input has ended to a program that threw that away', async () => {
    const script =
      'import select, sys, termios; select.select([0], [], []); termios.tcflush(0, termios.TCIFLUSH); sys.stdin.read()';
    const ended = await operator.run(['start', 'shell', '--', '-c', `python3 -c '${script}'; exit 7`], {
      input: '',
    });
    expect(ended.code).toBe(7);
  });

  it('is shown what its agent says before it is there, from the first word', async () => {
    const script = 'echo first; head -c 3000000 /dev/zero | tr "\\0" a; echo over; read x';
    const person = new PersonAtTerminal(operator, ['start', 'shell', '--', '-c', script]);
    await until(() => operator.bottles().length > 0);
    process.kill(person.pid, 'SIGSTOP');
    const { terminalLog } = operator.onlyBottle();
    // More than is shown again to whoever comes later.
    await until(() => (statSync(terminalLog, { throwIfNoEntry: false })?.size ?? 0) > 256 * 1024);
    process.kill(person.pid, 'SIGCONT');
    await person.sees('first');
    await person.sees('over');
  });

  it('gets all of an output that it reads slowly, to the last byte', async () => {
    const script = 'stty -opost; i=0; while [ $i -lt 300000 ]; do echo $i; i=$((i + 1)); done';
    const { code, stdout } = await operator.run(['start', 'shell', '--', '-c', script]);
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(300_000);
  });
});

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}
