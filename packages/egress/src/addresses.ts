import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

/**
 * IPv4 that is not the public internet's: the IANA special-purpose registry (RFC 6890), multicast, and the one metadata
 * address of a cloud that lies in public space. Those of the others lie in these ranges (169.254.169.254, 100.100.100.200).
 */
const SPECIAL_IPV4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8], // this host: Linux takes it for loopback
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // carrier-grade NAT, RFC 6598
  ['127.0.0.0', 8],
  ['168.63.129.16', 32], // Azure's platform
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24], // 6to4 relays, RFC 7526
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4], // reserved, and broadcast
];

/** Ranges of 2000::/3 (the only one given out, RFC 4291) that are not the public internet's. */
const SPECIAL_IPV6: readonly (readonly [string, number])[] = [
  ['2001::', 23], // Teredo, ORCHID, benchmarks: RFC 2928
  ['2001:db8::', 32],
  ['2002::', 16], // 6to4: leads to an IPv4 address that nobody judged
  ['3fff::', 20], // documentation, RFC 9637
];

/** IPv6 that stands for an IPv4 address, which decides: IPv4-mapped, and NAT64's well-known prefix (RFC 6052). */
const EMBEDDING = ['::ffff:', '64:ff9b::'];

const special = new BlockList();
const global = new BlockList();
global.addSubnet('2000::', 3, 'ipv6');
for (const prefix of EMBEDDING) global.addSubnet(`${prefix}0.0.0.0`, 96, 'ipv6');
for (const [network, bits] of SPECIAL_IPV4) {
  special.addSubnet(network, bits, 'ipv4');
  for (const prefix of EMBEDDING) special.addSubnet(`${prefix}${network}`, 96 + bits, 'ipv6');
}
for (const [network, bits] of SPECIAL_IPV6) special.addSubnet(network, bits, 'ipv6');

/** A name that leads to the host's own 127.0.0.1, as Docker's `host.docker.internal`; its allowlist entry must say `private`. */
export const HOST_NAME = 'host.bot-bottle.internal';

/** Whether a host, in its canonical form, leads to no public address whatever a resolver says. */
export function isInside(host: string): boolean {
  return host === HOST_NAME || (isIP(host) !== 0 && !isPublicAddress(host));
}

/**
 * Whether an address is one of the public internet. Private, shared, loopback, link-local, cloud-metadata, multicast,
 * documentation and reserved ones are not, nor those that reach an address in another way (6to4, Teredo).
 * @param address in the form that the system's resolver gives it
 */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !special.check(address, 'ipv4');
  if (family === 0 || address.includes('%')) return false;
  return global.check(address, 'ipv6') && !special.check(address, 'ipv6');
}

/** A laptop changes its networks; to ask at each connection would cost more than all else that is decided about it. */
const OWN_KNOWN_MS = 5000;
let own = { list: new BlockList(), until: 0 };

/**
 * Whether an address is one of this machine's own, public or not: what listens here trusts callers that come from here, and no
 * firewall stands between.
 */
export function isOwnAddress(address: string): boolean {
  if (performance.now() > own.until) {
    own = { list: new BlockList(), until: performance.now() + OWN_KNOWN_MS };
    for (const each of Object.values(networkInterfaces()).flat()) {
      if (each) own.list.addAddress(each.address, each.family === 'IPv6' ? 'ipv6' : 'ipv4');
    }
  }
  return own.list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether what is sent to an address stays on this machine. */
export function isLoopback(address: string): boolean {
  return loopback.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
