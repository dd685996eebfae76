import { describe, it } from 'node:test';
import { describeBackend } from '@bot-bottle/backend/conformance';
import { spawn } from '@lydell/node-pty';
import { createBackend } from './tiny.mjs';

/** What a keeper does, without its care for slow readers. */
const host = () => ({
  openTerminal({ file, args, env, cwd }) {
    const pty = spawn(file, args, { env, cwd, encoding: null });
    const early = [];
    const listeners = new Set();
    pty.onData(chunk => {
      if (listeners.size === 0) early.push(chunk);
      for (const listener of listeners) listener(chunk);
    });
    const exit = new Promise(resolve => {
      pty.onExit(({ exitCode, signal }) => resolve({ code: signal ? 128 + signal : exitCode }));
    });
    return {
      pid: pty.pid,
      write: data => pty.write(data),
      resize: ({ columns, rows }) => pty.resize(columns, rows),
      kill: signal => pty.kill(signal),
      onData: listener => {
        for (const chunk of early.splice(0)) listener(chunk);
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      onExit: listener => void exit.then(listener),
    };
  },
});

describeBackend('tiny', createBackend, { host, runner: { describe, it } });
