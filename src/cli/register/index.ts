// Every command of veza-run, in the order of `--help`. One line each, so that two who add one do not meet.
import type { Register } from './registration.ts';
import { registerDns } from './dns.ts';
import { registerDoc } from './doc.ts';
import { registerDomains } from './domains.ts';
import { registerDrift } from './drift.ts';
import { registerInventory } from './inventory.ts';
import { registerLab } from './lab.ts';
import { registerLint } from './lint.ts';
import { registerMonitor } from './monitor.ts';
import { registerProd } from './prod.ts';
import { registerRender } from './render.ts';
import { registerRun } from './run.ts';
import { registerSchema } from './schema.ts';
import { registerShow } from './show.ts';
import { registerTest } from './test.ts';
import { registerVars } from './vars.ts';
import { registerVault } from './vault.ts';

// prettier-ignore
export const commands: readonly Register[] = [
  registerRun,
  registerShow,
  registerDrift,
  registerInventory,
  registerVars,
  registerVault,
  registerLint,
  registerDoc,
  registerSchema,
  registerRender,
  registerProd,
  registerMonitor,
  registerDns,
  registerDomains,
  registerLab,
  registerTest,
];
