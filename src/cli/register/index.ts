// Every command of veza-run, in the order of `--help`. One line each, so that two who add one do not meet.
import type { Register } from './registration.ts';
import { registerDoc } from './doc.ts';
import { registerLab } from './lab.ts';
import { registerMonitor } from './monitor.ts';
import { registerProd } from './prod.ts';
import { registerRun } from './run.ts';
import { registerSchema } from './schema.ts';
import { registerTest } from './test.ts';

// prettier-ignore
export const commands: readonly Register[] = [
  registerRun,
  registerDoc,
  registerSchema,
  registerProd,
  registerMonitor,
  registerLab,
  registerTest,
];
