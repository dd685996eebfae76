// What was thrown can be anything.

/** The `code` of an error, of a package's or of a system call's; looks at no class, so that it knows those of any realm. */
export function codeOf(error: unknown): string | undefined {
  return textOf(error, 'code');
}

export function messageOf(error: unknown): string {
  return textOf(error, 'message') ?? String(error);
}

function textOf(error: unknown, key: string): string | undefined {
  const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, key) : undefined;
  return typeof value === 'string' ? value : undefined;
}
