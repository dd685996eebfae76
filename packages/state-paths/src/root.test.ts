import { homedir } from 'node:os';
import { rootPaths, StatePathsError, stateRoot } from './index.js';

describe('stateRoot', () => {
  const home = '/home/op';
  const cwd = '/work dir';

  it('is ~/.bot-bottle when BOT_BOTTLE_HOME is unset or empty', () => {
    expect(stateRoot({ env: {}, home, cwd })).toBe('/home/op/.bot-bottle');
    expect(stateRoot({ env: { BOT_BOTTLE_HOME: '' }, home, cwd })).toBe('/home/op/.bot-bottle');
  });

  it('is what BOT_BOTTLE_HOME names, from the current folder when relative', () => {
    expect(stateRoot({ env: { BOT_BOTTLE_HOME: '/srv/bottles/' }, home, cwd })).toBe('/srv/bottles');
    expect(stateRoot({ env: { BOT_BOTTLE_HOME: '../b' }, home, cwd })).toBe('/b');
    expect(stateRoot({ env: { BOT_BOTTLE_HOME: '~' }, home, cwd })).toBe('/work dir/~');
  });

  it('takes the environment and the home of the process by default', () => {
    const before = process.env['BOT_BOTTLE_HOME'];
    try {
      delete process.env['BOT_BOTTLE_HOME'];
      expect(stateRoot()).toBe(`${homedir()}/.bot-bottle`);
      process.env['BOT_BOTTLE_HOME'] = 'x';
      expect(stateRoot()).toBe(`${process.cwd()}/x`);
    } finally {
      delete process.env['BOT_BOTTLE_HOME'];
      if (before !== undefined) process.env['BOT_BOTTLE_HOME'] = before;
    }
  });

  it.each([
    [{ env: { BOT_BOTTLE_HOME: '/a\0b' }, home, cwd }],
    [{ env: {}, home: '', cwd }],
    [{ env: {}, home: '/h\0', cwd }],
  ])('refuses %j with a typed error', options => {
    expect(() => stateRoot(options)).toThrow(
      expect.objectContaining({ code: 'bad-root', name: 'StatePathsError' }),
    );
  });
});

describe('rootPaths', () => {
  it('names what lies under the root', () => {
    expect(rootPaths('/r/')).toEqual({
      root: '/r',
      state: '/r/state',
      queue: '/r/queue',
      audit: '/r/audit',
      config: '/r/bot-bottle.yaml',
    });
  });

  it.each(['', 'relative', './r', '/r\0'])('refuses the root %j', root => {
    expect(() => rootPaths(root)).toThrow(StatePathsError);
  });
});
