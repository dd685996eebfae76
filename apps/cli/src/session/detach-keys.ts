export const DEFAULT_DETACH_KEYS = 'ctrl-p,ctrl-q';
/** The bytes of a sequence in Docker's syntax. Throws SessionError 'bad-detach-keys'. */
export declare function parseDetachKeys(text: string): Uint8Array;
