// Runs inventories that are programs, on this machine, as the user who runs veza-run.
import { spawnSync } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { InventoryPrograms, ProgramOutput } from '../inventory/programs.ts';
import { limits } from '../lib/limits.ts';

/** The port; `timeoutMs` is how long one call may take. */
export function inventoryPrograms(timeoutMs: number = limits.inventoryProgramMs): InventoryPrograms {
  return { isProgram, run: (path, words) => run(path, words, timeoutMs) };
}

function isProgram(path: string): boolean {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return false;
  try {
    accessSync(path, constants.X_OK);
  } catch {
    return false;
  }
  // On some file systems every file may be executed: an inventory in YAML is not run for that.
  const file = openSync(path, 'r');
  try {
    const start = Buffer.alloc(4);
    const text = start.toString('latin1', 0, readSync(file, start, 0, start.length, 0));
    return text.startsWith('#!') || text === '\x7fELF';
  } finally {
    closeSync(file);
  }
}

function run(path: string, words: readonly string[], timeoutMs: number): ProgramOutput {
  const result = spawnSync(resolve(path), words, {
    cwd: dirname(resolve(path)),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    maxBuffer: limits.sourceFileBytes,
  });
  const { stdout, stderr } = result;
  const problem = problemOf(result, timeoutMs);
  return { stdout, stderr, ...(problem !== null && { problem }) };
}

function problemOf({ error, status, signal }: ReturnType<typeof spawnSync>, timeoutMs: number): string | null {
  const code = error && 'code' in error ? error.code : undefined;
  if (code === 'ETIMEDOUT') return `it took longer than ${timeoutMs / 1000} s`;
  if (code === 'ENOBUFS') return `it printed more than ${limits.sourceFileBytes} bytes`;
  if (code === 'ENOENT') return 'its interpreter (the first line) is not there';
  if (error) return error.message;
  if (signal) return `it was ended by ${signal}`;
  return status === 0 ? null : `it ended with exit code ${String(status)}`;
}
