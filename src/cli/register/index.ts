// Every command of veza-run, in the order of `--help`.
import type { Register } from './registration.ts';
import { registerLab } from './lab.ts';
import { registerProd } from './prod.ts';
import { registerRun } from './run.ts';
import { registerTest } from './test.ts';

export const commands: readonly Register[] = [registerRun, registerLab, registerTest, registerProd];
