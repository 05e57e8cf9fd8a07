// What an error of evaluation means before anything runs: a mistake for sure, perhaps one, or nothing to speak of.
import type { VezaError } from '../lib/errors.ts';
import type { Diagnostic, Position } from '../lib/diagnostic.ts';
import { didYouMean } from '../lib/suggest.ts';
import type { Known } from './known.ts';
import { namesOf } from './findings.ts';
import type { LintOptions } from './options.ts';

export interface Circumstances {
  /** The task surely runs on these hosts, and nobody takes care of its failure. */
  readonly certain: boolean;
  readonly hosts: readonly string[];
}

const undefinedPath = /^'([^']+)' is undefined/;

/** The base name of what an error says is undefined: `a` of `a.b`; null for other errors. */
export function undefinedName(error: VezaError): { readonly path: string; readonly base: string } | null {
  const path = error.code === 'undefined-variable' ? undefinedPath.exec(error.message)?.[1] : undefined;
  return path === undefined ? null : { path, base: /^[^.[]*/.exec(path)?.[0] ?? path };
}

/** The finding, or null where it may well be no mistake. */
export function judge(
  error: VezaError,
  { certain, hosts }: Circumstances,
  known: Known,
  options: LintOptions,
): Diagnostic | null {
  const name = undefinedName(error);
  const { where, code } = error;
  if (!where || where.file === '') return null;
  const message = options.redactor.redact(error.message);
  if (name) {
    const severity = severityOfUndefined(name.base, certain, known, options, error);
    if (!severity) return null;
    const hint = hintFor(name.base, hosts, known, options) ?? error.hint;
    return { severity, code, message, where, length: name.path.length, ...(hint !== undefined && { hint }) };
  }
  if (!certain && code !== 'unknown-lookup' && code !== 'not-boolean') return null;
  const severity = certain || code === 'unknown-lookup' ? 'error' : 'warning';
  const length = wordLength(options.sources.get(where.file), where);
  return { severity, code, message, where, length, ...(error.hint !== undefined && { hint: error.hint }) };
}

function severityOfUndefined(
  base: string,
  certain: boolean,
  known: Known,
  options: LintOptions,
  error: VezaError,
): 'error' | 'warning' | null {
  if (options.incomplete && known.mayBeDefinedIn(base)) return null;
  const somewhere = known.somewhere(base);
  if (!certain) return somewhere ? null : 'warning';
  if (options.mode === 'run' || somewhere || error.hint?.startsWith('did you mean')) return 'error';
  return 'warning';
}

function hintFor(base: string, hosts: readonly string[], known: Known, options: LintOptions): string | undefined {
  const registered = known.registeredAt(base);
  if (registered) {
    return `a task registers or sets it at ${registered.file}:${registered.line}, which has not run (here) by then`;
  }
  const others = known.hostsWith(base).filter((host) => !hosts.includes(host));
  if (others.length > 0) {
    const them = others.length === 1 ? 'has it' : 'have it';
    return `${namesOf(others)} ${them}; define it for all, or write ${base} | default(...)`;
  }
  if (known.somewhere(base)) return undefined;
  const near = didYouMean(base, known.names());
  if (near !== null) return near;
  return options.mode === 'lint'
    ? `define it, give it to lint too with -e ${base}=..., or write ${base} | default(...)`
    : `define it, give it with -e ${base}=..., or write ${base} | default(...)`;
}

/** Characters of the word that begins at a place; 1 where there is none. */
function wordLength(source: string | undefined, { line, column }: Position): number {
  const text = source?.split('\n', line)[line - 1]?.slice(column - 1) ?? '';
  return /^[\w.]+/.exec(text)?.[0].length ?? 1;
}
