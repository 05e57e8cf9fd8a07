// How many files and sockets a process may have open at once.
import { readFileSync } from 'node:fs';

/** Of this process; 0 where the system does not tell. */
export function openFilesLimit(): number {
  try {
    return softLimitOf(readFileSync('/proc/self/limits', 'latin1'));
  } catch {
    return 0;
  }
}

/** Linux's table of limits has the soft one first, which is the one in force; 0 = there is none. */
export function softLimitOf(limits: string): number {
  const [, soft = '0'] = /^Max open files +([0-9]+) /m.exec(limits) ?? [];
  return Number(soft);
}
