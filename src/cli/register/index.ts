// Every command of veza-run, in the order of `--help`.
import type { Register } from './registration.ts';
import { registerInventory } from './inventory.ts';
import { registerLab } from './lab.ts';
import { registerRun } from './run.ts';
import { registerTest } from './test.ts';
import { registerVars } from './vars.ts';
import { registerVault } from './vault.ts';

export const commands: readonly Register[] = [
  registerRun,
  registerInventory,
  registerLab,
  registerTest,
  registerVars,
  registerVault,
];
