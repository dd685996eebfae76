/**
 * What the suite runs in a bottle, as commands. An adapter that runs real programs takes `shellPrograms`; each member
 * says what its command must do.
 */
export interface Programs {
  /** Ends with this code. */
  exit(code: number): string[];
  /** Ends itself by this signal. */
  die(signal: 'TERM' | 'KILL'): string[];
  print(text: string): string[];
  /** Prints its environment, one NAME=value a line. */
  environment(): string[];
  hostname(): string[];
  write(path: string, text: string): string[];
  /** Prints the file; without it ends with another code than 0. */
  read(path: string): string[];
  /** Prints `ready`, then what it reads, line by line, each after `got `. */
  echo(): string[];
  /** Prints `ready`, waits, and ends with 5 on SIGTERM. */
  wait(): string[];
  /** Prints `ready` and ends neither on SIGTERM nor on SIGHUP. */
  stubborn(): string[];
  /** Prints `ready`, then `<rows> <columns>` on each change of size. */
  sizes(): string[];
  /** Prints the command line of every process it sees. */
  processes(): string[];
  /** Ends with 0 if it can connect to this port of 127.0.0.1. */
  connect(port: number): string[];
  /** Connects to this port of 127.0.0.1, sends the text, and prints what comes until the other side ends. */
  talk(port: number, text: string): string[];
}

const shell = (script: string, ...args: string[]): string[] => [
  '/bin/sh',
  '-c',
  script,
  'conformance',
  ...args,
];
const FOREVER = 'while :; do sleep 0.05; done';

/** For any bottle with a POSIX shell, its usual companions, and bash. */
export const shellPrograms: Programs = {
  exit: code => shell('exit "$1"', `${code}`),
  die: signal => shell('kill -s "$1" $$', signal),
  print: text => shell('printf "%s\\n" "$1"', text),
  environment: () => ['env'],
  hostname: () => ['uname', '-n'],
  write: (path, text) => shell('printf "%s" "$2" >"$1"', path, text),
  read: path => ['cat', path],
  echo: () => shell('echo ready; while read -r line; do echo "got $line"; done'),
  wait: () => shell(`trap "exit 5" TERM; echo ready; ${FOREVER}`),
  stubborn: () => shell(`trap "" TERM HUP; echo ready; ${FOREVER}`),
  sizes: () => shell(`trap "stty size" WINCH; echo ready; ${FOREVER}`),
  processes: () => shell('for file in /proc/[0-9]*/cmdline; do tr "\\0" " " <"$file"; echo; done'),
  connect: port => ['bash', '-c', 'exec 3<>"/dev/tcp/127.0.0.1/$1"', 'conformance', `${port}`],
  talk: (port, text) => [
    ...['bash', '-c', 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "%s" "$2" >&3 && exec cat <&3'],
    ...['conformance', `${port}`, text],
  ],
};
