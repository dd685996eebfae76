import { HOST_NAME as PROXY_HOST_NAME } from '@bot-bottle/egress';
import { BUILT_IN_AGENTS } from './builtin.js';
import type { AgentDefinition } from './definition.js';
import { grantsOf } from './grants.js';
import { HOST_NAME } from './moved-service.js';

const KEY = 'the-key-of-the-operator';
const agent = (changes: Partial<AgentDefinition>): AgentDefinition => ({
  name: 'mine',
  description: '',
  command: ['mine'],
  resumeArgs: [],
  passEnv: [],
  setEnv: {},
  transcript: [],
  ...changes,
});
const builtIn = (name: string): AgentDefinition => {
  const found = BUILT_IN_AGENTS.find(definition => definition.name === name);
  if (found === undefined) throw new Error(`no agent ${name}`);
  return found;
};

describe('what an agent is granted', () => {
  it('is nothing where its definition names nothing', () => {
    expect(grantsOf(agent({}), { API_KEY: KEY })).toEqual({ allow: [], routes: [], env: {}, keys: [] });
  });

  it.each(BUILT_IN_AGENTS)('never holds a key ($name)', definition => {
    const env = Object.fromEntries((definition.credentials ?? []).map(credential => [credential.env, KEY]));
    const grants = grantsOf(definition, env);
    expect(JSON.stringify(grants)).not.toContain(KEY);
    for (const { env: name } of grants.keys) expect(grants.env[name]).toContain('placeholder-of-bot-bottle');
    for (const { host } of grants.routes) expect(definition.allow).toContain(host);
  });

  it('leads requests past the key that is set, by the name of its variable', () => {
    const { routes, env } = grantsOf(builtIn('claude'), { ANTHROPIC_API_KEY: KEY });
    expect(routes).toEqual([
      { host: 'api.anthropic.com', credential: { env: 'ANTHROPIC_API_KEY', header: 'x-api-key' } },
    ]);
    expect(Object.keys(env)).toEqual(['ANTHROPIC_API_KEY']);
  });

  it('puts the placeholder where the program looks, under another name than yours too', () => {
    const { routes, env } = grantsOf(builtIn('codex'), { OPENAI_API_KEY: KEY });
    expect(routes).toEqual([{ host: 'api.openai.com', credential: { env: 'OPENAI_API_KEY' } }]);
    expect(Object.keys(env)).toEqual(['OPENAI_API_KEY', 'CODEX_API_KEY']);
  });

  it('uses one key for a host, the first that is set', () => {
    const both = { ANTHROPIC_API_KEY: KEY, ANTHROPIC_AUTH_TOKEN: KEY, CLAUDE_CODE_OAUTH_TOKEN: '' };
    const { routes, env } = grantsOf(builtIn('claude'), both);
    expect(routes).toEqual([{ host: 'api.anthropic.com', credential: { env: 'ANTHROPIC_AUTH_TOKEN' } }]);
    expect(Object.keys(env)).toEqual(['ANTHROPIC_AUTH_TOKEN']);
  });

  it('uses no key that the routes of a bottle do not use', () => {
    const both = { ANTHROPIC_API_KEY: KEY, ANTHROPIC_AUTH_TOKEN: KEY };
    const { env } = grantsOf(builtIn('claude'), both, new Set(['ANTHROPIC_API_KEY']));
    expect(Object.keys(env)).toEqual(['ANTHROPIC_API_KEY']);
    expect(grantsOf(builtIn('claude'), both, new Set()).env).toEqual({});
  });

  it('uses no key that is not set, and allows the hosts nevertheless: one can log in', () => {
    const { allow, ...rest } = grantsOf(builtIn('claude'), { ANTHROPIC_API_KEY: '' });
    expect(allow.map(({ host }) => host)).toEqual(builtIn('claude').allow);
    expect(rest).toEqual({ routes: [], env: {}, keys: [] });
  });

  it.each([
    [
      'http://localhost:8080',
      `http://${HOST_NAME}:8080`,
      { host: HOST_NAME, port: 8080, flags: ['private'] },
    ],
    [
      'http://127.0.0.1:8080/v1/',
      `http://${HOST_NAME}:8080/v1/`,
      { host: HOST_NAME, port: 8080, flags: ['private'] },
    ],
    ['http://[::1]:8080', `http://${HOST_NAME}:8080`, { host: HOST_NAME, port: 8080, flags: ['private'] }],
    ['https://gate.example.com/x?y=z', 'https://gate.example.com/x?y=z', { host: 'gate.example.com' }],
    [
      'https://10.1.2.3:8443/',
      'https://10.1.2.3:8443/',
      { host: '10.1.2.3', port: 8443, flags: ['ip', 'private'] },
    ],
  ])('follows the service to %s', (url, inside, entry) => {
    const grants = grantsOf(builtIn('claude'), { ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: KEY });
    expect(grants.env['ANTHROPIC_BASE_URL']).toBe(inside);
    expect(grants.allow).toContainEqual(entry);
    expect(grants.allow.map(({ host }) => host)).not.toContain('api.anthropic.com');
    expect(grants.routes).toEqual([
      expect.objectContaining({
        host: entry.host,
        credential: { env: 'ANTHROPIC_API_KEY', header: 'x-api-key' },
      }),
    ]);
  });

  it('follows it without a key too', () => {
    const grants = grantsOf(builtIn('claude'), { ANTHROPIC_BASE_URL: 'http://localhost:8080' });
    expect(grants).toMatchObject({ routes: [], env: { ANTHROPIC_BASE_URL: `http://${HOST_NAME}:8080` } });
  });

  it.each([
    'nowhere',
    'ftp://example.com',
    'https://user:secret@example.com/',
    'https://secret@example.com/',
  ])('is refused, and what it says not repeated, where it is to be at %s', url => {
    expect(() => grantsOf(builtIn('claude'), { ANTHROPIC_BASE_URL: url })).toThrow(
      expect.objectContaining({ code: 'bad-variable', message: expect.not.stringContaining('secret') }),
    );
  });

  it('is refused with the agent’s name where a definition is wrong', () => {
    expect(() => grantsOf(agent({ allow: ['example.com', '1.2.3.4'] }), {})).toThrow('agents: mine: allow');
    const credentials = [{ env: 'API_KEY', host: '*.example.com' }];
    expect(() => grantsOf(agent({ credentials }), { API_KEY: KEY })).toThrow('agents: mine: credentials');
  });
});

it('names the host as the proxy does', () => {
  expect(HOST_NAME).toBe(PROXY_HOST_NAME);
});
