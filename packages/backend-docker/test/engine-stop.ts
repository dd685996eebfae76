import type { TestEngine } from '@bot-bottle/test-kit';

/** jest's globalTeardown. */
export default async function stop(): Promise<void> {
  await (globalThis as { testEngine?: TestEngine }).testEngine?.stop();
}
