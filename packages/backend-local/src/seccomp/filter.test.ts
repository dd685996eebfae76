import { existsSync, readFileSync } from 'node:fs';
import { AARCH64 } from './aarch64.js';
import { ABSENT, DENIED, LAST_REVIEWED, seccompFilter } from './filter.js';
import { X86_64 } from './x86-64.js';

interface Call {
  number: number;
  args?: (number | bigint)[];
  arch?: number;
}

/**
 * A second reading of seccomp(2) and linux/bpf_common.h, for this test alone: runs a filter over one system call as the
 * kernel would and gives its answer.
 */
function answer(filter: Uint8Array, { number, args = [], arch = 0 }: Call): number {
  const data = new DataView(new ArrayBuffer(64));
  data.setInt32(0, number, true);
  data.setUint32(4, arch, true);
  for (const [index, value] of args.entries())
    data.setBigUint64(16 + 8 * index, BigInt.asUintN(64, BigInt(value)), true);
  const program = new DataView(filter.buffer, filter.byteOffset, filter.byteLength);
  const count = filter.byteLength / 8;
  let accumulator = 0;
  for (let at = 0; at < count; at++) {
    const code = program.getUint16(at * 8, true);
    const [yes, no] = [program.getUint8(at * 8 + 2), program.getUint8(at * 8 + 3)];
    const k = program.getUint32(at * 8 + 4, true);
    const jump = (condition: boolean) => {
      at += condition ? yes : no;
    };
    if (code === (0x00 | 0x00 | 0x20)) accumulator = data.getUint32(k, true);
    else if (code === (0x05 | 0x10)) jump(accumulator === k);
    else if (code === (0x05 | 0x30)) jump(accumulator >= k);
    else if (code === (0x05 | 0x40)) jump((accumulator & k) !== 0);
    else if (code === 0x05) at += k;
    else if (code === 0x06) return k;
    else throw new Error(`instruction ${at} is unknown: ${code}`);
  }
  throw new Error('the program ends without an answer');
}

const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const errno = (code: number) => 0x00050000 + code;
const [EPERM, ENOSYS, EAFNOSUPPORT] = [errno(1), errno(38), errno(97)];

