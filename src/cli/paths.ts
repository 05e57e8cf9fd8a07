// Where this package is, and where it keeps what it makes.
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, relative, resolve } from 'node:path';

/** The package's own folder, from the source and from the build alike. */
export const packageDirectory = resolve(import.meta.dirname, '../..');

/** State of a lab: key, known hosts, logs. */
export function labStateDirectory(name: string): string {
  return resolve(packageDirectory, '.veza-run', name);
}

/** What is kept between two runs of a person: `$XDG_STATE_HOME/veza-run`. */
export function userStateDirectory(): string {
  const given = process.env['XDG_STATE_HOME'] ?? '';
  // Relative ones are to be ignored, says the specification.
  return join(isAbsolute(given) ? given : join(homedir(), '.local/state'), 'veza-run');
}

export const defaultInventory = resolve(packageDirectory, 'inventory/lab.yml');

/** A path as people at this terminal would write it: relative where it is below the current folder. */
export function shownPath(path: string): string {
  const near = relative(process.cwd(), path);
  return isAbsolute(path) && near !== '' && !near.startsWith('..') ? near : path;
}

export function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(resolve(packageDirectory, 'package.json'), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
}
