import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BottleSpec } from '../spec.js';
import type { ExitStatus, LaunchHost, Terminal } from '../terminal.js';
import { talk } from './memory-connection.js';
import type { Programs } from './programs.js';

/** The suite's programs for `memoryBackend`: a word that it knows, and arguments. */
export const memoryPrograms: Programs = {
  exit: code => ['exit', `${code}`],
  die: signal => ['exit', `${128 + NUMBERS[`SIG${signal}`]}`],
  print: text => ['print', text],
  environment: () => ['environment'],
  hostname: () => ['hostname'],
  write: (path, text) => ['write', path, text],
  read: path => ['read', path],
  echo: () => ['echo'],
  wait: () => ['wait'],
  stubborn: () => ['stubborn'],
  sizes: () => ['sizes'],
  processes: () => ['exit', '1'],
  connect: () => ['exit', '1'],
  talk: (port, text) => ['talk', `${port}`, text],
};

const NUMBERS = { SIGTERM: 15, SIGKILL: 9 } as const;

export interface MemoryProcess {
  readonly terminal: Terminal;
  readonly exited: Promise<ExitStatus>;
  signal(signal: keyof typeof NUMBERS): void;
}

/** What a program finds, beside what its specification mounts. */
interface Inside {
  readonly env: Readonly<Record<string, string>>;
  /** Texts of its image's files, by path. */
  readonly image: ReadonlyMap<string, string> | undefined;
}

/** Runs one of `memoryPrograms`; another word ends with 127, as a shell has it for a command not found. */
export function startProgram(
  spec: BottleSpec,
  { env, image }: Inside,
  { serveEgress }: LaunchHost,
): MemoryProcess {
  const [word = '', ...args] = spec.command;
  const output: Uint8Array[] = [];
  const listeners = new Set<(chunk: Uint8Array) => void>();
  let end: (exit: ExitStatus) => void = () => {};
  const exited = new Promise<ExitStatus>(resolve => {
    end = resolve;
  });
  const print = (text: string) => {
    const chunk = Buffer.from(`${text}\r\n`);
    if (listeners.size === 0) output.push(chunk);
    for (const listener of listeners) listener(chunk);
  };
  const exit = (code: number) => end({ code });
  const once: Record<string, () => number> = {
    exit: () => Number(args[0]),
    print: () => said(args[0] ?? ''),
    environment: () =>
      said(
        Object.entries(env)
          .map(pair => pair.join('='))
          .join('\r\n'),
      ),
    hostname: () => said(spec.identity),
    read: () => said(image?.get(args[0] ?? '') ?? readFileSync(outside(spec, args[0] ?? ''), 'utf8')),
    write: () => {
      if (spec.files?.some(({ target }) => target === args[0])) return 1;
      writeFileSync(outside(spec, args[0] ?? ''), args[1] ?? '');
      return 0;
    },
  };
  const said = (text: string) => {
    print(text);
    return 0;
  };
  const isWayOut = spec.egress !== undefined && args[0] === `${spec.egress.port}`;
  if (word in once) exit(once[word]?.() ?? 127);
  else if (word === 'talk') {
    if (!isWayOut || serveEgress === undefined) exit(1);
    else
      void talk(serveEgress, args[1] ?? '')
        .then(said)
        .then(exit);
  } else if (['echo', 'wait', 'stubborn', 'sizes'].includes(word)) print('ready');
  else exit(127);

  return {
    exited,
    signal(signal) {
      if (signal === 'SIGKILL') exit(128 + NUMBERS[signal]);
      else if (word === 'wait') exit(5);
    },
    terminal: {
      pid: process.pid,
      write: data => {
        if (word === 'echo') print(`got ${Buffer.from(data).toString().trim()}`);
      },
      resize: ({ columns, rows }) => {
        if (word === 'sizes') print(`${rows} ${columns}`);
      },
      onData(listener) {
        for (const chunk of output.splice(0)) listener(chunk);
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      onExit: listener => void exited.then(listener),
      kill: signal => {
        if (signal === 'SIGKILL') exit(128 + NUMBERS[signal]);
      },
    },
  };
}

/** The host's file behind a path in the bottle. */
function outside({ workspace, home, files = [] }: BottleSpec, path: string): string {
  const file = files.find(({ target }) => target === path);
  if (file !== undefined) return file.source;
  for (const { source, target } of [workspace, home]) {
    if (path.startsWith(`${target}/`)) return join(source, path.slice(target.length));
  }
  return path;
}
