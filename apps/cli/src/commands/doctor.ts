import { diagnose } from '../doctor/diagnose.js';
import { paint } from '../output/colours.js';
import { printable } from '../output/escape.js';
import { EXIT } from '../output/exit-codes.js';
import { write, writeJson } from '../output/write.js';
import type { Run } from './spec.js';

const MARK = { ok: ['green', 'ok  '], warn: ['yellow', 'warn'], fail: ['red', 'FAIL'] } as const;

export const run: Run = async (context, input) => {
  const findings = await diagnose(context);
  const failed = findings.some(finding => finding.level === 'fail');
  if (input.flag('json')) {
    await writeJson(context.stdout, { ok: !failed, checks: findings });
  } else {
    for (const { level, check, fact, try: remedy } of findings) {
      const [style, word] = MARK[level];
      await write(context.stdout, `${paint(context.stdout, style, word)}  ${check}: ${printable(fact)}\n`);
      if (remedy !== null) await write(context.stdout, `      try: ${printable(remedy)}\n`);
    }
  }
  return failed ? EXIT.failed : EXIT.ok;
};
