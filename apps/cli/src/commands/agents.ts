import type { KnownAgent } from '../agents/known.js';
import { loadSettings } from '../config/settings.js';
import { EXIT } from '../output/exit-codes.js';
import { type Column, formatPlain, formatTable } from '../output/table.js';
import { write, writeJson } from '../output/write.js';
import type { Run } from './spec.js';

const COLUMNS: readonly Column<KnownAgent>[] = [
  { title: 'AGENT', value: agent => agent.definition.name, style: () => 'cyan' },
  { title: 'DESCRIPTION', value: agent => agent.definition.description },
  { title: 'DEFINED BY', value: agent => agent.source, style: () => 'dim' },
];

export const run: Run = async (context, input) => {
  const agents = [...loadSettings(context).agents.values()];
  if (input.flag('json')) {
    await writeJson(
      context.stdout,
      agents.map(({ definition, source }) => ({
        ...definition,
        allow: definition.allow ?? [],
        credentials: definition.credentials ?? [],
        toolPaths: definition.toolPaths ?? [],
        image: definition.image ?? null,
        dockerfile: definition.dockerfile ?? null,
        needsNetwork: definition.needsNetwork ?? false,
        backend: definition.backend ?? null,
        source,
      })),
    );
  } else if (context.stdout.isTTY) {
    await write(context.stdout, formatTable(context.stdout, COLUMNS, agents));
  } else {
    for (const agent of agents) await write(context.stdout, formatPlain(COLUMNS, agent));
  }
  return EXIT.ok;
};
