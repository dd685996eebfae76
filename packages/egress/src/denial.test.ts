import { denialAnswer } from './denial.js';

it.each([
  ['127.0.0.1', 80, '"127.0.0.1 ip private"'],
  ['fd12::1', 8080, '"[fd12::1]:8080 ip private"'],
  ['host.bot-bottle.internal', 443, '"host.bot-bottle.internal private"'],
  ['93.184.216.34', 80, '"93.184.216.34 ip"'],
  ['a.example', 8443, 'a.example:8443'],
])('names in one go all that %s needs', (host, port, line) => {
  const attempt = { bottle: 'one-aaaaa', method: 'GET', path: '/', host, port };
  const { body } = denialAnswer({ ...attempt, rule: 'host-not-allowed' }, 'text');
  expect(body).toMatch(/ allowlist names .*\n.*/);
  expect(body.endsWith(`run on the host: bot-bottle allow one-aaaaa ${line}\n`)).toBe(true);
});

it('names the command that gives other routes where none of them lets it out', () => {
  const attempt = { bottle: 'one-aaaaa', method: 'POST', path: '/x', host: 'a.example', port: 443 };
  const command = 'bot-bottle policy one-aaaaa --routes FILE';
  const denied = { ...attempt, rule: 'not-routed' } as const;
  expect(denialAnswer(denied, 'text').body).toBe(
    'bot-bottle denied a.example:443 to the bottle one-aaaaa (not-routed): no route of the host lets POST /x out.\n' +
      `To allow it, run on the host: ${command}\n`,
  );
  expect(JSON.parse(denialAnswer(denied, 'json').body).error.allow).toBe(command);
});

it('names no command where none would let it out', () => {
  const attempt = { bottle: 'one-aaaaa', method: 'GET', path: '/', host: 'a.example', port: 443 };
  const { body, phrase } = denialAnswer({ ...attempt, rule: 'host-mismatch' }, 'text');
  expect(`${body}${phrase}`).not.toContain('To allow it');
});
