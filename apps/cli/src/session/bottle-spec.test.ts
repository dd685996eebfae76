import type { Identity } from '@bot-bottle/identity';
import { bottlePaths } from '@bot-bottle/state-paths';
import { bottleSpec } from './bottle-spec.js';
import type { LaunchRecord } from './launch-file.js';
import type { ResumeReport } from './resume-report.js';

const paths = bottlePaths('/root', 'talker-aaaaa' as Identity);

function commandOf(
  transcript: readonly string[],
  came: Partial<ResumeReport['transcript']> | null,
): readonly string[] {
  const launch: LaunchRecord = {
    version: 1,
    agent: {
      name: 'talker',
      description: '',
      command: ['talk'],
      resumeArgs: ['--continue'],
      passEnv: [],
      setEnv: {},
      transcript,
    },
    args: ['loudly'],
    backend: { name: 'local' },
    workspace: { kind: 'empty' },
    limits: {},
  };
  const report: ResumeReport = {
    agent: 'started',
    image: 'agent',
    workspace: 'in place',
    home: 'in place',
    transcript: { restored: [], inPlace: [], missing: [], left: [], ...came },
    liveConfig: 'in place',
    labels: {},
    args: launch.args,
    absentEnv: [],
  };
  return bottleSpec({
    ref: { identity: paths.identity, stateFolder: '/state/adapter' },
    paths,
    launch,
    labels: {},
    env: {},
    report: came === null ? null : report,
    routed: new Set(),
    wayOut: null,
  }).command;
}

describe('the command of a bottle', () => {
  it('continues the conversation where one came back, or lies in place', () => {
    const continued = ['talk', '--continue', 'loudly'];
    expect(commandOf(['.talk'], { restored: ['.talk'] })).toEqual(continued);
    expect(commandOf(['.talk', '.more'], { inPlace: ['.talk'], missing: ['.more'] })).toEqual(continued);
  });

  it('starts anew where none did, for `claude --continue` and its like then fail', () => {
    expect(commandOf(['.talk'], { missing: ['.talk'] })).toEqual(['talk', 'loudly']);
    expect(commandOf(['.talk'], null)).toEqual(['talk', 'loudly']);
  });

  it('continues an agent that names no transcript: nobody can tell', () => {
    expect(commandOf([], {})).toEqual(['talk', '--continue', 'loudly']);
  });
});
