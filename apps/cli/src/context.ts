/** What a command may touch of its surroundings: one value, made in `main.ts`, so that a test can make another. */
export interface Context {
  /** Absolute state root. */
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly now: () => Date;
}
