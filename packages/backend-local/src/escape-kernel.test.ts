import { describeWith } from '@bot-bottle/test-kit';
import { operator, run, runOutside } from '../test/bottle.js';
import { SYSTEM_CALLS } from '../test/probes/system-calls.js';

const { backend, spec } = operator();
const root = process.getuid?.() === 0;

describeWith(['bwrap', 'perl'], 'a program in a bottle', () => {
  it.each(SYSTEM_CALLS)('cannot $what', async ({ command, refusal }) => {
    const { code, output } = await run(backend, spec('probe-kernl', { command }));
    expect(output).toContain(`refused: ${refusal}`);
    expect(code).toBe(1);
  });

  // The probes themselves work: where nothing stands in the way they succeed.
  const controls = SYSTEM_CALLS.filter(({ control }) => control);
  (root ? it.each(controls) : it.skip.each(controls))('could $what outside', async ({ command }) => {
    expect(await runOutside(command)).toMatchObject({ code: 0, output: expect.stringMatching(/escaped|^$/) });
  });
});
