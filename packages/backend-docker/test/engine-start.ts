import { startEngine } from '@bot-bottle/test-kit';

/** jest's globalSetup: one engine for all files, stopped by engine-stop.ts. */
export default async function start(): Promise<void> {
  Object.assign(globalThis, { testEngine: await startEngine() });
}
