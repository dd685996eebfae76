import { setTimeout as sleep } from 'node:timers/promises';
import type { BottleRef } from '@bot-bottle/backend';
import { BackendError } from '@bot-bottle/backend';
import { ignoreRefusal, inspect } from './containers.js';
import type { Engine } from './engine.js';
import { containerOf } from './names.js';
import { stopEgress } from './session.js';

/** Milliseconds that an engine may take to end what it has killed. */
const KILL_MS = 10_000;

/**
 * SIGTERM, then SIGHUP at half of the time (an interactive shell ends on that alone), then SIGKILL to all of it.
 * @throws BackendError `stop-failed`
 */
export async function stopAgent(engine: Engine, ref: BottleRef, graceMs: number): Promise<void> {
  const name = containerOf(ref, 'agent');
  if ((await inspect(engine, ref, 'agent')).state === 'running') {
    const end = new AbortController();
    const over = engine
      .change(['wait', name], { timeoutMs: graceMs + KILL_MS })
      // Whatever it says, the container is looked at below.
      .catch(() => {})
      .finally(() => end.abort());
    const signal = (text: string) => engine.change(['kill', '--signal', text, name]).catch(ignoreRefusal);
    for (const text of graceMs > 0 ? ['TERM', 'HUP'] : []) {
      if (end.signal.aborted) break;
      await signal(text);
      await sleep(graceMs / 2, undefined, { signal: end.signal }).catch(() => {});
    }
    if (!end.signal.aborted) await signal('KILL');
    await over;
    if ((await inspect(engine, ref, 'agent')).state === 'running') {
      throw new BackendError('stop-failed', `${name} still runs after it was killed`);
    }
  }
  await stopEgress(engine, ref);
}
