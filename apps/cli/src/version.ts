declare const __BOT_BOTTLE_VERSION__: string | undefined;

/** Put in by the build from package.json; a run from source has none. */
export const version = typeof __BOT_BOTTLE_VERSION__ === 'string' ? __BOT_BOTTLE_VERSION__ : '0.0.0-source';
