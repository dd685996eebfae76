import { isWide, matchAllowlist, parseAllowlist } from '@bot-bottle/live-config';
import * as fc from 'fast-check';
import { closed, denied, opened } from '../../test/records.js';
import { type AuditRecord, suggestAllowlist } from '../index.js';

function deniedTo(...targets: string[]): AuditRecord[] {
  return targets.map((target, id) => {
    const [, host = '', port] = /^(.*?)(?::(\d+))?$/.exec(target) ?? [];
    return denied(`${id}`, { host, port: Number(port ?? 443) });
  });
}

function linesFor(...targets: string[]): string[] {
  return suggestAllowlist(deniedTo(...targets)).map(({ line }) => line);
}

describe('suggestAllowlist', () => {
  it('names each host once, with how often it was denied, the most wanted first', () => {
    expect(suggestAllowlist(deniedTo('b.example', 'a.example', 'a.example:80', 'c.example'))).toEqual([
      { line: 'a.example', denials: 2, judge: null },
      { line: 'b.example', denials: 1, judge: null },
      { line: 'c.example', denials: 1, judge: null },
    ]);
  });

  it('says a port only where it is not 80 or 443', () => {
    expect(linesFor('a.example:80', 'a.example:443', 'a.example:8443')).toEqual([
      'a.example',
      'a.example:8443',
    ]);
  });

  it('makes one pattern, to be judged, of three subdomains of one owner, and none of two', () => {
    expect(linesFor('a.example.com', 'b.example.com')).toEqual(['a.example.com', 'b.example.com']);
    expect(suggestAllowlist(deniedTo('a.example.com', 'b.example.com', 'c.d.example.com'))).toEqual([
      { line: '*.example.com', denials: 3, judge: 'takes in every name below example.com' },
    ]);
  });

  it('makes the narrowest pattern that will do, and keeps the name that it does not take in', () => {
    expect(linesFor('a.cdn.example.com', 'b.cdn.example.com', 'c.cdn.example.com')).toEqual([
      '*.cdn.example.com',
    ]);
    expect(linesFor('a.cdn.example.com', 'b.cdn.example.com', 'cdn.example.com')).toEqual(['*.example.com']);
    expect(linesFor('example.com', 'a.example.com', 'b.example.com', 'c.example.com')).toEqual([
      '*.example.com',
      'example.com',
    ]);
  });

  it('makes no pattern of names with many owners, nor of those on several ports', () => {
    const pages = ['a.github.io', 'b.github.io', 'c.github.io'];
    const shops = ['a.co.uk', 'b.co.uk', 'c.co.uk'];
    const buckets = ['a.s3.amazonaws.com', 'b.s3.amazonaws.com', 'c.s3.amazonaws.com'];
    const ports = ['a.example.com:1', 'b.example.com:2', 'c.example.com:3'];
    for (const targets of [pages, shops, buckets, ports]) expect(linesFor(...targets)).toEqual(targets);
  });

  it('gives an address and a private name the flags that they need, for a person to judge', () => {
    const records = [
      ...deniedTo('93.184.216.34', '10.0.0.1:8080'),
      denied('6', { host: '::1' }),
      denied('7', { host: 'host.bot-bottle.internal', port: 8080 }),
      denied('p', { host: 'intranet.example.com', rule: 'private-address' }),
    ];
    const inside = 'leads to this machine or a private network';
    expect(suggestAllowlist(records)).toEqual([
      { line: '10.0.0.1:8080 ip private', denials: 1, judge: inside },
      { line: '93.184.216.34 ip', denials: 1, judge: 'an address says nothing of its owner' },
      { line: '[::1] ip private', denials: 1, judge: inside },
      { line: 'host.bot-bottle.internal:8080 private', denials: 1, judge: inside },
      { line: 'intranet.example.com private', denials: 1, judge: inside },
    ]);
  });

  it('leaves out what is allowed by now, but not what still lacks its flag', () => {
    const records = [
      ...deniedTo('a.example', 'b.example'),
      denied('p', { host: 'a.example', rule: 'private-address' }),
    ];
    const lines = suggestAllowlist(records, parseAllowlist('a.example')).map(({ line }) => line);
    expect(lines).toEqual(['a.example private', 'b.example']);
    expect(suggestAllowlist(records, parseAllowlist('*.example wide private'))).toEqual([]);
  });

  it('leaves out what was let out, and what no allowlist would let out', () => {
    const others = (['malformed', 'host-mismatch', 'not-routed', 'server-name-missing'] as const).map(rule =>
      denied(rule, { rule }),
    );
    const unusable = denied('u', { host: 'a\u0000b', port: 0 });
    expect(suggestAllowlist([opened('1'), closed('1'), ...others, unusable])).toEqual([]);
  });

  it('lets out all that was denied, and by no wide pattern', () => {
    const label = fc.constantFrom('a', 'b', 'c', 'www', 'example', 'github', 'co');
    const name = fc
      .tuple(
        fc.array(label, { minLength: 1, maxLength: 3 }),
        fc.constantFrom('com', 'co.uk', 'github.io', 'io'),
      )
      .map(([labels, suffix]) => [...labels, suffix].join('.'));
    const host = fc.oneof({ weight: 9, arbitrary: name }, fc.ipV4(), fc.ipV6());
    const port = fc.constantFrom(80, 443, 22, 8443);
    fc.assert(
      fc.property(fc.array(fc.tuple(host, port), { maxLength: 40 }), targets => {
        const suggestions = suggestAllowlist(targets.map(([host, port]) => denied('1', { host, port })));
        const entries = parseAllowlist(suggestions.map(({ line }) => line).join('\n'));
        for (const [host, port] of targets) {
          expect(matchAllowlist(entries, host, port)).not.toEqual([]);
        }
        expect(entries.filter(entry => isWide(entry.host))).toEqual([]);
        expect(suggestions.reduce((sum, { denials }) => sum + denials, 0)).toBe(targets.length);
      }),
    );
  });
});
