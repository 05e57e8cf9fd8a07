// The configuration file: read, checked, replaced in one step; and what it names, tried before it is relied on.
import { closeSync, copyFileSync, openSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import type { Diagnostic } from '../../lib/diagnostic.ts';
import { DiagnosticsError, messageOf, VezaError } from '../../lib/errors.ts';
import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type { Bind, ProxyConfig } from '../core/config/model.ts';
import { readConfig } from '../core/config/read.ts';

/** Reads and checks a configuration file; throws DiagnosticsError or VezaError. */
export function loadConfig(file: string): { readonly config: ProxyConfig; readonly text: string } {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new VezaError('cannot-read', `cannot read ${file}: ${messageOf(error)}`, {
      hint: 'Give the path of a YAML or JSON file.',
    });
  }
  return { config: parseConfig(text, file), text };
}

/** Checks a text; throws ConfigError. */
export function parseConfig(text: string, file: string): ProxyConfig {
  const result = readConfig(text, file);
  if (!result.ok) throw new ConfigError(result.diagnostics, text);
  return result.config;
}

/** Throws if a log cannot be written: each worker would find out only while it serves. */
export function tryLogs({ log }: ProxyConfig): void {
  const named = log.access.map((target) => ['access', target] as const);
  for (const [name, target] of [...named, ['operational', log.output] as const]) {
    if (target.kind !== 'file') continue;
    try {
      closeSync(openSync(target.path, 'a', 0o640));
    } catch (error) {
      throw new VezaError('cannot-open', `cannot open the ${name} log: ${messageOf(error)}`, {
        hint: 'Create its folder, writable for the user of veza-proxy, or set `log` to `stdout` or `off`.',
      });
    }
  }
}

/** In one step, so that whoever reads the file sees one or the other; what it was is kept beside it. */
export function replaceFile(file: string, text: string): void {
  const mode = statSync(file).mode & 0o777;
  copyFileSync(file, `${file}.previous`);
  writeFileSync(`${file}.new`, text, { mode, flush: true });
  renameSync(`${file}.new`, file);
}

/** Problems of a configuration file together with its text, for showing the lines. */
export class ConfigError extends DiagnosticsError {
  readonly text: string;
  constructor(diagnostics: readonly Diagnostic[], text: string) {
    super(diagnostics);
    this.text = text;
  }
}

/** In words, for the log and the stats socket. */
export function describe(error: unknown): string {
  if (!(error instanceof ConfigError)) return messageOf(error);
  return error.diagnostics
    .map(({ where, message }) => `${where ? `${where.file}:${where.line}:${where.column}: ` : ''}${message}`)
    .join('\n');
}

/** All that the frontends listen on. */
export function bindsOf(config: ProxyConfig): Bind[] {
  return config.frontends.flatMap((frontend) => frontend.binds);
}

export function workerCount(config: ProxyConfig): number {
  return config.workers === 'auto' ? availableParallelism() : config.workers;
}

/** The text in force, and how often commands have changed what it said. */
export class RunningText {
  text: string;
  edits = 0;

  constructor(text: string) {
    this.text = text;
  }

  replace(text: string): void {
    this.text = text;
    this.edits = 0;
  }

  /** Changes with every text that is in force, and with every change at run time. */
  get etag(): string {
    return `"${createHash('sha256').update(`${this.edits} ${this.text}`).digest('base64url').slice(0, 22)}"`;
  }
}
