// Asks for the addresses of a name: the hosts file, DNS with its times to live, the system. When to ask is name-watch.ts.
import { promises as dns, type SrvRecord } from 'node:dns';
import { readFile } from 'node:fs/promises';
import { messageOf } from '../../lib/errors.ts';
import { parseAddress } from '../core/address.ts';
import type { DnsConfig } from '../core/config/model.ts';
import type { LookupAnswer } from '../core/resolution.ts';
import { type Endpoint, isServiceName } from '../core/server-address.ts';

const hostsFile = '/etc/hosts';
/** The system says no time to live, and files may change. */
const systemTtlMs = 10_000;
/** Names that a service may have. */
const maxTargets = 64;

/** Who knows that there is nothing. All else is trouble on the way. */
const missingCodes: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA']);

export class NameLookup {
  readonly #config: DnsConfig;
  readonly #resolver: dns.Resolver;

  constructor(config: DnsConfig) {
    this.#config = config;
    this.#resolver = new dns.Resolver({ timeout: config.timeoutMs, tries: config.tries });
    if (config.servers.length > 0) this.#resolver.setServers([...config.servers]);
  }

  /** Never rejects. */
  async ask(name: string): Promise<LookupAnswer> {
    if (isServiceName(name)) return this.#service(name);
    if (this.#config.servers.length > 0) return this.#dns(name);
    const written = await inHostsFile(name);
    if (written.length > 0) return this.#found(written, systemTtlMs);
    const answer = await this.#dns(name);
    // Search domains, and whatever else the system knows: but nobody waits for it when DNS does not answer.
    return answer.kind === 'missing' ? this.#system(name) : answer;
  }

  /** Both families. One that fails is no reason to do without the other. */
  async #dns(name: string): Promise<LookupAnswer> {
    const answers = await Promise.allSettled([
      this.#resolver.resolve4(name, { ttl: true }),
      this.#resolver.resolve6(name, { ttl: true }),
    ]);
    const records = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    if (records.length > 0) {
      const ttl = Math.min(...records.map((record) => record.ttl));
      return this.#found(
        records.map(({ address }) => address),
        ttl * 1000,
      );
    }
    return failureOf(answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as unknown] : [])));
  }

  async #system(name: string): Promise<LookupAnswer> {
    try {
      const found = await dns.lookup(name, { all: true });
      return this.#found(
        found.map(({ address }) => address),
        systemTtlMs,
      );
    } catch (error) {
      return failureOf([error]);
    }
  }

  /** Servers of a service: lower priorities are better; each target may have several addresses. */
  async #service(name: string): Promise<LookupAnswer> {
    let records: SrvRecord[];
    try {
      records = await this.#resolver.resolveSrv(name);
    } catch (error) {
      return failureOf([error]);
    }
    // Larger weights first; by name, so that the order does not change from answer to answer.
    const byRank = (one: SrvRecord, other: SrvRecord): number =>
      one.priority - other.priority || other.weight - one.weight || (one.name < other.name ? -1 : 1);
    const targets = records.toSorted(byRank).slice(0, maxTargets);
    const answers = await Promise.all(
      targets.map(async ({ name: target, port }) => ({ port, answer: await this.#dns(target) })),
    );
    const endpoints = answers.flatMap(({ port, answer }) =>
      answer.kind === 'found' ? answer.endpoints.slice(0, 1).map(({ address }) => ({ address, port })) : [],
    );
    const failed = answers.find(({ answer }) => answer.kind === 'failed');
    // A server must not go because the name of its host could not be asked for.
    if (failed?.answer.kind === 'failed') return failed.answer;
    const ttls = answers.map(({ answer }) => (answer.kind === 'found' ? answer.ttlMs : systemTtlMs));
    return endpoints.length === 0 ? { kind: 'missing' } : { kind: 'found', endpoints, ttlMs: Math.min(...ttls) };
  }

  /** The preferred family first, each in an order that does not change from answer to answer. */
  #found(addresses: readonly string[], ttlMs: number): LookupAnswer {
    const wantsIpv6 = this.#config.prefer === 'ipv6';
    const rank = (address: string): number => (address.includes(':') === wantsIpv6 ? 0 : 1);
    const endpoints: Endpoint[] = [...new Set(addresses)]
      .toSorted((one, other) => rank(one) - rank(other) || (one < other ? -1 : 1))
      .map((address) => ({ address, port: 0 }));
    return { kind: 'found', endpoints, ttlMs };
  }
}

function failureOf(errors: readonly unknown[]): LookupAnswer {
  const trouble = errors.find((error) => !missingCodes.has(codeOf(error)));
  return trouble === undefined ? { kind: 'missing' } : { kind: 'failed', reason: messageOf(trouble) };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

async function inHostsFile(name: string): Promise<string[]> {
  const wanted = name.toLowerCase().replace(/\.$/, '');
  const text = await readFile(hostsFile, 'latin1').catch(() => '');
  return text.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    return names.some((each) => each.toLowerCase() === wanted) && parseAddress(address) ? [address] : [];
  });
}