describe.each([
  ['x64', 0xc000003e, X86_64, { read: 0, write: 1, execve: 59, ptrace: 101, futex_waitv: 449 }],
  ['arm64', 0xc00000b7, AARCH64, { read: 63, write: 64, execve: 221, ptrace: 117, futex_waitv: 449 }],
] as const)('the filter for %s', (machine, arch, numbers, allowed) => {
  const filter = seccompFilter(machine);
  const call = (number: number, ...args: (number | bigint)[]) => answer(filter, { number, args, arch });
  const known: Partial<Record<string, number>> = numbers;

  it('kills a program of another machine, whatever it calls', () => {
    for (const other of [0x40000003, 0x40000028, arch ^ 1]) {
      expect(answer(filter, { number: 0, arch: other })).toBe(KILL);
    }
  });

  it.each(DENIED.filter(name => known[name] !== undefined))('denies %s', name => {
    expect(call(known[name] ?? -1)).toBe(EPERM);
  });

  it.each(ABSENT)('has no %s', name => {
    expect(call(known[name] ?? -1)).toBe(ENOSYS);
  });

  it.each(Object.entries(allowed))('allows %s', (_name, number) => {
    expect(call(number)).toBe(ALLOW);
  });

  it('has nothing newer than what was looked at, and no x32 call', () => {
    expect(call(LAST_REVIEWED)).toBe(ALLOW);
    for (const number of [LAST_REVIEWED + 1, 512, 0x40000000, 0x40000000 | 59, -1, 0x7fffffff]) {
      expect(call(number)).toBe(ENOSYS);
    }
  });

  it('lets threads and children be made, but no namespace, alone or among other flags', () => {
    const thread = 0x3d0f00;
    expect(call(numbers.clone, thread)).toBe(ALLOW);
    expect(call(numbers.clone, 17)).toBe(ALLOW);
    for (const flag of [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000]) {
      expect(call(numbers.clone, flag | 17)).toBe(EPERM);
      expect(call(numbers.clone, flag | thread)).toBe(EPERM);
    }
  });

  it('refuses to type into a terminal, also with bits that the kernel does not read', () => {
    for (const request of [0x5412, 0x541c]) {
      expect(call(numbers.ioctl, 0, request)).toBe(EPERM);
      expect(call(numbers.ioctl, 0, 0xdead00000000n + BigInt(request))).toBe(EPERM);
    }
    for (const request of [0x5401, 0x5413, 0x5414, 0x540f])
      expect(call(numbers.ioctl, 0, request)).toBe(ALLOW);
  });

  it('opens local, internet and route sockets, and no others', () => {
    for (const family of [1, 2, 10, 16]) expect(call(numbers.socket, family)).toBe(ALLOW);
    for (const family of [0, 3, 4, 5, 9, 15, 17, 29, 30, 31, 38, 40, 44]) {
      expect(call(numbers.socket, family)).toBe(EAFNOSUPPORT);
    }
    expect(call(numbers.socket, 0x100000000n + 17n)).toBe(EAFNOSUPPORT);
  });

  it('makes no set-user-ID file: not by its mode, and not as it is created', () => {
    const modes: Partial<Record<string, number>> = { chmod: 1, fchmod: 1, fchmodat: 2, fchmodat2: 2 };
    for (const [name, at] of Object.entries({ ...modes, creat: 1, mknod: 1, mknodat: 2 })) {
      const number = known[name];
      if (number === undefined || at === undefined) continue;
      const before = Array.from({ length: at }, () => 0o7777);
      for (const mode of [0o4755, 0o4000, 0o104755, 0xdead00000000n + 0o4111n])
        expect([name, call(number, ...before, mode)]).toEqual([name, EPERM]);
      for (const mode of [0o755, 0o2775, 0o1777]) expect(call(number, ...before, mode)).toBe(ALLOW);
    }
    for (const create of [0o100, 0o102, 0o20200002]) {
      expect(call(numbers.openat, -100, 0, create, 0o4755)).toBe(EPERM);
      expect(call(numbers.openat, -100, 0, create, 0o666)).toBe(ALLOW);
      if ('open' in numbers) expect(call(numbers.open, 0, create, 0o4755)).toBe(EPERM);
    }
    // What creates nothing has no mode: whatever stands in that register is nobody's.
    expect(call(numbers.openat, -100, 0, 0o2200000, 0xffffffff)).toBe(ALLOW);
  });

  it('changes the personality only to one that Docker allows', () => {
    for (const persona of [0, 8, 0x20000, 0x20008, 0xffffffff])
      expect(call(numbers.personality, persona)).toBe(ALLOW);
    for (const persona of [1, 0x40000, 0x400000, 0x20001])
      expect(call(numbers.personality, persona)).toBe(EPERM);
  });
});

it('runs nothing on a machine that no filter is known for', () => {
  expect(() => seccompFilter('riscv64')).toThrow('no system call filter is known for riscv64');
});

describe('the numbers of system calls', () => {
  const headers = [
    ['/usr/include/x86_64-linux-gnu/asm/unistd_64.h', X86_64],
    ['/usr/include/asm-generic/unistd.h', AARCH64],
  ] as const;
  const present = headers.filter(([file]) => existsSync(file));

  (present.length > 0 ? it.each(present) : it.skip.each(headers))('agree with %s', (file, numbers) => {
    const text = readFileSync(file, 'utf8');
    const defined = new Map(
      [...text.matchAll(/^#define __NR(?:3264)?_(\w+)\s+(\d+)/gm)].map(([, name, n]) => [name, Number(n)]),
    );
    // Headers that are older than a call do not have it.
    const newest = Math.max(...[...defined.values()].filter(Number.isFinite));
    const differing = Object.entries(numbers).filter(
      ([name, number]) => number <= newest && defined.get(name) !== number,
    );
    expect(differing).toEqual([]);
  });
});
