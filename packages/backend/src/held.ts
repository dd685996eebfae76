import type { Terminal } from './terminal.js';

export interface HeldTerminal {
  /** The same terminal; its first listener gets what came before. */
  readonly terminal: Terminal;
  /** What came so far, as text. */
  said(): string;
}

/** Keeps a terminal's first output until somebody listens, so that a launch can wait without losing any. */
export function holdTerminal(terminal: Terminal): HeldTerminal {
  const held: Uint8Array[] = [];
  const stop = terminal.onData(chunk => held.push(chunk));
  return {
    said: () => Buffer.concat(held).toString(),
    terminal: {
      get pid() {
        return terminal.pid;
      },
      write: data => terminal.write(data),
      resize: size => terminal.resize(size),
      kill: signal => terminal.kill(signal),
      onExit: listener => terminal.onExit(listener),
      onData(listener) {
        stop();
        for (const chunk of held.splice(0)) listener(chunk);
        return terminal.onData(listener);
      },
    },
  };
}
