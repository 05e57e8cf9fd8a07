// Every command of veza-run, in the order of `--help`.
import type { Register } from './registration.ts';
import { registerDoc } from './doc.ts';
import { registerLab } from './lab.ts';
import { registerMonitor } from './monitor.ts';
import { registerProd } from './prod.ts';
import { registerRun } from './run.ts';
import { registerTest } from './test.ts';

/** One a line, so that two who add one do not meet. */
export const commands: readonly Register[] = [
  registerRun,
  registerDoc,
  registerLab,
  registerTest,
  registerProd,
  registerMonitor,
];
