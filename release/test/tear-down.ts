/** The folders go with the process. */
export default async function tearDown(): Promise<void> {
  await (globalThis as { stopRegistry?: () => Promise<void> }).stopRegistry?.();
}
