// The value of a YAML scalar as Ansible's users mean it, and the traps of YAML 1.1 by name.
import type { Scalar } from 'yaml';
import type { Diagnostic } from './diagnostic.ts';

export interface ScalarValue {
  readonly value: string | number | boolean | null;
  readonly diagnostic?: Diagnostic;
}

const trueWords = new Set(['yes', 'Yes', 'YES', 'on', 'On', 'ON']);
const falseWords = new Set(['no', 'No', 'NO', 'off', 'Off', 'OFF']);

/** `key` is the key that the scalar is the value of; none in a list. */
export function scalarValue(node: Pick<Scalar, 'type' | 'source' | 'value'>, key?: string): ScalarValue {
  const value = node.value;
  if (node.type !== 'PLAIN') return { value: plainValue(value) };
  const source = node.source ?? '';
  if (typeof value === 'string' && (trueWords.has(value) || falseWords.has(value))) return booleanWord(value, key);
  // A leading zero is octal in YAML 1.1, decimal in 1.2, and text in neither.
  if (typeof value === 'number' && /^[-+]?0[0-9_]+$/.test(source)) return leadingZero(source, key);
  if (typeof value === 'string' && /^[-+]?\d/.test(value)) return { value, ...oldNumber(value) };
  return { value: plainValue(value) };
}

/** What YAML 1.1, and so Ansible, reads as a number or a date, and we as the text that is written. */
function oldNumber(text: string): { readonly diagnostic?: Diagnostic } {
  const meant = /^[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+$/.test(text)
    ? `the number ${sexagesimal(text)}`
    : /^[-+]?[1-9][0-9]*_[0-9_]*$/.test(text)
      ? `the number ${text.replaceAll('_', '')}`
      : /^\d{4}-\d{2}-\d{2}(?:$|[Tt ])/.test(text)
        ? 'a date'
        : null;
  if (meant === null) return {};
  const message = `${text} is text here, but ${meant} to Ansible`;
  return { diagnostic: { severity: 'warning', code: 'yaml-number', message, hint: `Write "${text}" in quotes.` } };
}

/** 22:30 is 22 times 60 and 30. */
function sexagesimal(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1;
  const parts = text.replace(/^[-+]/, '').replaceAll('_', '').split(':');
  return sign * parts.reduce((sum, part) => sum * 60 + Number(part), 0);
}

/** As the value of a key, `yes` mostly means what it says; in a list (of countries), or as `on`, often text. */
function booleanWord(word: string, key: string | undefined): ScalarValue {
  const value = trueWords.has(word);
  const usual = key !== undefined && /^(?:yes|no)$/i.test(word);
  return {
    value,
    diagnostic: {
      severity: usual ? 'info' : 'warning',
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
