import type { Context } from '../context.js';
import { writeLine } from '../output/write.js';
import type { ResumeReport } from '../session/resume-report.js';

const WORKSPACE: Readonly<Record<ResumeReport['workspace'], string>> = {
  mounted: 'back: the mounted workspace',
  'in place': 'back: the workspace, with its changes',
  copied: 'NOT back: the changes of its workspace; its folder is copied anew',
  missing: 'NOT back: the workspace; its folder is gone',
};

/** Before the terminal is attached: what came back and what did not. */
export async function tellResumed(context: Context, report: ResumeReport): Promise<void> {
  const { transcript } = report;
  const lines = [
    ...(report.agent === 'running' ? ['back: the agent itself, which ran on without its keeper'] : []),
    ...(report.image === 'override' ? ['back: the image of its own Dockerfile'] : []),
    ...(report.image === 'unused override'
      ? ['NOT back: the image of its own Dockerfile; its backend runs none']
      : []),
    WORKSPACE[report.workspace],
    report.home === 'in place' ? "back: the agent's home" : "NOT back: the agent's home; it starts anew",
    ...transcript.inPlace.map(path => `back: transcript ${path}`),
    ...transcript.restored.map(path => `back: transcript ${path}, from its snapshot`),
    ...transcript.missing.map(path => `NOT back: transcript ${path}; there is none`),
    ...transcript.left.map(({ path, reason }) => `NOT back: ${path}: ${reason}`),
    ...(report.liveConfig === 'as started'
      ? ['NOT back: a live config; it may reach what a new bottle may']
      : []),
    ...(report.liveConfig === 'reset' ? ['NOT back: the live config; nothing is allowed now'] : []),
    ...report.absentEnv.map(name => `NOT back: the variable ${name}; it is not set here`),
  ];
  for (const line of lines) await writeLine(context.stderr, `bot-bottle: ${line}`);
}
