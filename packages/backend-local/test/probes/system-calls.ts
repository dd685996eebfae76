import { AARCH64 } from '../../src/seccomp/aarch64.js';
import { X86_64 } from '../../src/seccomp/x86-64.js';

/** Numbers for perl's `syscall`, which knows no names. */
const N =
  process.arch === 'arm64'
    ? { ...AARCH64, ptrace: 117, mknodat: 33 }
    : { ...X86_64, ptrace: 101, mknodat: 259 };

/** Runs perl; the last value says whether the escape succeeded. What the system said comes on the terminal. */
export const perl = (script: string, ...args: string[]): string[] => [
  'perl',
  '-e',
  `use Socket; my $done = do { ${script} }; print $done ? "escaped\\n" : "refused: $!\\n"; exit($done ? 0 : 1)`,
  ...args,
];

const call = (number: number, args: string, before = '') =>
  perl(`${before}; syscall(${number}, ${args}) != -1`);

export interface SystemCallProbe {
  readonly what: string;
  readonly command: string[];
  /** What the bottle must say. */
  readonly refusal: string;
  /** Whether the same command succeeds on the host, run by root. Not where it would change the host. */
  readonly control: boolean;
}

const EPERM = 'Operation not permitted';
const HANDLE = 'my $handle = pack("Ii", 128, 0) . "\\0" x 128; my $id = pack("i", 0); my $path = "/usr"';

/** One row for each thing that a program may ask the kernel for. */
export const SYSTEM_CALLS: readonly SystemCallProbe[] = [
  {
    what: 'mount a file system',
    command: perl(`my ($t, $p) = ("tmpfs", "/tmp"); syscall(${N.mount}, $t, $p, $t, 0, 0) == 0`),
    refusal: EPERM,
    control: false,
  },
  {
    what: 'unmount one',
    command: perl(`my $p = "/proc/sys"; syscall(${N.umount2}, $p, 2) == 0`),
    refusal: EPERM,
    control: false,
  },
  {
    what: 'make a user namespace with unshare',
    command: call(N.unshare, '0x10000000'),
    refusal: EPERM,
    control: true,
  },
  {
    what: 'make a user namespace with clone',
    command: perl(`my $p = syscall(${N.clone}, 0x10000011, 0, 0, 0, 0); exit 0 if $p == 0; $p > 0`),
    refusal: EPERM,
    control: true,
  },
  {
    what: 'make one with clone3',
    command: perl(
      `my $a = pack("Q8", 0x10000000, 0, 0, 0, 17, 0, 0, 0); my $p = syscall(${N.clone3}, $a, 64); exit 0 if $p == 0; $p > 0`,
    ),
    refusal: 'Function not implemented',
    control: true,
  },
  {
    what: 'join a namespace',
    command: perl(`open(my $f, "<", "/proc/self/ns/uts") or die; syscall(${N.setns}, fileno($f), 0) == 0`),
    refusal: EPERM,
    control: true,
  },
  { what: 'change its root', command: perl('chroot("/")'), refusal: EPERM, control: true },
  {
    what: 'take a file handle',
    command: perl(`${HANDLE}; syscall(${N.name_to_handle_at}, -100, $path, $handle, $id, 0) == 0`),
    refusal: EPERM,
    control: true,
  },
  {
    what: 'open a file by handle',
    command: perl(`${HANDLE}; syscall(${N.open_by_handle_at}, -100, $handle, 0) >= 0`),
    refusal: EPERM,
    control: false,
  },
  { what: 'read the keyring', command: call(N.keyctl, '0, -3, 0'), refusal: EPERM, control: true },
  {
    what: 'add a key',
    command: perl(
      `my ($t, $d, $p) = ("user", "bot-bottle-test", "x"); syscall(${N.add_key}, $t, $d, $p, 1, -2) > 0`,
    ),
    refusal: EPERM,
    control: true,
  },
  {
    what: 'read the kernel log',
    command: perl(`my $b = " " x 4096; syscall(${N.syslog}, 3, $b, 4096) >= 0`),
    refusal: EPERM,
    control: true,
  },
  { what: 'load a kernel module', command: call(N.finit_module, '-1, 0, 0'), refusal: EPERM, control: false },
  {
    what: 'load another kernel',
    command: call(N.kexec_file_load, '-1, -1, 0, 0, 0'),
    refusal: EPERM,
    control: false,
  },
  {
    what: 'load a BPF program',
    command: perl(`my $a = "\\0" x 128; syscall(${N.bpf}, 0, $a, 128) >= 0`),
    refusal: EPERM,
    control: false,
  },
  {
    what: 'watch the kernel’s counters',
    command: perl(
      `my $a = pack("LLQ", 1, 112, 0) . "\\0" x 96; syscall(${N.perf_event_open}, $a, 0, -1, -1, 0) >= 0`,
    ),
    refusal: EPERM,
    control: false,
  },
  { what: 'handle page faults itself', command: call(N.userfaultfd, '0'), refusal: EPERM, control: false },
  {
    what: 'open an io_uring',
    command: perl(`my $p = "\\0" x 120; syscall(${N.io_uring_setup}, 1, $p) >= 0`),
    refusal: 'Function not implemented',
    control: false,
  },
  {
    what: 'rename the host',
    command: perl(`my $n = "x"; syscall(${N.sethostname}, $n, 1) == 0`),
    refusal: EPERM,
    control: false,
  },
  { what: 'set the clock', command: call(N.clock_settime, '0, 0'), refusal: EPERM, control: false },
  { what: 'reboot', command: call(N.reboot, '0, 0, 0, 0'), refusal: EPERM, control: false },
  {
    what: 'make a device',
    command: perl(
      `my $p = "/tmp/bot-bottle-test-device-$$"; my $made = syscall(${N.mknodat}, -100, $p, 0020666, 0x105) == 0; my $e = $!; unlink $p; $! = $e; $made`,
    ),
    refusal: EPERM,
    control: true,
  },
  {
    what: 'open a raw socket',
    command: perl('socket(my $s, AF_INET, SOCK_RAW, 1)'),
    refusal: EPERM,
    control: true,
  },
  {
    what: 'open a packet socket',
    command: perl('socket(my $s, 17, SOCK_RAW, 0)'),
    refusal: 'Address family not supported',
    control: true,
  },
  {
    what: 'talk to the hypervisor',
    command: perl('socket(my $s, 40, SOCK_STREAM, 0)'),
    refusal: 'Address family not supported',
    control: false,
  },
  {
    what: 'use the kernel’s ciphers',
    command: perl('socket(my $s, 38, SOCK_SEQPACKET, 0)'),
    refusal: 'Address family not supported',
    control: false,
  },
  {
    what: 'type into the terminal with TIOCSTI',
    command: perl('my $c = "x"; ioctl(STDIN, 0x5412, $c)'),
    refusal: EPERM,
    control: true,
  },
  {
    what: 'paste on the console with TIOCLINUX',
    command: perl('my $c = "\\x03"; ioctl(STDIN, 0x541c, $c)'),
    refusal: EPERM,
    control: false,
  },
  {
    // Its file system may be the host's, where the file would run as the operator for everybody.
    what: 'make a set-user-ID program',
    command: perl(
      'my $p = "/tmp/suid-$$"; open(my $f, ">", $p); my $made = chmod(04755, $p) == 1; unlink($p); $made',
    ),
    refusal: EPERM,
    control: true,
  },
  {
    what: 'trace a process of the host',
    command: perl(`syscall(${N.ptrace}, 0x4206, ${process.pid}, 0, 0) == 0`),
    refusal: 'No such process',
    control: false,
  },
];
