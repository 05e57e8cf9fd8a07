// `lookup('password', 'file ...')`: a password that is made once, kept in a file of the controller that only its owner can read.
import { randomBytes, randomInt } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { unknown, type Unknown } from '../../core/unknown.ts';
import type { LookupRequest } from '../../language/controller.ts';
import { numberOption, textOption, textTerm } from '../../language/lookups/options.ts';
import { readPairs } from '../../language/lookups/pairs.ts';
import { type Chance, seededChance } from '../../language/mersenne.ts';
import { characterPool, hashPassword, randomSalt, randomText } from '../../language/passwords.ts';
import type { Value, ValueMap } from '../../language/value.ts';
import { isList, ownValue } from '../../language/values.ts';
import { VezaError } from '../../lib/errors.ts';
import { baseOf } from './places.ts';

const optionNames = ['length', 'chars', 'encrypt', 'ident', 'seed'];
const defaultLength = 20;
const defaultChars = ['ascii_letters', 'digits', '.,:-_'];
const realChance: Chance = { below: (bound) => randomInt(bound) };

export function password({ terms, options, scope }: LookupRequest): readonly Value[] | Unknown {
  const results: Value[] = [];
  for (const term of terms) {
    const pairs = readPairs('password', textTerm('password', term), optionNames);
    const wanted = { ...pairs.options, ...options };
    const strange = Object.keys(wanted).find((name) => !optionNames.includes(name));
    if (strange !== undefined) {
      throw new VezaError('wrong-arguments', `the lookup 'password' has no option '${strange}'`);
    }
    const path = pairs.term === '/dev/null' ? null : resolve(baseOf(scope), pairs.term);
    const made = onePassword(path, wanted, scope.get('ansible_check_mode') === true);
    if (typeof made !== 'string') return made;
    results.push(made);
  }
  return results;
}

/** A dry run makes no file: what would be in it is unknown. */
function onePassword(path: string | null, options: ValueMap, isDryRun: boolean): string | Unknown {
  const encrypt = textOption(options, 'encrypt', '');
  const known = path !== null && existsSync(path) ? readPassword(path) : null;
  if (!known && path !== null && isDryRun) return unknown(`the password file ${path} is made by the run`);
  const made = known ?? { text: newPassword(options), salt: null };
  const salt = made.salt ?? (encrypt === '' ? null : randomSalt(16, realChance));
  const kept =
    path !== null && (known === null || salt !== known.salt) && !isDryRun ? keep(path, made.text, salt) : null;
  const { text, salt: usedSalt } = kept ?? { text: made.text, salt };
  return encrypt === '' ? text : hashPassword(text, { type: encrypt, salt: usedSalt ?? randomSalt(16, realChance) });
}

function newPassword(options: ValueMap): string {
  const length = numberOption(options, 'length', defaultLength);
  if (!Number.isInteger(length) || length < 1 || length > 4096) {
    throw new VezaError('wrong-arguments', 'a password has 1 to 4096 characters');
  }
  const seed = ownValue(options, 'seed');
  const chance =
    seed === undefined ? realChance : seededChance(typeof seed === 'number' ? seed : textOption(options, 'seed', ''));
  return randomText(length, characterPool(charsOf(ownValue(options, 'chars'))), chance);
}

function charsOf(value: Value | undefined): readonly string[] {
  if (value === undefined || value === null) return defaultChars;
  if (isList(value)) return value.map((part) => textTerm('password', part));
  const text = textTerm('password', value);
  // `,,` is the comma itself.
  return [
    ...text
      .replace(',,', ',')
      .split(',')
      .filter((part) => part !== ''),
    ...(text.includes(',,') ? [','] : []),
  ];
}

interface Kept {
  readonly text: string;
  readonly salt: string | null;
}

/** `password salt=...`, as Ansible writes it. */
function readPassword(path: string): Kept {
  const line = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  const [, text = line, salt] = /^(.*) salt=(\S+)(?: ident=\S+)?$/s.exec(line) ?? [];
  return { text, salt: salt ?? null };
}

/** Writes the file in one go; where another process was first, its password counts. */
function keep(path: string, text: string, salt: string | null): Kept {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const isNew = !existsSync(path);
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  writeFileSync(temporary, `${text}${salt === null ? '' : ` salt=${salt}`}\n`, {
    mode: 0o600,
    flag: 'wx',
    flush: true,
  });
  try {
    if (!isNew) unlinkSync(path);
    linkSync(temporary, path);
    return { text, salt };
  } catch (error) {
    if (existsSync(path)) return readPassword(path);
    throw error;
  } finally {
    unlinkSync(temporary);
  }
}
