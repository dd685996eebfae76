// What an agent wrote (a label, a folder's name, an error's path) must not reach the operator's terminal as a control
// sequence: C0 and C1 controls (ECMA-48), DEL, and the characters that reorder or break a line of Unicode text
// (bidirectional controls as in CVE-2021-42574, line and paragraph separators, zero-width joiners left alone).
const UNSAFE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** `text` as one line that is safe to print: every control character as its JavaScript escape. */
export function printable(text: string): string {
  return text.replace(UNSAFE, character => SHORT[character] ?? unicodeEscape(character));
}

/** JSON of `value` that is safe to print as well: JSON itself leaves DEL, C1 and bidirectional controls as they are. */
export function printableJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(UNSAFE, character =>
    character === '\n' ? character : unicodeEscape(character),
  );
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
