import { once } from 'node:events';
import { rmSync } from 'node:fs';

export default async function stop() {
  if (globalThis.testEngine === undefined) return;
  const { engine, folder } = globalThis.testEngine;
  const over = once(engine, 'exit');
  engine.kill('SIGTERM');
  await over;
  rmSync(folder, { recursive: true, force: true });
}
