import { AARCH64 } from './aarch64.js';
import { ACTION, assemble, OFFSET, type Statement } from './bpf.js';
import { X86_64 } from './x86-64.js';

type SystemCall = keyof typeof X86_64;

interface Machine {
  /** AUDIT_ARCH_* of linux/audit.h. */
  readonly arch: number;
  readonly numbers: Partial<Record<SystemCall, number>>;
}

const MACHINES: Readonly<Record<string, Machine>> = {
  x64: { arch: 0xc000003e, numbers: X86_64 },
  arm64: { arch: 0xc00000b7, numbers: AARCH64 },
};

/**
 * The newest system call whose effect on a sandbox was looked at (removexattrat, Linux 6.13). A later one is not there for
 * the bottle until this number is raised. All numbers of the x32 interface lie above as well.
 */
export const LAST_REVIEWED = 466;

/** Why each is denied: docs/decisions/seccomp.md. */
export const DENIED: readonly SystemCall[] = [
  // Namespaces and mounts: the sandbox may not be rebuilt from inside.
  ...([
    'unshare',
    'setns',
    'chroot',
    'pivot_root',
    'mount',
    'umount2',
    'move_mount',
    'mount_setattr',
  ] as const),
  ...(['open_tree', 'fsopen', 'fsconfig', 'fsmount', 'fspick'] as const),
  // A file handle reaches any file of the file system, whatever is mounted.
  ...(['name_to_handle_at', 'open_by_handle_at'] as const),
  // The kernel's keyring has no namespace of its own.
  ...(['add_key', 'request_key', 'keyctl'] as const),
  // The kernel itself: modules, tracing, its log, its next image.
  ...(['init_module', 'finit_module', 'delete_module', 'kexec_load', 'kexec_file_load', 'reboot'] as const),
  ...(['bpf', 'perf_event_open', 'lookup_dcookie', 'syslog', 'userfaultfd', 'fanotify_init'] as const),
  // The machine: clock, swap, accounting, quota, ports, names.
  ...(['settimeofday', 'clock_settime', 'clock_adjtime', 'swapon', 'swapoff', 'acct', 'quotactl'] as const),
  ...(['quotactl_fd', 'iopl', 'ioperm', 'sethostname', 'setdomainname', 'vhangup', 'nfsservctl'] as const),
  // Placement of memory on the host's nodes, and old interfaces with a record of faults.
  ...(['mbind', 'get_mempolicy', 'set_mempolicy', 'set_mempolicy_home_node', 'migrate_pages'] as const),
  ...(['move_pages', 'modify_ldt', 'uselib', 'ustat', 'sysfs', 'kcmp', 'pidfd_getfd'] as const),
];

/** Answered as if the kernel did not have them: a C library then falls back to what the filter can judge. */
export const ABSENT: readonly SystemCall[] = [
  'clone3',
  'io_uring_setup',
  'io_uring_enter',
  'io_uring_register',
  'openat2',
];

/** The argument of each that is a file's mode. */
const MODE_OF: readonly (readonly [SystemCall, number])[] = [
  ...([
    ['chmod', 1],
    ['fchmod', 1],
    ['fchmodat', 2],
    ['fchmodat2', 2],
  ] as const),
  ...([
    ['creat', 1],
    ['mknod', 1],
    ['mknodat', 2],
  ] as const),
];

/** These have a mode, behind their flags, only where they create. */
const FLAGS_OF: readonly (readonly [SystemCall, number])[] = [
  ['open', 1],
  ['openat', 2],
];

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET of linux/sched.h. */
const CLONE_NEW = 0x7e020000;
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;
/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK (getifaddrs asks it). */
const FAMILIES = [1, 2, 10, 16];
/** What Docker lets through: PER_LINUX, PER_LINUX32, both with UNAME26, and the question. */
const PERSONALITIES = [0x0, 0x8, 0x20000, 0x20008, 0xffffffff];

