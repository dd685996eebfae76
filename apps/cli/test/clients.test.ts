import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { BottlePaths } from '@bot-bottle/state-paths';
import { describeWith } from '@bot-bottle/test-kit';
import { connectTo } from '../src/keeper/control-socket.js';
import { encodeControl, encodeData } from '../src/keeper/protocol.js';
import { describeBottle } from '../src/session/state.js';
import { keeperOf, livingKeeperOf, Operator, until } from './support/cli.js';
import { PersonAtTerminal } from './support/terminal.js';

const HELLO = encodeControl({ type: 'hello', protocol: 1 });
const ATTACH = encodeControl({ type: 'attach', size: null, replay: true });

describeWith('bwrap', 'a client', () => {
  let operator: Operator;
  beforeEach(() => {
    operator = new Operator();
  });
  afterEach(() => operator.killAll());

  it.each([
    ['noise', [randomBytes(4096)]],
    ['a frame without an end', [Uint8Array.of(0, 1, 0, 0, 1, 7)]],
    ['a frame that is too long', [Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0)]],
    ['JSON that is no message', [encodeControl({ type: 'hello', protocol: 'one' } as never)]],
    ['an order before its hello', [encodeControl({ type: 'stop', graceMs: 0 })]],
    ['input before it attached', [HELLO, ...encodeData(Buffer.from('exit 1\n'))]],
    [
      'a size that no terminal has',
      [HELLO, encodeControl({ type: 'resize', size: { columns: 0, rows: -1 } })],
    ],
  ])('that sends %s is dropped or waited for, and harms nobody', async (_, frames) => {
    const bottle = await operator.start('shell', '--', '-c', 'read x; exit 8');
    const socket = await connectTo(bottle.controlSocket);
    socket.on('error', () => {});
    socket.write(Buffer.concat(frames));
    socket.resume();
    socket.end();
    await new Promise(resolve => socket.once('close', resolve));
    expect(describeBottle(bottle).state).toBe('running');
    expect(await operator.run(['attach', bottle.identity], { input: '\n' })).toMatchObject({ code: 8 });
  });

  it('of another version of the protocol is told so', async () => {
    const bottle = await operator.start('shell', '--', '-c', 'read x');
    const socket = await connectTo(bottle.controlSocket);
    socket.write(encodeControl({ type: 'hello', protocol: 2 }));
    expect(await textOf(socket)).toContain('"code":"protocol-mismatch"');
  });

  it('that does not read is dropped, and holds up nobody for longer than that', async () => {
    const bottle = await operator.start(
      'shell',
      '--',
      '-c',
      'read x; head -c 20000000 /dev/zero | tr "\\0" "a"; exit 8',
    );
    const deaf = await attached(bottle);
    deaf.pause();
    const gone = new Promise(resolve => deaf.once('close', resolve));
    const reader = await attached(bottle);
    let bytes = 0;
    reader.on('data', chunk => {
      bytes += chunk.length;
    });
    for (const frame of encodeData(Buffer.from('\n'))) reader.write(frame);
    await new Promise(resolve => reader.once('close', resolve));
    expect(bytes).toBeGreaterThan(20_000_000);
    // Its end is seen as soon as it looks.
    deaf.resume();
    await gone;
    await until(() => keeperOf(bottle) === null);
  });

  it('that does not read costs the keeper no more memory than a bound', async () => {
    const bottle = await operator.start(
      'shell',
      '--',
      '-c',
      'read x; while :; do head -c 1000000 /dev/zero | tr "\\0" "a"; done',
    );
    const keeper = livingKeeperOf(bottle);
    const before = residentBytes(keeper);
    const deaf = await attached(bottle);
    deaf.pause();
    for (const frame of encodeData(Buffer.from('\n'))) deaf.write(frame);
    // The log begins anew at 16 MiB: the agent got that far because the deaf one was dropped.
    await until(() => existsSync(`${bottle.terminalLog}.1`), 40_000);
    expect(residentBytes(keeper) - before).toBeLessThan(64 * 1024 * 1024);
  });

  it('that neither reads nor goes does not keep the keeper alive', async () => {
    const bottle = await operator.start(
      'shell',
      '--',
      '-c',
      'read x; head -c 600000 /dev/zero | tr "\\0" "a"',
    );
    const keeper = livingKeeperOf(bottle);
    const deaf = await attached(bottle);
    deaf.pause();
    for (const frame of encodeData(Buffer.from('\n'))) deaf.write(frame);
    await until(() => !existsSync(`/proc/${keeper}`));
    expect(existsSync(bottle.folder)).toBe(false);
    deaf.destroy();
  });

  it('that types more than the agent reads is held, and all of it arrives', async () => {
    const length = 3_000_000;
    const script = `stty raw -echo; echo ready; sleep 0.5; head -c ${length} | md5sum; exit 8`;
    const bottle = await operator.start('shell', '--', '-c', script);
    const socket = await attached(bottle);
    let shown = '';
    socket.on('data', chunk => {
      shown += chunk.toString('latin1');
    });
    await until(() => shown.includes('ready'));
    for (const frame of encodeData(Buffer.alloc(length, 'typed '))) socket.write(frame);
    await until(() => /[0-9a-f]{32}/.test(shown));
    expect(shown).toContain(createHash('md5').update(Buffer.alloc(length, 'typed ')).digest('hex'));
  });

  it('that types to an agent that never reads can have it stopped', async () => {
    const script = 'stty raw -echo; echo ready; exec sleep 1000';
    const bottle = await operator.start('shell', '--preserve', '--', '-c', script);
    const socket = await attached(bottle);
    await new Promise<void>(resolve => {
      let shown = '';
      socket.on('data', chunk => {
        shown += chunk.toString('latin1');
        if (shown.includes('ready')) resolve();
      });
    });
    for (const frame of encodeData(Buffer.alloc(1_000_000, 'typed '))) socket.write(frame);
    // It takes in what it will hold.
    await until(() => socket.writableLength < 1_000_000);
    expect(await operator.run(['stop', bottle.identity, '--grace', '0'])).toMatchObject({ code: 0 });
    expect(describeBottle(bottle).state).toBe('preserved');
    socket.destroy();
  });

  it('may come and go while another stays', async () => {
    const bottle = await operator.start('shell', '--', '-c', 'while read x; do echo "<$x>"; done');
    const person = new PersonAtTerminal(operator, ['attach', bottle.identity]);
    for (let turn = 0; turn < 50; turn += 1) (await attached(bottle)).destroy();
    person.type('still here\r');
    await person.sees('<still here>');
  });
});

async function attached({ controlSocket }: BottlePaths): Promise<Socket> {
  const socket = await connectTo(controlSocket);
  socket.on('error', () => {});
  socket.write(Buffer.concat([HELLO, ATTACH]));
  return socket;
}

async function textOf(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += chunk;
  return text;
}

/** proc_pid_statm(5): pages of 4 KiB. */
function residentBytes(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096;
}
