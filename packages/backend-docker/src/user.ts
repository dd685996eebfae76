/** `uid:gid` of the operator, whose files the bottle's folders hold: what the agent writes is the operator's. */
export function operatorUser(): string {
  return `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
}
