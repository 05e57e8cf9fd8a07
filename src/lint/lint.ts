// The static check: every mistake that can be known before the first connection. Reads nothing by itself, changes nothing.
import type { Diagnostic } from '../lib/diagnostic.ts';
import { advise } from './advice.ts';
import { Findings } from './findings.ts';
import { Known } from './known.ts';
import type { LintOptions } from './options.ts';
import { checkShapes } from './shapes.ts';
import { checkStructure } from './structure.ts';
import { walkPlays } from './walk.ts';

export type { LintOptions } from './options.ts';

/** What is wrong with playbooks that could be read; mistakes of reading are not repeated. */
export function lintPlaybooks(options: LintOptions): readonly Diagnostic[] {
  const findings = new Findings();
  const known = new Known(options);
  const wrong = checkShapes(options, findings);
  checkStructure(options, findings);
  walkPlays(options, { known, findings, wrong });
  if (options.mode === 'lint') advise(options, findings);
  return findings.all();
}
