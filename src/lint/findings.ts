// What is found, said once: the same mistake on many hosts is one finding that names them.
import type { Diagnostic } from '../lib/diagnostic.ts';

/** How a finding is bound to hosts: the message goes before the names. */
export interface HostFinding {
  readonly diagnostic: Diagnostic;
  readonly hosts: readonly string[];
  /** Hosts that were looked at for the same text: all of them failing needs no names. */
  readonly of: number;
}

const shownHosts = 5;

/** Their messages name a value that differs from host to host: the first one is told. */
const aboutValues = new Set([
  'invalid-arguments',
  'not-boolean',
  'loop-not-list',
  'evaluation-failed',
  'invalid-role-argument',
]);

export class Findings {
  readonly #plain = new Map<string, Diagnostic>();
  readonly #byHost = new Map<string, { diagnostic: Diagnostic; hosts: Set<string>; of: number }>();

  /** A finding that has nothing to do with hosts. */
  add(diagnostic: Diagnostic): void {
    const key = keyOf(diagnostic);
    if (!this.#plain.has(key)) this.#plain.set(key, diagnostic);
  }

  /** A finding on some hosts; the worse severity of two wins. */
  addOnHosts({ diagnostic, hosts, of }: HostFinding): void {
    const key = aboutValues.has(diagnostic.code) ? placeOf(diagnostic) : keyOf(diagnostic);
    const known = this.#byHost.get(key);
    if (!known) {
      this.#byHost.set(key, { diagnostic, hosts: new Set(hosts), of });
      return;
    }
    for (const host of hosts) known.hosts.add(host);
    known.of = Math.max(known.of, of);
    if (rank(diagnostic) > rank(known.diagnostic)) known.diagnostic = diagnostic;
  }

  all(): readonly Diagnostic[] {
    const named = [...this.#byHost.values()].map(({ diagnostic, hosts, of }) =>
      hosts.size === 0 || hosts.size >= of
        ? diagnostic
        : { ...diagnostic, message: `${diagnostic.message} on ${namesOf([...hosts])}` },
    );
    return [...this.#plain.values(), ...named];
  }
}

/** A few names, and how many more. */
export function namesOf(hosts: readonly string[]): string {
  if (hosts.length <= shownHosts) return hosts.join(', ');
  return `${hosts.slice(0, shownHosts - 1).join(', ')} and ${hosts.length - shownHosts + 1} more`;
}

/** Higher is worse. */
export function rank({ severity }: Pick<Diagnostic, 'severity'>): number {
  return { info: 0, warning: 1, error: 2 }[severity];
}

function placeOf({ where, code }: Diagnostic): string {
  return `${where?.file ?? ''}\n${where?.line ?? 0}:${where?.column ?? 0}:${code}`;
}

/** Two findings with one key are the same mistake. */
export function keyOf({ where, code, message }: Diagnostic): string {
  return `${where?.file ?? ''}\n${where?.line ?? 0}:${where?.column ?? 0}:${code}:${message}`;
}
