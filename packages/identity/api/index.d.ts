export type Identity = string & {
    readonly [brand]: 'Identity';
};
export declare class IdentityError extends Error {
    readonly name = "IdentityError";
    readonly code: IdentityErrorCode;
    constructor(code: IdentityErrorCode, message: string);
}
export type IdentityErrorCode = 'invalid-identity' | 'bad-random';
export declare const MAX_IDENTITY_LENGTH = 63;
export declare const MAX_SLUG_LENGTH = 30;
export type RandomSource = (bytes: Uint8Array) => void;
declare const brand: unique symbol;
export declare function composeProjectOf(identity: Identity): string;
export declare function isIdentity(text: unknown): text is Identity;
export declare function mintIdentity(agentName: string, options?: {
    random?: RandomSource;
}): Identity;
export declare function parseIdentity(text: string): Identity;
export declare function slugify(agentName: string): string;
export declare function splitIdentity(identity: Identity): {
    slug: string;
    suffix: string;
};
export {};
