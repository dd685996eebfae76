import { BackendError } from './errors.js';

/** A new `minor` only adds optional members; a new `major` changes or removes some. */
export interface ContractVersion {
  readonly major: number;
  readonly minor: number;
}

/** The contract that this package describes. */
export const CONTRACT_VERSION: ContractVersion = { major: 1, minor: 0 };

/**
 * Accepts an adapter of the same major version and of an equal or older minor one. A newer minor is refused: such an
 * adapter may rely on what this version of bot-bottle does not do for it.
 * @throws BackendError `contract-mismatch`, naming both versions and what to upgrade.
 */
export function checkContract(
  adapter: { readonly name: string; readonly contract: ContractVersion },
  ours: ContractVersion = CONTRACT_VERSION,
): void {
  const theirs: unknown = adapter.contract;
  if (!isVersion(theirs)) {
    throw new BackendError(
      'contract-mismatch',
      `backend "${adapter.name}" states no contract version; expected ${text(ours)}`,
    );
  }
  if (theirs.major === ours.major && theirs.minor <= ours.minor) return;
  const behind = theirs.major < ours.major ? `backend "${adapter.name}"` : 'bot-bottle';
  throw new BackendError(
    'contract-mismatch',
    `backend "${adapter.name}" speaks contract ${text(theirs)}, this bot-bottle ${text(ours)}; upgrade ${behind}`,
  );
}

function isVersion(value: unknown): value is ContractVersion {
  const { major, minor } = (value ?? {}) as Partial<ContractVersion>;
  return Number.isSafeInteger(major) && Number.isSafeInteger(minor);
}

function text({ major, minor }: ContractVersion): string {
  return `${major}.${minor}`;
}
