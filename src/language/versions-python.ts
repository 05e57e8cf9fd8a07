// Versions of Python packages (PEP 440), and the strict ones of distutils: `1.2[.3][a1]`.
import { fail } from './budget.ts';
import { orderTexts } from './comparison.ts';

type Key = readonly (number | string)[];

const pattern =
  /^v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(alpha|a|beta|b|preview|pre|rc|c)[-_.]?(\d*))?(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d*))?(?:[-_.]?(dev)[-_.]?(\d*))?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$/;
const phases: Readonly<Record<string, number>> = { a: 0, alpha: 0, b: 1, beta: 1, c: 2, rc: 2, pre: 2, preview: 2 };

/** Negative, zero or positive. Throws `evaluation-failed` for what is no such version. */
export function comparePep440(left: string, right: string): number {
  return compareKeys(pep440Key(left), pep440Key(right));
}

/** As above, for strict versions. */
export function compareStrict(left: string, right: string): number {
  return compareKeys(strictKey(left), strictKey(right));
}

/** Epoch, phase, number of the phase, post, dev and local parts behind the numbers of the release. */
function pep440Key(version: string): readonly Key[] {
  const match = pattern.exec(version.trim().toLowerCase()) ?? fail(`'${version}' is no version of PEP 440`);
  const [, epoch = '0', release = '', phase, phaseNumber, dash, post, postNumber, dev, devNumber, local] = match;
  const isPost = dash !== undefined || post !== undefined;
  const beforeAll = phase === undefined && !isPost && dev !== undefined;
  return [
    [Number(epoch)],
    withoutZeros(release.split('.').map(Number)),
    phase === undefined ? [beforeAll ? -1 : 3] : [phases[phase] ?? 2, Number(phaseNumber ?? 0)],
    isPost ? [1, Number(dash ?? postNumber ?? 0)] : [0],
    dev === undefined ? [1] : [0, Number(devNumber ?? 0)],
    local === undefined ? [] : local.split(/[-_.]/).map((part) => (/^\d+$/.test(part) ? Number(part) : part)),
  ];
}

function strictKey(version: string): readonly Key[] {
  const match = /^(\d+)\.(\d+)(?:\.(\d+))?(?:([ab])(\d+))?$/.exec(version.trim());
  if (!match) return fail(`'${version}' is no strict version`, 'two or three numbers, such as 1.2 or 1.2.3b1');
  const [, major = '', minor = '', patch = '0', phase, number = '0'] = match;
  return [
    [Number(major), Number(minor), Number(patch)],
    phase === undefined ? [3] : [phases[phase] ?? 0, Number(number)],
  ];
}

function withoutZeros(numbers: readonly number[]): Key {
  const last = numbers.findLastIndex((number) => number !== 0);
  return numbers.slice(0, last + 1);
}

function compareKeys(left: readonly Key[], right: readonly Key[]): number {
  for (const [index, one] of left.entries()) {
    const sign = compareParts(one, right[index] ?? []);
    if (sign !== 0) return sign;
  }
  return 0;
}

function compareParts(left: Key, right: Key): number {
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const [one, other] = [left[index], right[index]];
    if (one === undefined) return -1;
    if (other === undefined) return 1;
    if (one === other) continue;
    if (typeof one === 'string' && typeof other === 'string') return orderTexts(one, other);
    if (typeof one === 'number' && typeof other === 'number') return one - other;
    return typeof one === 'number' ? 1 : -1;
  }
  return 0;
}
