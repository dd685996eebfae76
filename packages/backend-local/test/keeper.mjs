// A keeper in a process of its own, to be killed: launches the specification of argv and says how far it came.
// The first argument says when it kills itself with SIGKILL: before-open, on-open (of the terminal), on-join (of the way out's
// helper), on-proof (the first connection), on-data, on-launch, never.
import { ChildProcess } from 'node:child_process';
import { localBackend } from '@bot-bottle/backend-local';
import { ptyHost } from '@bot-bottle/test-kit/pty';

const [killed, text] = process.argv.slice(2);
const { spec, home, stateRoot } = JSON.parse(text);

const at = moment => {
  if (killed === moment) process.kill(process.pid, 'SIGKILL');
};

// The helper is the first child process that is asked for with a channel.
const spawnChild = ChildProcess.prototype.spawn;
ChildProcess.prototype.spawn = function (options) {
  const joins = options.stdio.includes('ipc');
  const result = spawnChild.call(this, options);
  if (joins) at('on-join');
  return result;
};

const host = {
  serveEgress(connection) {
    at('on-proof');
    connection.resume().end('HTTP/1.1 403 Forbidden\r\n\r\n');
  },
  openTerminal(command) {
    at('before-open');
    const terminal = ptyHost().openTerminal(command);
    at('on-open');
    terminal.onData(() => at('on-data'));
    return terminal;
  },
};

const backend = localBackend({ home, stateRoot });
const { terminal, exited } = await backend.launch(await backend.prepare(spec), host);
at('on-launch');
terminal.onData(chunk => process.stdout.write(chunk));
process.exit((await exited).code);
