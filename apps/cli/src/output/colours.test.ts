import { PassThrough } from 'node:stream';
import { paint } from './colours.js';

const pipe = new PassThrough();
const terminal = Object.assign(new PassThrough(), { isTTY: true });

describe('paint', () => {
  it.each([
    ['on a terminal', terminal, { TERM: 'xterm' }],
    ['on a terminal where NO_COLOR is empty', terminal, { TERM: 'xterm', NO_COLOR: '' }],
    ['in a pipe where FORCE_COLOR is set', pipe, { FORCE_COLOR: '1' }],
    ['in a pipe where FORCE_COLOR is set, and NO_COLOR too', pipe, { FORCE_COLOR: '1', NO_COLOR: '1' }],
  ] as const)('colours text %s', (_, stream, env) => {
    expect(paint(stream, 'red', 'text', env)).toBe('\x1b[31mtext\x1b[39m');
  });

  it.each([
    ['in a pipe', pipe, { TERM: 'xterm' }],
    ['on a dumb terminal', terminal, { TERM: 'dumb' }],
    ['on a terminal of no known kind', terminal, {}],
    ['on a terminal where NO_COLOR is set', terminal, { TERM: 'xterm', NO_COLOR: '1' }],
    ['on a terminal where FORCE_COLOR is 0', terminal, { TERM: 'xterm', FORCE_COLOR: '0' }],
  ] as const)('leaves text as it is %s', (_, stream, env) => {
    expect(paint(stream, 'red', 'text', env)).toBe('text');
  });
});
