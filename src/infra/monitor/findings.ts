// Findings of GitHub's scanners in one form, whatever scanner they are of. Pure.
import { isJsonObject, type JsonObject } from '../../lib/json.ts';

export const severities = ['critical', 'high', 'medium', 'low'] as const;
export type Severity = (typeof severities)[number];

export const sources = ['code-scanning', 'dependabot', 'secret-scanning'] as const;
export type Source = (typeof sources)[number];

export interface Finding {
  readonly source: Source;
  readonly severity: Severity;
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  readonly message: string;
  readonly url: string;
  readonly state: string;
  readonly repo: string;
  readonly created_at: string;
  readonly suggested_labels: readonly string[];
}

const words: Readonly<Record<string, Severity>> = {
  critical: 'critical',
  crit: 'critical',
  high: 'high',
  error: 'high',
  medium: 'medium',
  moderate: 'medium',
  warning: 'medium',
  low: 'low',
  info: 'low',
  note: 'low',
};

/** One of four; what is not known is medium. */
function normalSeverity(word: string): Severity {
  return words[word.toLowerCase()] ?? 'medium';
}

/** One alert of the API. */
export function findingOf(source: Source, repo: string, alert: JsonObject): Finding {
  const common = {
    source,
    repo,
    url: text(alert, 'html_url'),
    state: text(alert, 'state'),
    created_at: text(alert, 'created_at'),
  };
  switch (source) {
    case 'code-scanning':
      return { ...common, ...codeScanning(alert) };
    case 'dependabot':
      return { ...common, ...dependabot(alert) };
    case 'secret-scanning': {
      const type = text(alert, 'secret_type_display_name') || text(alert, 'secret_type');
      const more = { rule: text(alert, 'secret_type'), file: '', line: 0, suggested_labels: ['security', 'secret'] };
      return { ...common, ...more, severity: 'critical', message: `Exposed ${type} detected` };
    }
    default:
      return source satisfies never;
  }
}

type Own = Pick<Finding, 'severity' | 'rule' | 'file' | 'line' | 'message' | 'suggested_labels'>;

function codeScanning(alert: JsonObject): Own {
  const rule = part(alert, 'rule');
  const instance = part(alert, 'most_recent_instance');
  const location = part(instance, 'location');
  const line = location['start_line'];
  // How bad it is for security; `severity` says only how sure the scanner is.
  const severity = text(rule, 'security_severity_level') || text(rule, 'severity');
  return {
    severity: normalSeverity(severity),
    rule: text(rule, 'id'),
    file: text(location, 'path'),
    line: typeof line === 'number' ? line : 0,
    message: text(part(instance, 'message'), 'text') || text(rule, 'description'),
    suggested_labels: ['security'],
  };
}

function dependabot(alert: JsonObject): Own {
  const advisory = part(alert, 'security_advisory');
  const dependency = part(alert, 'dependency');
  return {
    severity: normalSeverity(text(advisory, 'severity')),
    rule: text(advisory, 'cve_id') || text(advisory, 'ghsa_id'),
    file: text(dependency, 'manifest_path'),
    line: 0,
    message: `${text(part(dependency, 'package'), 'name')}: ${text(advisory, 'summary')}`,
    suggested_labels: ['security', 'dependencies'],
  };
}

/** Worst first, then by repository. */
export function inOrder(findings: readonly Finding[]): readonly Finding[] {
  const rank = ({ severity }: Finding) => severities.indexOf(severity);
  return findings.toSorted((one, other) => rank(one) - rank(other) || compare(one.repo, other.repo));
}

/** At most 60 characters, as people count them. */
export function shortened(message: string): string {
  const letters = Array.from(message);
  return letters.length <= 60 ? message : `${letters.slice(0, 57).join('')}...`;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function part(object: JsonObject, key: string): JsonObject {
  const value = object[key];
  return isJsonObject(value) ? value : {};
}

function text(object: JsonObject, key: string): string {
  const value = object[key];
  return typeof value === 'string' ? value : '';
}
