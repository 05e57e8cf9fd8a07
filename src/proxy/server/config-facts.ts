// Small questions about configurations and their problems that the master asks.
import { closeSync, openSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Diagnostic } from '../../lib/diagnostic.ts';
import { messageOf, VezaError } from '../../lib/errors.ts';
import { type Bind, type ProxyConfig, serverKey } from '../core/config/model.ts';
import { ConfigError, type LoadedConfig } from './config-source.ts';
import type { OperationalLog } from './operational-log.ts';

/** Throws if a log cannot be written: each worker would find out only while it serves. */
export function tryLogs({ log }: ProxyConfig): void {
  const named = log.access.map((target) => ['access', target] as const);
  for (const [name, target] of [...named, ...log.outputs.map((target) => ['operational', target] as const)]) {
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

/** All that is wrong, a line each. */
export function describe(error: unknown): string {
  if (!(error instanceof ConfigError)) return messageOf(error);
  return error.diagnostics.map(placed).join('\n');
}

/** A problem with its place, on a line. */
export function placed({ where, message }: Omit<Diagnostic, 'severity'>): string {
  return `${where ? `${where.file}:${where.line}:${where.column}: ` : ''}${message}`;
}

export function logWarnings({ warnings }: LoadedConfig, journal: OperationalLog): void {
  for (const { severity, ...rest } of warnings) journal.write(severity === 'info' ? 'info' : 'warn', placed(rest));
}

export function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

export function bindsOf(config: ProxyConfig): Bind[] {
  return config.frontends.flatMap((frontend) => frontend.binds);
}

/** What counters are kept of: `frontend:NAME`, `backend:NAME`, `server:BACKEND/NAME`. */
export function rowNamesOf({ frontends, backends }: ProxyConfig): ReadonlySet<string> {
  return new Set([
    ...frontends.map(({ name }) => `frontend:${name}`),
    ...backends.map(({ name }) => `backend:${name}`),
    ...backends.flatMap(({ name, servers }) => servers.map((server) => `server:${serverKey(name, server.name)}`)),
  ]);
}

export function workerCount(config: ProxyConfig): number {
  return config.workers === 'auto' ? availableParallelism() : config.workers;
}
