/** A word that a POSIX shell reads as `text`, quoted only where it has to be: for a command that somebody copies. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** The command that opens a file in the operator's own editor. */
export function edit(file: string): string {
  return `"\${EDITOR:-vi}" ${shellWord(file)}`;
}
