// Reads a configuration file and the files that it names.
import { readFileSync } from 'node:fs';
import type { Diagnostic } from '../../lib/diagnostic.ts';
import { DiagnosticsError, messageOf, VezaError } from '../../lib/errors.ts';
import type { ProxyConfig } from '../core/config/model.ts';
import { readConfig } from '../core/config/read.ts';
import { outdatedCode, readTlsFiles } from './tls-files.ts';
import type { TlsMaterial } from './tls-material.ts';

/** A configuration with what is in the files that it names. */
export interface LoadedConfig {
  readonly config: ProxyConfig;
  readonly tls: TlsMaterial;
  readonly warnings: readonly Diagnostic[];
  /** Of the file. */
  readonly text: string;
}

/**
 * Reads and checks a configuration file; throws DiagnosticsError or VezaError. `run`: a certificate that expired is a
 * warning, since everything else must go on.
 */
export function loadConfig(file: string, purpose: 'run' | 'validate'): LoadedConfig {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new VezaError('cannot-read', `cannot read ${file}: ${messageOf(error)}`, {
      hint: 'Give the path of a YAML or JSON file.',
    });
  }
  const result = readConfig(text, file);
  if (!result.ok) throw new ConfigError(result.diagnostics, text);
  const { material, diagnostics } = readTlsFiles(result.config, result.where, Date.now());
  const found = diagnostics.map((problem) =>
    purpose === 'run' && problem.code === outdatedCode ? { ...problem, severity: 'warning' as const } : problem,
  );
  const all = [...result.diagnostics, ...found];
  if (all.some(({ severity }) => severity === 'error')) throw new ConfigError(all, text);
  return { config: result.config, tls: material, warnings: all, text };
}

/** Problems of a configuration file together with its text, for showing the lines. */
export class ConfigError extends DiagnosticsError {
  readonly text: string;
  constructor(diagnostics: readonly Diagnostic[], text: string) {
    super(diagnostics);
    this.text = text;
  }
}
