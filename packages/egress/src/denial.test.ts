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
