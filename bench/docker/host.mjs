import { spawn } from '@lydell/node-pty';

/** A keeper's part of one launch: a real pseudo-terminal, and a proxy that denies everything. */
export function ptyHost() {
  let said = '';
  const watchers = new Set();
  return {
    /** When the terminal showed a text (performance.now()). */
    shown: text =>
      new Promise(resolve => {
        const look = () => said.includes(text) && resolve(performance.now());
        watchers.add(look);
        look();
      }),
    openTerminal({ file, args, env, cwd }) {
      const pty = spawn(file, [...args], { env: { ...env }, cwd, cols: 80, rows: 24, encoding: null });
      let exit = null;
      pty.onExit(({ exitCode, signal }) => {
        exit = { code: signal ? 128 + signal : exitCode };
      });
      pty.onData(chunk => {
        said += chunk;
        for (const look of watchers) look();
      });
      return {
        pid: pty.pid,
        write: data => pty.write(Buffer.from(data).toString()),
        resize: ({ columns, rows }) => pty.resize(columns, rows),
        onData(listener) {
          const subscription = pty.onData(listener);
          return () => subscription.dispose();
        },
        onExit(listener) {
          if (exit === null) pty.onExit(() => listener(exit));
          else queueMicrotask(() => listener(exit));
        },
        kill: signal => pty.kill(signal),
      };
    },
    serveEgress(connection) {
      connection.on('error', () => {});
      connection.once('data', () => connection.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
    },
  };
}
