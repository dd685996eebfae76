// The same containers without bot-bottle: Compose on a bottle's compose.yaml, and `docker run` with what stands in it.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parse } from 'yaml';
import { composePluginFor } from '../../scripts/compose-plugin.mjs';

Object.assign(process.env, composePluginFor(process.env));
const hasPlugin = spawnSync('docker', ['compose', 'version']).status === 0;

export function compose(file, ...words) {
  return [
    ...(hasPlugin ? ['docker', 'compose'] : ['docker-compose']),
    '--project-directory',
    dirname(file),
    '--file',
    file,
    ...words,
  ];
}

export function composeVersion() {
  const [program, ...words] = hasPlugin ? ['docker', 'compose'] : ['docker-compose'];
  return spawnSync(program, [...words, 'version', '--short'], { encoding: 'utf8' }).stdout.trim();
}

/** Runs a command to its end. */
export async function run([file, ...args], env = process.env) {
  const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', chunk => {
      said += chunk;
    });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code}: ${said}`);
}

/**
 * Starts a command and waits until it has shown a text. `ended` waits for the text that tells of the agent's end, or the command's own;
 * `over` is the command's.
 */
export async function startUntil([file, ...args], text, endText) {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const over = once(child, 'close');
  let said = '';
  const shown = wanted =>
    new Promise((resolve, reject) => {
      const look = () => said.includes(wanted) && resolve();
      look();
      child.stdout.on('data', look);
      over.then(() => reject(new Error(`${file} ${args.join(' ')} ended, having said ${said}`)));
    });
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', chunk => {
      said += chunk;
    });
  await shown(text);
  return { over, ended: () => (endText === undefined ? over : shown(endText)) };
}

/** The arguments of `docker run` for the two containers of a bottle's project, the egress container's first. */
export function createArguments(file) {
  const { services } = parse(readFileSync(file, 'utf8').replaceAll('$$', '$'));
  return ['egress', 'agent'].map(name => {
    const {
      image,
      entrypoint: [program, ...words],
      ...service
    } = services[name];
    const network = service.network_mode.replace(
      'service:egress',
      `container:${services.egress.container_name}`,
    );
    const each = (option, values = []) => values.map(value => `--${option}=${value}`);
    return [
      `--name=${service.container_name}`,
      `--network=${network}`,
      `--user=${service.user}`,
      `--entrypoint=${program}`,
      ...(service.init ? ['--init'] : []),
      ...(service.tty ? ['--tty'] : []),
      ...(service.read_only ? ['--read-only'] : []),
      ...(service.working_dir === undefined ? [] : [`--workdir=${service.working_dir}`]),
      ...(service.hostname === undefined ? [] : [`--hostname=${service.hostname}`]),
      ...each(
        'label',
        Object.entries(service.labels).map(pair => pair.join('=')),
      ),
      ...each('cap-drop', service.cap_drop),
      ...each('security-opt', service.security_opt),
      ...each('env', service.environment),
      ...each('tmpfs', service.tmpfs),
      ...each(
        'volume',
        service.volumes.map(
          ({ source, target, read_only }) => `${source}:${target}${read_only ? ':ro' : ''}`,
        ),
      ),
      ...(service.mem_limit === undefined ? [] : [`--memory=${service.mem_limit}`]),
      ...(service.memswap_limit === undefined ? [] : [`--memory-swap=${service.memswap_limit}`]),
      `--pids-limit=${service.pids_limit}`,
      image,
      ...words,
    ];
  });
}
