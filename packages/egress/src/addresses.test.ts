import { networkInterfaces } from 'node:os';
import { isLoopback, isOwnAddress, isPublicAddress } from './addresses.js';

describe('isPublicAddress', () => {
  it.each([
    ['the first and last of 10/8', ['10.0.0.0', '10.255.255.255'], ['9.255.255.255', '11.0.0.0']],
    [
      'carrier-grade NAT',
      ['100.64.0.0', '100.127.255.255', '100.100.100.200'],
      ['100.63.255.255', '100.128.0.0'],
    ],
    ['loopback and this host', ['127.0.0.1', '127.255.255.255', '0.0.0.0'], ['128.0.0.0']],
    [
      'link-local and metadata',
      ['169.254.0.1', '169.254.169.254', '168.63.129.16'],
      ['169.253.255.255', '168.63.129.17'],
    ],
    ['172.16/12', ['172.16.0.0', '172.31.255.255'], ['172.15.255.255', '172.32.0.0']],
    ['192.168/16', ['192.168.0.0', '192.168.255.255'], ['192.167.255.255', '192.169.0.0']],
    ['multicast, reserved, broadcast', ['224.0.0.1', '240.0.0.1', '255.255.255.255'], ['223.255.255.255']],
    [
      'IPv6 that is not of 2000::/3',
      ['::', '::1', 'fe80::1', 'fc00::1', 'fd00:ec2::254', 'fec0::1', 'ff02::1'],
      ['2606:4700::1'],
    ],
    [
      'documentation, Teredo, 6to4',
      ['2001:db8::1', '3fff::1', '2001::1', '2002:7f00:1::'],
      ['2003::1', '2001:200::1'],
    ],
    ['IPv4-mapped', ['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:10.0.0.1'], ['::ffff:1.1.1.1']],
    ['IPv4-compatible', ['::127.0.0.1', '::1.1.1.1'], []],
    ['NAT64', ['64:ff9b::10.0.0.1', '64:ff9b::a9fe:a9fe', '64:ff9b:1::1.1.1.1'], ['64:ff9b::1.1.1.1']],
    ['what is no address', ['', 'localhost', '1.1.1', 'fe80::1%eth0', '2606:4700::1%eth0'], []],
  ])('refuses %s, and no neighbour', (_what, refused, neighbours) => {
    expect(refused.filter(isPublicAddress)).toEqual([]);
    expect(neighbours.filter(address => !isPublicAddress(address))).toEqual([]);
  });
});

describe('isOwnAddress', () => {
  it('knows every address that an interface of this machine has, also as IPv4-mapped', () => {
    const addresses = Object.values(networkInterfaces()).flatMap(list =>
      (list ?? []).map(({ address }) => address),
    );
    expect(addresses.length).toBeGreaterThan(0);
    expect(addresses.filter(address => !isOwnAddress(address))).toEqual([]);
    const four = addresses.filter(address => !address.includes(':'));
    expect(four.filter(address => !isOwnAddress(`::ffff:${address}`))).toEqual([]);
    expect(isOwnAddress('192.0.2.77')).toBe(false);
    expect(isOwnAddress('2001:db8::77')).toBe(false);
  });
});

describe('isLoopback', () => {
  it('takes loopback alone', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1'].every(isLoopback)).toBe(true);
    expect(['10.0.0.1', '::2', '0.0.0.0', 'fe80::1'].some(isLoopback)).toBe(false);
  });
});
