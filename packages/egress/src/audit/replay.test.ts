import { parseAllowlist, parseRoutes } from '@bot-bottle/live-config';
import { closed, denied, opened } from '../../test/records.js';
import { type AuditRecord, type Policy, replay } from '../index.js';

function policy(allowlist: string, routes = ''): Policy {
  return {
    generation: 1,
    revision: 'candidate',
    allowlist: parseAllowlist(allowlist),
    routes: parseRoutes(routes),
  };
}

const NARROWED = 'routes: [{ host: example.com, methods: [GET], paths: [/v1/**] }]';

describe('replay', () => {
  it('says of each distinct request what was decided, and what would have been', () => {
    const records = [
      denied('1', { host: 'new.example' }),
      denied('2', { host: 'new.example' }),
      opened('3', { host: 'old.example', entry: 'old.example' }),
      closed('3', { host: 'old.example', entry: 'old.example' }),
    ];
    expect(replay(records, policy('new.example'))).toEqual([
      {
        method: 'CONNECT',
        host: 'new.example',
        port: 443,
        times: 2,
        was: { allowed: false, rule: 'host-not-allowed' },
        now: { allowed: true, rule: 'allowlist', entry: 'new.example' },
      },
      {
        method: 'CONNECT',
        host: 'old.example',
        port: 443,
        times: 1,
        was: { allowed: true, rule: 'allowlist', entry: 'old.example' },
        now: { allowed: false, rule: 'host-not-allowed' },
      },
    ]);
  });

  it('judges by the routes where the path is on record', () => {
    const get = { method: 'GET', path: '/v1/models' };
    const records = [opened('1', get), opened('2', { ...get, path: '/admin' })];
    const decided = replay(records, policy('example.com', NARROWED)).map(({ path, now }) => [path, now]);
    expect(decided).toEqual([
      ['/v1/models', { allowed: true, rule: 'route', entry: 'GET example.com /v1/**' }],
      ['/admin', { allowed: false, rule: 'not-routed', entry: 'GET example.com /v1/**' }],
    ]);
  });

  const decide = (record: AuditRecord, allowlist: string, routes?: string) =>
    replay([record], policy(allowlist, routes)).map(({ now }) => now.rule);

  it('lets no private address out without the flag, whether it was denied for it or let out by it', () => {
    const refused = denied('1', { rule: 'private-address' });
    expect(decide(refused, 'example.com')).toEqual(['private-address']);
    expect(decide(refused, 'example.com private')).toEqual(['allowlist']);
    const letOut = opened('1', { address: '10.0.0.1' });
    expect(decide(letOut, 'example.com')).toEqual(['private-address']);
    expect(decide(letOut, 'example.com private')).toEqual(['allowlist']);
  });

  it('lets out by no policy what was wrong with the request itself', () => {
    for (const rule of [
      'host-mismatch',
      'server-name-mismatch',
      'malformed',
      'credential-in-clear',
    ] as const) {
      expect(decide(denied('1', { rule }), 'example.com')).toEqual([rule]);
    }
  });

  it('lets out what was denied on request of an entry that the candidate lacks', () => {
    for (const rule of ['server-name-missing', 'server-name-encrypted'] as const) {
      expect(decide(denied('1', { rule }), 'example.com sni')).toEqual([rule]);
      expect(decide(denied('1', { rule }), 'example.com')).toEqual(['allowlist']);
    }
    const unknown = denied('1', { rule: 'unknown-protocol' });
    expect(decide(unknown, 'example.com')).toEqual(['unknown-protocol']);
    expect(decide(unknown, 'example.com:443')).toEqual(['allowlist']);
    expect(decide(unknown, 'example.com:443', NARROWED)).toEqual(['unknown-protocol']);
  });
});
