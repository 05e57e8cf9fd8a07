// Saved plans on disk: for their owner's eyes only, and never half written.
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join, basename } from 'node:path';
import { messageOf, VezaError } from '../lib/errors.ts';

/** Throws VezaError `file-not-found`. */
export function readPlanFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new VezaError('file-not-found', `the plan "${path}" cannot be read: ${messageOf(error)}`, {
      hint: 'make one with --plan-out FILE',
    });
  }
}

/** Throws VezaError `file-not-written`. */
export function writePlanFile(path: string, text: string): void {
  const beside = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  try {
    const file = openSync(beside, 'wx', 0o600);
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw new VezaError('file-not-written', `the plan cannot be written to "${path}": ${messageOf(error)}`);
  }
}

/** What makes the fingerprints of one plan its own. */
export function newSalt(): string {
  return randomBytes(24).toString('base64url');
}