/** S_ISUID of inode(7); O_CREAT and O_TMPFILE of fcntl.h. */
const SET_USER_ID = 0o4000;
const CREATES = 0o100 | 0o20000000;

const EPERM = ACTION.errno(1);
const ENOSYS = ACTION.errno(38);
const EAFNOSUPPORT = ACTION.errno(97);

/**
 * The filter of every bottle, for bubblewrap's --seccomp. Arguments are judged by their low 32 bits, which are all that
 * the kernel reads of these (CVE-2019-10063 compared 64).
 * @param machine as process.arch names it
 * @throws RangeError for a machine that no filter is known for: nothing may run there
 */
export function seccompFilter(machine: string): Uint8Array {
  const known = MACHINES[machine];
  if (known === undefined) throw new RangeError(`no system call filter is known for ${machine}`);
  const { arch, numbers } = known;
  const when = (name: SystemCall, label: string): Statement[] => {
    const value = numbers[name];
    return value === undefined ? [] : [{ op: 'if-equal', value, label }];
  };
  const modeAt = (argument: number): Statement[] => [
    { op: 'load', offset: OFFSET.argument(argument) },
    { op: 'if-any-bit', value: SET_USER_ID, label: 'denied' },
    { op: 'goto', label: 'allowed' },
  ];
  return assemble([
    { op: 'load', offset: OFFSET.arch },
    { op: 'if-equal', value: arch, label: 'own' },
    { op: 'return', action: ACTION.killProcess },
    { op: 'label', name: 'own' },
    { op: 'load', offset: OFFSET.number },
    { op: 'if-at-least', value: LAST_REVIEWED + 1, label: 'absent' },
    ...DENIED.flatMap(name => when(name, 'denied')),
    ...ABSENT.flatMap(name => when(name, 'absent')),
    ...when('clone', 'clone'),
    ...when('ioctl', 'ioctl'),
    ...when('socket', 'socket'),
    ...when('personality', 'personality'),
    ...[...MODE_OF, ...FLAGS_OF].flatMap(([name]) => when(name, name)),
    { op: 'goto', label: 'allowed' },
    ...MODE_OF.flatMap(([name, mode]): Statement[] => [{ op: 'label', name }, ...modeAt(mode)]),
    ...FLAGS_OF.flatMap(([name, flags]): Statement[] => [
      { op: 'label', name },
      { op: 'load', offset: OFFSET.argument(flags) },
      { op: 'if-any-bit', value: CREATES, label: `${name} creates` },
      { op: 'goto', label: 'allowed' },
      { op: 'label', name: `${name} creates` },
      ...modeAt(flags + 1),
    ]),
    { op: 'label', name: 'clone' },
    { op: 'load', offset: OFFSET.argument(0) },
    { op: 'if-any-bit', value: CLONE_NEW, label: 'denied' },
    { op: 'goto', label: 'allowed' },
    { op: 'label', name: 'ioctl' },
    { op: 'load', offset: OFFSET.argument(1) },
    { op: 'if-equal', value: TIOCSTI, label: 'denied' },
    { op: 'if-equal', value: TIOCLINUX, label: 'denied' },
    { op: 'goto', label: 'allowed' },
    { op: 'label', name: 'socket' },
    { op: 'load', offset: OFFSET.argument(0) },
    ...FAMILIES.map((value): Statement => ({ op: 'if-equal', value, label: 'allowed' })),
    { op: 'return', action: EAFNOSUPPORT },
    { op: 'label', name: 'personality' },
    { op: 'load', offset: OFFSET.argument(0) },
    ...PERSONALITIES.map((value): Statement => ({ op: 'if-equal', value, label: 'allowed' })),
    { op: 'label', name: 'denied' },
    { op: 'return', action: EPERM },
    { op: 'label', name: 'absent' },
    { op: 'return', action: ENOSYS },
    { op: 'label', name: 'allowed' },
    { op: 'return', action: ACTION.allow },
  ]);
}
