import { execFileSync } from 'node:child_process';
import { describeWithEngine, makeTestImage, TEST_IMAGE } from '@bot-bottle/test-kit';
import { backendOf } from '../test/bottle.js';

const docker = (...args: string[]) => execFileSync('docker', args, { encoding: 'utf8' }).trim();
const PROJECT = 'bot-bottle-survey-aaaaa';

/** A container of Compose's, with further labels. */
function make(name: string, labels: Record<string, string> = {}): void {
  const all = { 'com.docker.compose.project': PROJECT, ...labels };
  const options = Object.entries(all).flatMap(([label, value]) => ['--label', `${label}=${value}`]);
  docker('create', '--name', name, '--network', 'none', ...options, TEST_IMAGE, 'true');
}

describeWithEngine('a survey', () => {
  const names = ['survey-plain', 'survey-nonsense', 'survey-ours'];
  beforeAll(makeTestImage);
  afterAll(() => docker('rm', '--force', ...names));

  it('tells what bears no labels of a bottle, or nonsense in them, as not ours, and reads any path', async () => {
    const stateFolder = '/a path,with=all\tof "it"\n/backend';
    make('survey-plain');
    make('survey-nonsense', { 'bot-bottle.identity': '../../etc', 'bot-bottle.state': '/x' });
    make('survey-ours', {
      'bot-bottle.identity': 'survey-aaaaa',
      'bot-bottle.role': 'agent',
      'bot-bottle.state': stateFolder,
    });
    const seen = (await backendOf().survey?.())?.filter(({ project }) => project === PROJECT) ?? [];
    const told = (name: string) => seen.filter(sighting => sighting.names.includes(name));
    const common = { project: PROJECT, state: 'exited', createdAt: expect.any(Date) };
    for (const name of ['survey-plain', 'survey-nonsense'])
      expect(told(name)).toEqual([{ ...common, bottle: null, names: [name] }]);
    const bottle = { identity: 'survey-aaaaa', stateFolder, project: PROJECT };
    expect(told('survey-ours')).toEqual([{ ...common, bottle, names: ['survey-ours'] }]);
  });
});
