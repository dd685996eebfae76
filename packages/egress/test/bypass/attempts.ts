import type { DenyRule } from '../../src/rule.js';
import { type Control, judging } from './naive-proxy.js';
import { Rig, type RigOptions } from './rig.js';
import { parseAnswers } from './wire.js';

/** One way to get past the proxy, and what must come of it. */
export interface Attempt {
  /** What is tried. */
  readonly name: string;
  /** What is sent, in Latin-1, `PORT` being the origins' port; each after the first when what came before was answered. */
  readonly send: string | readonly (string | Uint8Array)[];
  readonly rule: DenyRule;
  /** Of the line in the log; undefined: whatever the proxy made of it. */
  readonly host?: string;
  /** What no origin may hear; default: anything at the forbidden one, which may hear nothing in any case. */
  readonly reaches?: RegExp;
  /** A naive proxy that lets this through; a text: why there is none. */
  readonly naive: Control | string;
}

/** Judgements that proxies were built with. */
export const byEnd = judging(host => /(allowed|wild)\.example$/i.test(host));
export const byPart = judging(host => host.includes('allowed.example'));
export const byPattern = judging(host => /^(.*\.)?allowed.example$/i.test(host));
export const byBlocklist = judging(
  host => !/^(localhost|127\.0\.0\.1|10\.|172\.16\.|192\.168\.|169\.254\.)/.test(host),
);

/** Says each step, in Latin-1, the next one when what came before was answered; returns all that came. */
export async function say(rig: Rig, send: Attempt['send'], { untilEnd = false } = {}): Promise<string> {
  const wire = await rig.wire();
  const steps = typeof send === 'string' ? [send] : send;
  for (const [index, step] of steps.entries()) {
    wire.send(typeof step === 'string' ? rig.text(step) : step);
    if (index < steps.length - 1 || !untilEnd) await wire.answers(index + 1);
  }
  if (untilEnd) await wire.end();
  wire.close();
  return wire.heard;
}

function heardOf({ allowed, forbidden }: Rig): string {
  return [allowed, forbidden].flatMap(({ name, heard }) => heard.map(text => `${name}: ${text}\n`)).join('');
}

/** A test for each attempt: denied, with that rule, in the answer and in the log, and nothing reached the forbidden origin. */
export function describeAttempts(
  title: string,
  options: RigOptions & {
    /** Statuses of the answers before the denial; default: 200 each. */ readonly before?: readonly number[];
  },
  attempts: readonly Attempt[],
): void {
  describe(title, () => {
    it.each(attempts.map(attempt => [attempt.name, attempt] as const))('%s', async (_name, attempt) => {
      if (typeof attempt.naive === 'function') {
        const control = await Rig.start({ ...options, control: attempt.naive });
        await say(control, attempt.send);
        expect(heardOf(control)).toMatch(attempt.reaches ?? /^forbidden: /m);
        await control.close();
      }
      const rig = await Rig.start(options);
      const answers = parseAnswers(await say(rig, attempt.send));
      const before = answers.slice(0, -1).map(({ status }) => status);
      const last = answers.at(-1);
      await rig.close();
      const denied = rig.log().filter(({ event }) => event === 'denied');
      expect({
        before,
        status: last?.status,
        said: last?.headers['proxy-status'],
        log: [...new Set(denied.map(({ rule }) => rule))],
        host: denied[0]?.host,
        forbidden: rig.forbidden.heard,
        reached: attempt.reaches?.test(heardOf(rig)) ?? false,
        lookups: rig.lookups.filter(name => !/^(allowed|x\.wild)\.example$/.test(name)),
      }).toEqual({
        before: options.before ?? before.map(() => 200),
        status: attempt.rule === 'malformed' ? 400 : 403,
        said: expect.stringContaining(`details="${attempt.rule}"`),
        log: [attempt.rule],
        host: attempt.host ?? expect.any(String),
        forbidden: [],
        reached: false,
        lookups: attempt.rule === 'private-address' ? expect.any(Array) : [],
      });
    });
  });
}
