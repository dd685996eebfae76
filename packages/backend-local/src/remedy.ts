/** What decides whether bubblewrap can isolate here, read by `machineFacts`, made up by tests. */
export interface MachineFacts {
  readonly platform: string;
  readonly arch: string;
  /** Text of os-release(5). */
  readonly osRelease: string;
  /** nsenter is installed. */
  readonly nsenter: boolean;
  /** Of bwrap; null where it is not installed, empty where it does not tell. */
  readonly version: string | null;
  /** Of /proc/sys; null where the kernel has no such setting. */
  readonly maxUserNamespaces: number | null;
  readonly unprivilegedUserNamespaces: number | null;
  readonly appArmorRestriction: number | null;
  /** Docker, Podman and the like leave their mark in a container. */
  readonly container: boolean;
  readonly root: boolean;
}

export interface Refusal {
  readonly reason: string;
  /** What to type, or to change, exactly. */
  readonly remedy: string;
}

/** --disable-userns and --size came with it. */
const NEEDED = [0, 8, 0] as const;
const MACHINES = ['x64', 'arm64'];

/** What is certainly missing, known without running anything; null where isolation may be possible. */
export function whatIsMissing(facts: MachineFacts): Refusal | null {
  const { platform, arch, version, osRelease } = facts;
  if (platform !== 'linux') {
    return { reason: `this backend needs Linux, and this is ${platform}`, remedy: 'use --backend docker' };
  }
  if (!MACHINES.includes(arch)) {
    return { reason: `no system call filter is known for ${arch}`, remedy: 'use --backend docker' };
  }
  if (version === null) return notInstalled('bubblewrap', osRelease);
  if (isOlder(version)) {
    return {
      reason: `bubblewrap ${version === '' ? 'does not tell its version' : `${version} is too old`}; expected ${NEEDED.join('.')} or newer`,
      remedy: `${installCommand('bubblewrap', osRelease)} (or, where that brings no newer one, build https://github.com/containers/bubblewrap/releases)`,
    };
  }
  return facts.nsenter ? null : notInstalled('util-linux', osRelease);
}

export function notInstalled(name: 'bubblewrap' | 'util-linux', osRelease: string): Refusal {
  const missing = name === 'util-linux' ? 'nsenter, a program of util-linux,' : name;
  return { reason: `${missing} is not installed`, remedy: installCommand(name, osRelease) };
}

/** For a way out that could not be made in a sandbox that could. */
export const JOIN_REMEDY =
  'run: unshare --user --map-root-user --net sleep 9 & sleep 1; nsenter --user --net --preserve-credentials --target $! true ' +
  '(it says what the kernel or a security module refuses)';

/** Why the sandbox could not be built, from what bubblewrap said and what the machine is set to. */
export function whyItFailed(facts: MachineFacts, said: string): Refusal {
  if (facts.maxUserNamespaces === 0) {
    return {
      reason: 'this machine allows no user namespaces (user.max_user_namespaces is 0)',
      remedy: persistent('user.max_user_namespaces', 15_000),
    };
  }
  if (!facts.root && facts.unprivilegedUserNamespaces === 0) {
    return {
      reason: 'this machine allows user namespaces to root alone (kernel.unprivileged_userns_clone is 0)',
      remedy: persistent('kernel.unprivileged_userns_clone', 1),
    };
  }
  if (!facts.root && facts.appArmorRestriction === 1) {
    return {
      reason: `AppArmor restricts user namespaces here (kernel.apparmor_restrict_unprivileged_userns is 1): ${said}`,
      remedy: APPARMOR_PROFILE,
    };
  }
  if (facts.container) {
    return {
      reason: `this is a container that may not build a sandbox in itself: ${said}`,
      remedy:
        'start the container with: --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined',
    };
  }
  return {
    reason: `bubblewrap could not build the sandbox: ${said}`,
    remedy:
      'run: bwrap --unshare-all --ro-bind / / true (it says what the kernel or a security module refuses)',
  };
}

function installCommand(name: string, osRelease: string): string {
  const family = [...osRelease.matchAll(/^ID(?:_LIKE)?=["']?([^"'\n]*)/gm)].map(match => match[1]).join(' ');
  if (/debian|ubuntu/.test(family)) return `sudo apt-get install ${name}`;
  if (/fedora|rhel|centos/.test(family)) return `sudo dnf install ${name}`;
  if (/arch/.test(family)) return `sudo pacman -S ${name}`;
  if (/alpine/.test(family)) return `doas apk add ${name}`;
  if (/suse/.test(family)) return `sudo zypper install ${name}`;
  return `install the package ${name} with your system's package manager`;
}

function persistent(name: string, value: number): string {
  return `echo '${name} = ${value}' | sudo tee /etc/sysctl.d/60-bot-bottle.conf && sudo sysctl --system`;
}

/** What Ubuntu ships for the programs that it knows, for bwrap: nothing is confined, user namespaces are allowed. */
const APPARMOR_PROFILE =
  "printf 'abi <abi/4.0>,\\ninclude <tunables/global>\\nprofile bwrap /usr/bin/bwrap flags=(unconfined) {\\n  userns,\\n}\\n'" +
  ' | sudo tee /etc/apparmor.d/bwrap && sudo apparmor_parser -r /etc/apparmor.d/bwrap';

function isOlder(version: string): boolean {
  const parts = version.split('.').map(part => Number.parseInt(part, 10));
  for (const [index, needed] of NEEDED.entries()) {
    const part = parts[index] ?? 0;
    if (part !== needed) return !(part > needed);
  }
  return false;
}
