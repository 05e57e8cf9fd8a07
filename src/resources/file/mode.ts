// File modes: octal strings and chmod's symbolic form, resolved against the mode that is.
import { VezaError } from '../../lib/errors.ts';
import type { FileType } from './state.ts';

const octal = /^0?[0-7]{3,4}$/;
const clause = /^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)$/;

/** The mode as four octal digits. Throws VezaError `invalid-mode`. */
export function resolveMode(wanted: string, current: string, type: FileType): string {
  if (octal.test(wanted)) return wanted.replace(/^0(?=.{4}$)/, '').padStart(4, '0');
  let mode = parseInt(current, 8);
  for (const part of wanted.split(',')) {
    const match = clause.exec(part);
    if (!match) {
      throw new VezaError('invalid-mode', `"${wanted}" is not a file mode`, {
        hint: 'Write it in quotes, as "0644" or "u=rw,g=r,o=".',
      });
    }
    for (const action of (match[2] ?? '').matchAll(/([-+=])([rwxXst]*|[ugo])(?=[-+=]|$)/g)) {
      mode = change(mode, match[1] ?? '', action[1] ?? '', action[2] ?? '', type);
    }
  }
  return mode.toString(8).padStart(4, '0');
}

/** The mode of something new where none is wanted, under the usual umask 022. */
export function defaultMode(type: FileType): string {
  return type === 'directory' ? '0755' : type === 'link' ? '0777' : '0644';
}

const shifts: Readonly<Record<string, number>> = { u: 6, g: 3, o: 0 };

function change(mode: number, who: string, operator: string, permissions: string, type: FileType): number {
  // No class is all of them: unlike chmod, Ansible does not apply the umask then.
  const classes = who === '' || who.includes('a') ? ['u', 'g', 'o'] : Array.from(who);
  let bits = 0;
  let mask = 0;
  for (const name of classes) {
    const shift = shifts[name] ?? 0;
    mask |= 7 << shift;
    bits |= classBits(mode, permissions, type) << shift;
    if (name === 'u') mask |= 0o4000;
    if (name === 'g') mask |= 0o2000;
    if (permissions.includes('s') && name === 'u') bits |= 0o4000;
    if (permissions.includes('s') && name === 'g') bits |= 0o2000;
  }
  if (permissions.includes('t')) bits |= 0o1000;
  if (operator === '+') return mode | bits;
  if (operator === '-') return mode & ~bits;
  // As chmod does: `=` leaves the set-id bits of a directory alone unless they are named.
  if (type === 'directory' && !permissions.includes('s')) mask &= 0o1777;
  return (mode & ~mask) | bits;
}

function classBits(mode: number, permissions: string, type: FileType): number {
  const copied = permissions.length === 1 ? shifts[permissions] : undefined;
  if (copied !== undefined) return (mode >> copied) & 7;
  let bits = 0;
  if (permissions.includes('r')) bits |= 4;
  if (permissions.includes('w')) bits |= 2;
  if (permissions.includes('x') || (permissions.includes('X') && (type === 'directory' || (mode & 0o111) !== 0))) {
    bits |= 1;
  }
  return bits;
}
