import type { ExitStatus, LaunchHost, Terminal } from '@bot-bottle/backend';
import { spawn } from '@lydell/node-pty';

/** A host on a real pseudo-terminal, as the keeper is one. */
export function ptyHost(): LaunchHost {
  return {
    openTerminal({ file, args, env, cwd }) {
      const pty = spawn(file, [...args], { env: { ...env }, cwd, cols: 80, rows: 24, encoding: null });
      let exit: ExitStatus | undefined;
      const listeners = new Set<(exit: ExitStatus) => void>();
      pty.onExit(({ exitCode, signal }) => {
        exit = { code: signal ? 128 + signal : exitCode };
        for (const listener of listeners) listener(exit);
      });
      const terminal: Terminal = {
        pid: pty.pid,
        write: data => pty.write(Buffer.from(data).toString()),
        resize: ({ columns, rows }) => {
          if (exit === undefined) pty.resize(columns, rows);
        },
        onData(listener) {
          // With encoding null the library gives bytes, which its types do not say.
          const subscription = pty.onData(chunk => listener(chunk as unknown as Uint8Array));
          return () => subscription.dispose();
        },
        onExit(listener) {
          if (exit === undefined) listeners.add(listener);
          else queueMicrotask(() => exit && listener(exit));
        },
        kill(signal) {
          if (exit === undefined) pty.kill(signal);
        },
      };
      return terminal;
    },
  };
}
