// Minting an identity, against nanoid: its default id, and one of the same form (slug ready, 5 of 36 characters).
import { mintIdentity } from '@bot-bottle/identity';
import { customAlphabet, nanoid } from 'nanoid';
import { paired, report } from './paired.mjs';

const MINTS = 100_000;
const suffix = customAlphabet('abcdefghijklmnopqrstuvwxyz0123456789', 5);

const times = work => () => {
  let length = 0;
  for (let i = 0; i < MINTS; i++) length += work().length;
  return length;
};

const ours = times(() => mintIdentity('claude'));
report(await paired({ name: `mint ${MINTS}, base nanoid()`, ours, base: times(() => nanoid()) }));
report(
  await paired({
    name: `mint ${MINTS}, base nanoid customAlphabet`,
    ours,
    base: times(() => `claude-${suffix()}`),
  }),
);
