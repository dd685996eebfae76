/**
 * Classic BPF, as seccomp(2) runs it over `struct seccomp_data { int nr; u32 arch; u64 ip; u64 args[6]; }`.
 * Opcodes: linux/bpf_common.h. Both machines that we know are little-endian.
 */
export type Statement =
  /** Loads a 32-bit word of seccomp_data. */
  | { readonly op: 'load'; readonly offset: number }
  /** Jumps to a label where the accumulator compares true; otherwise goes on. */
  | { readonly op: 'if-equal' | 'if-at-least' | 'if-any-bit'; readonly value: number; readonly label: string }
  | { readonly op: 'goto'; readonly label: string }
  | { readonly op: 'label'; readonly name: string }
  | { readonly op: 'return'; readonly action: number };

export const OFFSET = { number: 0, arch: 4, argument: (n: number) => 16 + 8 * n } as const;

/** seccomp(2): what a filter answers. */
export const ACTION = {
  allow: 0x7fff0000,
  killProcess: 0x80000000,
  errno: (code: number) => 0x00050000 | code,
} as const;

const CODE = {
  load: 0x20,
  goto: 0x05,
  'if-equal': 0x15,
  'if-at-least': 0x35,
  'if-any-bit': 0x45,
  return: 0x06,
} as const;

/** Bytes of one instruction, `struct sock_filter { u16 code; u8 jt, jf; u32 k; }`. */
const INSTRUCTION = 8;

/** Bytes as bubblewrap's --seccomp reads them. Jumps go forward only, a conditional one over at most 255 instructions. */
export function assemble(program: readonly Statement[]): Uint8Array {
  const labels = new Map<string, number>();
  let count = 0;
  for (const statement of program) {
    if (statement.op === 'label') labels.set(statement.name, count);
    else count += 1;
  }
  const view = new DataView(new ArrayBuffer(count * INSTRUCTION));
  let at = 0;
  const distance = (label: string, most: number) => {
    const to = labels.get(label);
    const jump = to === undefined ? -1 : to - at - 1;
    if (jump < 0 || jump > most)
      throw new RangeError(`label "${label}" is not within ${most} instructions ahead`);
    return jump;
  };
  for (const statement of program) {
    if (statement.op === 'label') continue;
    const offset = at * INSTRUCTION;
    view.setUint16(offset, CODE[statement.op], true);
    if ('value' in statement) view.setUint8(offset + 2, distance(statement.label, 0xff));
    view.setUint32(
      offset + 4,
      operand(statement, label => distance(label, 0xffff)),
      true,
    );
    at += 1;
  }
  return new Uint8Array(view.buffer);
}

function operand(
  statement: Exclude<Statement, { op: 'label' }>,
  distance: (label: string) => number,
): number {
  switch (statement.op) {
    case 'load':
      return statement.offset;
    case 'goto':
      return distance(statement.label);
    case 'return':
      return statement.action;
    default:
      return statement.value;
  }
}
