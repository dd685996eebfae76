import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describeWith } from '@bot-bottle/test-kit';
import fc from 'fast-check';
import { isPublicAddress } from '../src/addresses.js';

const RUNS = 20_000;

const byte = fc.oneof(
  fc.nat(255),
  fc.constantFrom(0, 1, 10, 100, 127, 168, 169, 172, 192, 198, 203, 224, 239, 240, 255),
);
const ipv4 = fc.tuple(byte, byte, byte, byte).map(bytes => bytes.join('.'));
const group = fc.oneof(fc.nat(0xffff), fc.constantFrom(0, 0, 1, 0xffff)).map(n => n.toString(16));
const ipv6 = fc
  .tuple(
    fc.constantFrom(
      '::ffff',
      '64:ff9b:0',
      '64:ff9b:1',
      '2001:0',
      '2001:db8',
      '2002:7f00',
      '3fff:1',
      'fe80:0',
      'fd00:ec2',
      'ff02:0',
      '2606:4700',
      '0:0',
      '100:0',
      '5f00:0',
    ),
    fc.array(group, { minLength: 6, maxLength: 6 }),
  )
  .map(([start, rest]) =>
    start === '::ffff'
      ? `::ffff:${rest.slice(0, 2).join(':')}`
      : [...start.split(':'), ...rest].slice(0, 8).join(':'),
  );
const embedded = fc
  .tuple(fc.constantFrom('::ffff:', '64:ff9b::', '::', '2002:'), ipv4)
  .map(([prefix, address]) => {
    if (prefix !== '2002:') return `${prefix}${address}`;
    const [a, b, c, d] = address.split('.').map(Number) as [number, number, number, number];
    return `2002:${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}::1`;
  });

describeWith('python3', 'Public addresses, beside the ipaddress module', () => {
  const addresses = fc.sample(fc.oneof(ipv4, ipv6, embedded, fc.ipV6()), { numRuns: RUNS, seed: 29 });
  const { stdout, stderr } = spawnSync('python3', [join(__dirname, 'address_oracle.py')], {
    input: addresses.join('\n'),
    encoding: 'utf8',
  });
  const theirs = stdout.trim().split('\n');

  it('are none here that are not there', () => {
    expect({ stderr, answers: theirs.length }).toEqual({ stderr: '', answers: RUNS });
    expect(addresses.filter((address, i) => isPublicAddress(address) && theirs[i] === 'no')).toEqual([]);
  });

  it('are all here that surely are there', () => {
    expect(addresses.filter((address, i) => theirs[i] === 'yes' && !isPublicAddress(address))).toEqual([]);
    expect(theirs.filter(answer => answer === 'yes').length).toBeGreaterThan(RUNS / 10);
  });
});
