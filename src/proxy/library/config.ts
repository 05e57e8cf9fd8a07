// Configurations for programs: read, judged and compared as by `veza-proxy validate` and `diff`.
import { formatDiagnostic } from '../../lib/diagnostic.ts';
import { DiagnosticsError } from '../../lib/errors.ts';
import type { ProxyConfig } from '../core/config/model.ts';
import { readConfig } from '../core/config/read.ts';
import { diffConfigs, showDiff } from '../core/diff/diff.ts';

export class Config {
  /** All that holds, defaults filled in, durations in milliseconds. */
  readonly values: ProxyConfig;

  private constructor(values: ProxyConfig) {
    this.values = values;
  }

  /** Reads YAML or JSON. Throws DiagnosticsError with every problem; `file` stands in their places. */
  static parse(
    text: string,
    file = 'configuration.yml',
    environment: Readonly<Record<string, string | undefined>> = {},
  ): Config {
    const result = readConfig(text, file, environment);
    if (!result.ok) throw new DiagnosticsError(result.diagnostics);
    return new Config(result.config);
  }

  /** Every problem of a text, as `veza-proxy validate` shows it; none if it is valid. */
  static problems(text: string, file = 'configuration.yml'): readonly string[] {
    return readConfig(text, file).diagnostics.map((problem) => formatDiagnostic(problem, text));
  }

  /** What would change with the other one; undefined if nothing does. */
  diff(other: Config): string | undefined {
    return showDiff(diffConfigs(this.values, other.values));
  }
}
