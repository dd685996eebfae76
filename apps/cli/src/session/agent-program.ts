import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { basename, delimiter, dirname, isAbsolute, join } from 'node:path';
import { INSTALL_COMMANDS } from '../agents/builtin.js';
import type { AgentDefinition } from '../agents/definition.js';
import { edit } from '../output/shell-word.js';
import { SessionError } from './errors.js';
import { isWithin } from './within.js';

/** What an adapter that runs the machine's own programs shows of it without being asked. */
const SYSTEM_FOLDERS = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/nix/store'];
/** Where such a bottle looks a name up, beside its own `~/.local/bin`. */
const SYSTEM_PATH = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/local/sbin', '/usr/sbin', '/sbin'];
/** As much of a script as Linux reads to find its interpreter: BINPRM_BUF_SIZE, execve(2). */
const FIRST_LINE_BYTES = 256;

export interface Whereabouts {
  /** The operator's PATH. */
  readonly path: string | undefined;
  /** The operator's home, which is never shown as a whole. */
  readonly home: string;
  /** The agent's home on the host, for what it installed there itself; null for a new bottle. */
  readonly agentHome: string | null;
  /** Folders that the bottle has of its own, as it sees them. */
  readonly own: readonly string[];
  /** The file in which the operator can name tool paths. */
  readonly config: string;
}

/**
 * The agent with a command and tool paths by which a bottle that shows the machine's own programs finds it. A program
 * elsewhere on the operator's PATH (npm's prefix, nvm, ~/.local) is named by its real path, and the folder that holds it
 * is shown read-only. Where the definition has `toolPaths`, also empty ones, no folder is added.
 * Throws SessionError 'program-missing', 'program-hidden'.
 */
export function locateProgram(agent: AgentDefinition, where: Whereabouts): AgentDefinition {
  const [program = '', ...args] = agent.command;
  const search = new Search(agent, where);
  if (search.isReachable(program)) return agent;
  const file = search.findOutside(program);
  const command = [...search.interpreterOf(file), file, ...args];
  return { ...agent, command, toolPaths: search.toolPaths };
}

class Search {
  readonly #agent: AgentDefinition;
  readonly #where: Whereabouts;
  readonly #added: string[] = [];

  constructor(agent: AgentDefinition, where: Whereabouts) {
    this.#agent = agent;
    this.#where = where;
  }

  get toolPaths(): readonly string[] {
    return [...(this.#agent.toolPaths ?? []), ...this.#added];
  }

  /** The bottle finds it by itself: a name on its own PATH, or a path in what it sees. */
  isReachable(program: string): boolean {
    const { own, agentHome } = this.#where;
    if (program.includes('/')) {
      return !isAbsolute(program) || own.some(folder => isWithin(program, folder)) || this.#isSeen(program);
    }
    if (agentHome !== null && programAt(join(agentHome, '.local/bin', program)) !== null) return true;
    const path = this.#agent.setEnv['PATH']?.split(delimiter) ?? SYSTEM_PATH;
    return path.some(folder => this.#isSeen(join(folder, program)));
  }

  /** Its real path on the host, in a folder that the bottle is shown. */
  findOutside(program: string): string {
    const { name } = this.#agent;
    const folders = (this.#where.path ?? '').split(delimiter).filter(isAbsolute);
    const places = program.includes('/') ? [program] : folders.map(folder => join(folder, program));
    const [file] = places.map(programAt).filter(found => found !== null);
    if (file === undefined) {
      const remedy = INSTALL_COMMANDS[program];
      throw new SessionError(
        'program-missing',
        `agent "${name}" runs "${program}", which is not installed; expected ${isAbsolute(program) ? 'a program there' : 'it on your PATH'}`,
        remedy === undefined ? {} : { remedy },
      );
    }
    if (!this.#isSeen(file)) this.#show(file, programFolder(file));
    return file;
  }

  /** What runs a script, for one whose first line asks a PATH that the bottle does not have; else nothing. */
  interpreterOf(file: string): readonly string[] {
    const line = firstLine(file);
    const [, own] = /^#!\s*(\/\S+)/.exec(line) ?? [];
    if (own === undefined) return [];
    if (!this.#isSeen(own)) throw this.#hidden(own, dirname(dirname(own)));
    const [, words = ''] = /^#!\s*\S*\/env\s+(?:-S\s+)?([\w.+-].*)$/.exec(line) ?? [];
    const [interpreter = '', ...options] = words.trim().split(/\s+/);
    if (interpreter === '' || this.isReachable(interpreter)) return [];
    return [this.findOutside(interpreter), ...options];
  }

  #isSeen(path: string): boolean {
    const real = programAt(path);
    return (
      real !== null &&
      [...SYSTEM_FOLDERS, ...this.#where.own, ...this.toolPaths].some(folder => isWithin(real, folder))
    );
  }

  #show(file: string, folder: string): void {
    if (this.#agent.toolPaths !== undefined || !holdsProgramsOnly(folder, this.#where.home)) {
      throw this.#hidden(file, folder);
    }
    this.#added.push(folder);
  }

  #hidden(file: string, folder: string): SessionError {
    const { name } = this.#agent;
    return new SessionError(
      'program-hidden',
      `agent "${name}" runs ${file}, which a bottle does not see; expected it below /usr or a tool path`,
      { remedy: `${edit(this.#where.config)}   # agents: { ${name}: { toolPaths: [${folder}] } }` },
    );
  }
}

/** A script finds the packages that it needs beside its own and above: the outermost `node_modules`. Else its own folder. */
function programFolder(file: string): string {
  const [above, below] = file.split('/node_modules/', 2);
  return below === undefined || !firstLine(file).startsWith('#!') ? dirname(file) : `${above}/node_modules`;
}

/** What package managers and installers fill; anything else may hold what is nobody's business. */
function holdsProgramsOnly(folder: string, home: string): boolean {
  const realHome = existsSync(home) ? realpathSync(home) : home;
  if (isWithin(realHome, folder)) return false;
  // An operator's own scripts, and what stands in them.
  if ([join(realHome, 'bin'), join(realHome, '.local/bin')].includes(folder)) return false;
  const known = ['/opt', join(realHome, '.local/share')].some(
    parent => folder !== parent && isWithin(folder, parent),
  );
  return known || ['bin', 'node_modules'].includes(basename(folder));
}

function firstLine(file: string): string {
  const bytes = Buffer.alloc(FIRST_LINE_BYTES);
  const fd = openSync(file, 'r');
  try {
    return bytes.toString('utf8', 0, readSync(fd, bytes)).split('\n', 1)[0] ?? '';
  } finally {
    closeSync(fd);
  }
}

/** The real path of a program; null where there is none. */
function programAt(path: string): string | null {
  try {
    const real = realpathSync(path);
    accessSync(real, constants.X_OK);
    return statSync(real).isFile() ? real : null;
  } catch {
    return null;
  }
}
