// The value of a YAML scalar as Ansible's users mean it, and the traps of YAML 1.1 by name.
import type { Scalar } from 'yaml';
import type { Diagnostic } from './diagnostic.ts';

export interface ScalarValue {
  readonly value: string | number | boolean | null;
  readonly diagnostic?: Diagnostic;
}

const trueWords = new Set(['yes', 'Yes', 'YES', 'on', 'On', 'ON']);
const falseWords = new Set(['no', 'No', 'NO', 'off', 'Off', 'OFF']);

/** `key` is the key that the scalar is the value of. */
export function scalarValue(node: Scalar, key?: string): ScalarValue {
  const value = node.value;
  if (node.type !== 'PLAIN') return { value: plainValue(value) };
  const source = node.source ?? '';
  if (typeof value === 'string' && (trueWords.has(value) || falseWords.has(value))) return booleanWord(value);
  // A leading zero is octal in YAML 1.1, decimal in 1.2, and text in neither.
  if (typeof value === 'number' && /^[-+]?0[0-9_]+$/.test(source)) return leadingZero(source, key);
  return { value: plainValue(value) };
}

function booleanWord(word: string): ScalarValue {
  const value = trueWords.has(word);
  return {
    value,
    diagnostic: {
      severity: 'warning',
      code: 'yaml-boolean',
      message: `${word} is read as ${value}`,
      hint: `Write ${value}, or "${word}" in quotes where text is meant.`,
    },
  };
}

function leadingZero(source: string, key: string | undefined): ScalarValue {
  const digits = source.replaceAll('_', '');
  if (/[89]/.test(digits)) return { value: source };
  const value = Number.parseInt(digits, 8);
  // Taken as text where it is an error anyway, so that nothing else complains of a number.
  const isMode = key === 'mode' || key?.endsWith('_mode') === true;
  return {
    value: isMode ? source : value,
    diagnostic: {
      severity: isMode ? 'error' : 'warning',
      code: 'octal-number',
      message: `${source} is read as the number ${value}`,
      hint: `Write '${source}' in quotes.`,
    },
  };
}

function plainValue(value: unknown): string | number | boolean | null {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
      return value;
    case 'bigint':
      return Number(value);
    default:
      return null;
  }
}
