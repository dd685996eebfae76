import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BottleSpec, LaunchHost, Probe, Terminal } from '@bot-bottle/backend';
import { BackendError } from '@bot-bottle/backend';
import { limitGroup } from './groups.js';
import { launchSandbox, writePreparation } from './launch.js';
import { enforcedLimits } from './limits.js';
import { type Environment, machineFacts, programs } from './machine.js';
import { whatIsMissing, whyItFailed } from './remedy.js';

const NAMESPACES = ['user', 'mnt', 'pid', 'ipc', 'uts', 'cgroup', 'net'];

/** Prints what the kernel says of a process in the sandbox: one program, the rest is the shell's own. */
const LOOK = `while IFS= read -r line; do echo "$line"; done </proc/self/status; exec ls -l /proc/self/ns`;

/** proc_pid_status(5): no capability, no new privileges, a filter in force. */
const EXPECTED = [/^CapEff:\t0+$/m, /^CapBnd:\t0+$/m, /^NoNewPrivs:\t1$/m, /^Seccomp:\t2$/m];

/** Runs a bottle with all its isolation and looks at it from within; nothing less counts as available. */
export async function probe(env: Environment): Promise<Probe> {
  const facts = machineFacts(programs(env));
  const missing = whatIsMissing(facts);
  if (missing !== null) return { available: false, ...missing };
  const seen = await lookFromWithin(env);
  if (seen instanceof BackendError && seen.remedy !== null) {
    return { available: false, reason: seen.message, remedy: seen.remedy };
  }
  if (seen instanceof Error) return { available: false, ...whyItFailed(facts, seen.message) };
  const shared = NAMESPACES.filter(name => seen.includes(readlinkSync(`/proc/self/ns/${name}`)));
  if (shared.length > 0 || !EXPECTED.every(line => line.test(seen))) {
    const reason = shared.length > 0 ? `the host's ${shared.join(', ')} namespace` : 'privileges';
    return { available: false, ...whyItFailed(facts, `a bottle kept ${reason}`) };
  }
  const group = limitGroup(env);
  const limits = enforcedLimits(group, env['PATH']);
  const notes = Object.entries(limits)
    .filter(([, enforcement]) => enforcement === 'none')
    .map(([name]) => `this machine enforces no limit on ${name}`);
  return { available: true, version: facts.version ?? '', limits, notes };
}

async function lookFromWithin(env: Environment): Promise<string | Error> {
  const folder = mkdtempSync(join(tmpdir(), 'bot-bottle-probe-'));
  try {
    const spec = probeSpec(folder);
    for (const path of [spec.home.source, spec.workspace.source]) mkdirSync(path);
    writePreparation(spec, env);
    const forbidden = { home: '/nonexistent', stateRoot: '/nonexistent' };
    const { terminal, exited } = await launchSandbox(spec, pipeHost(), {
      env,
      forbidden,
      group: limitGroup(env),
      terminal: 'pipe',
    });
    let seen = '';
    terminal.onData(chunk => {
      seen += Buffer.from(chunk).toString();
    });
    const { code } = await exited;
    return code === 0 ? seen : new Error(seen.trim());
  } catch (error) {
    if (error instanceof BackendError) return error;
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function probeSpec(folder: string): BottleSpec {
  return {
    identity: `probe-${folder.slice(-6).toLowerCase()}` as BottleSpec['identity'],
    stateFolder: join(folder, 'local'),
    agentName: 'probe',
    command: ['/bin/sh', '-c', LOOK],
    env: {},
    egress: { port: 3128 },
    workspace: { kind: 'empty', source: join(folder, 'workspace'), target: '/workspace' },
    home: { source: join(folder, 'home'), target: '/home/agent' },
    limits: {},
    labels: {},
  };
}

/** A terminal that is none, since two pipes are enough to look, and a proxy that lets nothing out. */
function pipeHost(): LaunchHost {
  return {
    serveEgress: connection => void connection.resume().end('HTTP/1.1 403 Forbidden\r\n\r\n'),
    openTerminal({ file, args, env, cwd }): Terminal {
      const child = spawn(file, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
      const closed = new Promise<number>(resolve => child.on('close', code => resolve(code ?? 128)));
      child.on('error', () => {});
      return {
        pid: child.pid ?? 0,
        write() {},
        resize() {},
        onData(listener) {
          for (const stream of [child.stdout, child.stderr]) stream.on('data', listener);
          return () => {
            for (const stream of [child.stdout, child.stderr]) stream.off('data', listener);
          };
        },
        onExit: listener => void closed.then(code => listener({ code })),
        kill: signal => void child.kill(signal),
      };
    },
  };
}
