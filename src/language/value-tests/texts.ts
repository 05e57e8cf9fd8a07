// Tests of texts: patterns, versions, letter case.
import { type Args, type Call, elements, flagArgument, textArgument, type ValueTest } from '../callable.ts';
import { checkSubject, compileRegex } from '../regex.ts';
import { textOf } from '../text.ts';
import type { Value } from '../value.ts';
import { compareVersions, versionSatisfies } from '../versions.ts';

const versionTest: ValueTest = {
  parameters: ['version', 'operator', 'strict', 'version_type'],
  required: 1,
  run: (value, [version, operator, strict, type], { budget }) => {
    const kind = textArgument(type ?? undefined, flagArgument(strict, false) ? 'strict' : 'loose', budget);
    const sign = compareVersions(textOf(value, budget), textArgument(version, '', budget), kind);
    return versionSatisfies(sign, textArgument(operator, 'eq', budget));
  },
};

export const textTests: Readonly<Record<string, ValueTest>> = {
  match: pattern((regex) => `^(?:${regex})`),
  search: pattern((regex) => regex),
  regex: {
    ...pattern((regex) => regex),
    parameters: ['pattern', 'ignorecase', 'multiline', 'match_type'],
    run: (value, args, call) => {
      const isMatch = args[3] === 'match' || args[3] === 'fullmatch';
      return matches(value, args, call, (regex) => (isMatch ? `^(?:${regex})` : regex));
    },
  },
  version: versionTest,
  version_compare: versionTest,
  lower: { parameters: [], run: (value, _args, { budget }) => isCase(textOf(value, budget), 'lower') },
  upper: { parameters: [], run: (value, _args, { budget }) => isCase(textOf(value, budget), 'upper') },
  uri: address(/^([a-z][a-z0-9+.-]*):/i),
  url: address(/^([a-z][a-z0-9+.-]*):\/\/[^\s]/i),
  urn: address(/^(urn):/i),
  vault_encrypted: { parameters: [], run: (value) => typeof value === 'string' && value.startsWith('$ANSIBLE_VAULT;') },
  escaped: { parameters: [], run: () => false },
  abs: { parameters: [], run: isAbsolute },
  is_abs: { parameters: [], run: isAbsolute },
};

function pattern(wrap: (regex: string) => string): ValueTest {
  return {
    parameters: ['pattern', 'ignorecase', 'multiline'],
    required: 1,
    run: (value, args, call) => matches(value, args, call, wrap),
  };
}

function matches(
  value: Value,
  [regex, ignoreCase, multiline]: Args,
  { budget }: Call,
  wrap: (regex: string) => string,
): boolean {
  const flags = `${flagArgument(ignoreCase, false) ? 'i' : ''}${flagArgument(multiline, false) ? 'm' : ''}`;
  const text = checkSubject(textOf(value, budget), budget);
  return compileRegex(wrap(textArgument(regex, '', budget)), flags).test(text);
}

/** Addresses with a scheme, of those that are given. */
function address(pattern: RegExp): ValueTest {
  return {
    parameters: ['schemes'],
    run: (value, [schemes], { budget }) => {
      const scheme = typeof value === 'string' ? pattern.exec(value)?.[1]?.toLowerCase() : undefined;
      if (scheme === undefined || schemes === undefined || schemes === null) return scheme !== undefined;
      return elements(schemes, budget).includes(scheme);
    },
  };
}

function isCase(text: string, which: 'lower' | 'upper'): boolean {
  return /\p{L}/u.test(text) && text === (which === 'lower' ? text.toLowerCase() : text.toUpperCase());
}

/** Ansible's: an absolute path. */
function isAbsolute(value: Value, _args: Args, { budget }: Call): boolean {
  return textOf(value, budget).startsWith('/');
}
