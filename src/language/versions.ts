// Comparing versions: loosely as Ansible does by default, and by the rules of semantic versioning.
import { fail } from './budget.ts';
import { orderTexts } from './comparison.ts';
import { comparePep440, compareStrict } from './versions-python.ts';

/** Negative, zero or positive. */
export function compareVersions(left: string, right: string, type: string): number {
  if (left === '') fail('the version to compare is empty');
  if (type === 'semver' || type === 'semantic') return compareSemantic(left, right);
  if (type === 'strict') return compareStrict(left, right);
  if (type === 'pep440') return comparePep440(left, right);
  if (type !== 'loose') fail(`there is no version type '${type}'`, 'loose, strict, semver or pep440');
  return compareLoose(left, right);
}

/** Whether the sign of a comparison is what an operator asks for. */
export function versionSatisfies(sign: number, operator: string): boolean {
  switch (operator) {
    case '==':
    case '=':
    case 'eq':
      return sign === 0;
    case '!=':
    case '<>':
    case 'ne':
      return sign !== 0;
    case '<':
    case 'lt':
      return sign < 0;
    case '<=':
    case 'le':
      return sign <= 0;
    case '>':
    case 'gt':
      return sign > 0;
    case '>=':
    case 'ge':
      return sign >= 0;
    default:
      return fail(`versions cannot be compared with '${operator}'`, 'use ==, !=, <, <=, > or >=');
  }
}

/** Numbers and words in turn; a number against a word, which Python refuses, puts the word first (1.0rc1 < 1.0.1). */
function compareLoose(left: string, right: string): number {
  const [a, b] = [loose(left), loose(right)];
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const [one, other] = [a[index], b[index]];
    if (one === undefined) return -1;
    if (other === undefined) return 1;
    if (typeof one === 'number' && typeof other === 'number') {
      if (one !== other) return one - other;
    } else if (typeof one === 'string' && typeof other === 'string') {
      if (one !== other) return orderTexts(one, other);
    } else return typeof one === 'string' ? -1 : 1;
  }
  return 0;
}

function loose(version: string): readonly (number | string)[] {
  const parts = version.match(/\d+|[a-z]+|[^\da-z.]+/g) ?? [];
  return parts.map((part) => (/^\d/.test(part) ? Number(part) : part));
}

const semanticPattern = /^v?(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/;

function compareSemantic(left: string, right: string): number {
  const parse = (version: string): readonly string[] => {
    return semanticPattern.exec(version)?.slice(1) ?? fail(`'${version}' is not a semantic version`);
  };
  const [a, b] = [parse(left), parse(right)];
  for (let index = 0; index < 3; index++) {
    const difference = Number(a[index]) - Number(b[index]);
    if (difference !== 0) return difference;
  }
  const [before, after] = [a[3], b[3]];
  if (!before || !after) return before === after ? 0 : before ? -1 : 1;
  return comparePrerelease(before.split('.'), after.split('.'));
}

function comparePrerelease(left: readonly string[], right: readonly string[]): number {
  for (const [index, one] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const numbers = /^\d+$/.test(one) && /^\d+$/.test(other);
    const sign = numbers ? Number(one) - Number(other) : orderTexts(one, other);
    if (sign === 0) continue;
    if (!numbers && /^\d+$/.test(one) !== /^\d+$/.test(other)) return /^\d+$/.test(one) ? -1 : 1;
    return sign;
  }
  return left.length - right.length;
}
