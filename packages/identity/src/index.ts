export { IdentityError, type IdentityErrorCode } from './errors.js';
export {
  composeProjectOf,
  type Identity,
  isIdentity,
  MAX_IDENTITY_LENGTH,
  mintIdentity,
  parseIdentity,
  splitIdentity,
} from './identity.js';
export { MAX_SLUG_LENGTH, slugify } from './slug.js';
export type { RandomSource } from './suffix.js';
