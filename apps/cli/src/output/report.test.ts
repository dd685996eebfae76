import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { BackendError } from '@bot-bottle/backend';
import { LiveConfigError } from '@bot-bottle/live-config';
import { PreserveError } from '@bot-bottle/preserve';
import { SessionError } from '../session/errors.js';
import { CliError, usageError } from './errors.js';
import { type ReportOptions, reportFailure } from './report.js';

async function report(
  error: unknown,
  options: Partial<ReportOptions> = {},
): Promise<{ code: number; text: string }> {
  const stream = new PassThrough();
  const defaults = { stream, json: false, debug: false, command: 'show', id: 'demo-abcde' };
  const code = await reportFailure(error, { ...defaults, ...options });
  return { code, text: await text(stream.end()) };
}

describe('reportFailure', () => {
  it('states the fact, what was expected and the next command', async () => {
    const error = new CliError('no-such-bottle', 'no bottle "x"; expected an identity', {
      try: 'bot-bottle list',
    });
    expect(await report(error)).toEqual({
      code: 1,
      text: 'bot-bottle: no bottle "x"; expected an identity\n  try: bot-bottle list\n',
    });
  });

  it("names the bottle in the remedy of a package's error", async () => {
    const { text } = await report(new PreserveError('lease-held', 'demo-abcde is in use', '/x'));
    expect(text).toBe(
      'bot-bottle: demo-abcde is in use\n  try: bot-bottle attach demo-abcde\n  try: bot-bottle stop demo-abcde\n',
    );
  });

  it('names the bottle whose Dockerfile could not be stored', async () => {
    const file = '/root/state/demo-abcde/Dockerfile';
    const { text } = await report(new PreserveError('bad-override', 'a Dockerfile override is blank', file));
    expect(text).toContain(
      '  try: bot-bottle image demo-abcde --edit\n  try: bot-bottle image demo-abcde --reset\n',
    );
  });

  it('prefers the remedy that the error itself brings', async () => {
    const error = new BackendError('unavailable', 'no user namespaces', { remedy: 'sysctl -w kernel.x=1' });
    expect((await report(error)).text).toBe('bot-bottle: no user namespaces\n  try: sysctl -w kernel.x=1\n');
  });

  it('opens the file of a policy that is wrong, and makes room where the disk is full', async () => {
    const wrong = new LiveConfigError('bad-routes', [{ line: 3, column: 5, message: 'unknown key' }], {
      source: 'my routes.yaml',
    });
    expect((await report(wrong)).text).toBe(
      `bot-bottle: my routes.yaml:3:5: unknown key\n  try: "\${EDITOR:-vi}" 'my routes.yaml'\n`,
    );
    const full = new SessionError('start-failed', 'cannot replace /x: ENOSPC: no space left on device');
    expect((await report(full)).text).toContain('\n  try: df -h\n  try: bot-bottle prune\n');
  });

  it('says what was left behind', async () => {
    const error = new SessionError('start-failed', 'the sandbox failed', { left: ['/r/state/demo-abcde'] });
    expect((await report(error)).text).toContain('\n  left: /r/state/demo-abcde\n');
  });

  it('lets nothing in a message act on the terminal', async () => {
    expect((await report(new CliError('bad-config', '\x1b[2Jgone'))).text).toBe(
      'bot-bottle: \\u001b[2Jgone\n',
    );
  });

  it('keeps the lines of a message that has several', async () => {
    expect((await report(new CliError('bad-config', 'a:1:1: x\na:2:1: y'))).text).toBe(
      'bot-bottle: a:1:1: x\n  a:2:1: y\n',
    );
  });

  it('is one JSON document with --json', async () => {
    const { text } = await report(new CliError('preserved', 'kept', { try: ['a', 'b'] }), { json: true });
    expect(JSON.parse(text)).toEqual({
      error: { code: 'preserved', message: 'kept', details: [], try: ['a', 'b'] },
    });
  });

  it('tells how to see more of what nobody foresaw, and shows the stack only then', async () => {
    const { text } = await report(new TypeError('x is not a function'));
    expect(text).toContain('BOT_BOTTLE_DEBUG=1');
    expect(text).not.toContain('at ');
    expect((await report(new TypeError('x'), { debug: true })).text).toContain('report.test');
  });

  it('survives what is no error at all', async () => {
    expect((await report('just text')).text).toContain('bot-bottle: just text\n');
    expect((await report(undefined)).text).toContain('bot-bottle: undefined\n');
  });

  it.each(['start', 'resume', 'attach'])(
    "gives 125 for every failure of %s, whose other codes are the agent's",
    async command => {
      expect((await report(new Error('x'), { command })).code).toBe(125);
      expect((await report(usageError('x'), { command })).code).toBe(125);
    },
  );

  it('gives 2 for a wrong command line and 1 for what could not be done', async () => {
    expect((await report(usageError('x'), { command: undefined })).code).toBe(2);
    expect((await report(usageError('x'), { command: 'list' })).code).toBe(2);
    expect((await report(new Error('x'), { command: 'list' })).code).toBe(1);
  });
});
