import { spawn } from '@lydell/node-pty';

interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

type ExitListener = (exit: { readonly code: number }) => void;

/**
 * What an adapter is launched with (`LaunchHost` of the backend package, which this one cannot import: it stands below): a host on a
 * real pseudo-terminal, as the keeper is one.
 */
export function ptyHost() {
  return { openTerminal };
}

function openTerminal({ file, args, env, cwd }: Command) {
  const pty = spawn(file, [...args], { env: { ...env }, cwd, cols: 80, rows: 24, encoding: null });
  let exit: { readonly code: number } | undefined;
  const listeners = new Set<ExitListener>();
  pty.onExit(({ exitCode, signal }) => {
    exit = { code: signal ? 128 + signal : exitCode };
    for (const listener of listeners) listener(exit);
  });
  return {
    pid: pty.pid,
    // It takes octets as well, which its types do not say.
    write: (data: string | Uint8Array) => pty.write(Buffer.from(data) as unknown as string),
    resize: ({ columns, rows }: { readonly columns: number; readonly rows: number }) => {
      if (exit === undefined) pty.resize(columns, rows);
    },
    onData(listener: (chunk: Uint8Array) => void) {
      // With encoding null the library gives bytes, which its types do not say.
      const subscription = pty.onData(chunk => listener(chunk as unknown as Uint8Array));
      return () => subscription.dispose();
    },
    onExit(listener: ExitListener) {
      if (exit === undefined) listeners.add(listener);
      else queueMicrotask(() => exit && listener(exit));
    },
    kill(signal: NodeJS.Signals) {
      if (exit === undefined) pty.kill(signal);
    },
  };
}
