// Machines that share stick tables, in one process: sections joined by pipes, with a clock that the test moves.
import { StickTables } from '../../../src/proxy/core/balance/stick-tables.ts';
import { serversOfTable } from '../../../src/proxy/core/balance/stick-servers.ts';
import type { StickTable } from '../../../src/proxy/core/balance/stick-table.ts';
import type { ProxyConfig } from '../../../src/proxy/core/config/model.ts';
import { readConfig } from '../../../src/proxy/core/config/read.ts';
import { type PeerNews, PeerSection } from '../../../src/proxy/core/peers/section.ts';
import type { PeerSession } from '../../../src/proxy/core/peers/session.ts';

/** A configuration of the machine `local` of some, with these sticks of backends by their names. */
export function peersConfig(local: string, members: readonly string[], sticks: Record<string, object>): ProxyConfig {
  const document = {
    peers: [
      { name: 'pair', local, members: members.map((name, at) => ({ name, address: '127.0.0.1', port: 1024 + at })) },
    ],
    frontends: [{ name: 'http', bind: ['127.0.0.1:8080'], defaultBackend: Object.keys(sticks)[0] }],
    backends: Object.entries(sticks).map(([name, stick]) => ({
      name,
      stick: { on: [{ key: 'header', name: 'x-user' }], peers: 'pair', ...stick },
      servers: ['s1', 's2', 's3'].map((server) => ({ name: server, address: '127.0.0.1', port: 80 })),
    })),
  };
  const result = readConfig(JSON.stringify(document), 'test.json');
  if (!result.ok) throw new Error(result.diagnostics.map(({ message }) => message).join('\n'));
  return result.config;
}

/** One machine. */
export class Machine {
  readonly tables = new StickTables();
  readonly news: string[] = [];
  /** What its workers would hear. */
  readonly learned: string[] = [];
  readonly section: PeerSection;
  config: ProxyConfig;

  constructor(config: ProxyConfig, nowMs = 0, random: () => number = () => 0.5) {
    this.config = config;
    const [peers] = config.peers;
    if (!peers) throw new Error('no peers');
    this.section = new PeerSection(peers, {
      random,
      processId: 1,
      tell: (news) => this.news.push(newsText(news)),
      learned: (_table, [key, server]) => this.learned.push(`${key} ${server ?? ''}`),
      serversOf: (name) => serversOfTable(this.config.backends, name),
    });
    this.configure(config, nowMs);
  }

  configure(config: ProxyConfig, nowMs: number): void {
    this.config = config;
    const [peers] = config.peers;
    this.tables.configure(config.backends, nowMs);
    if (peers) this.section.configure(peers, this.tables.tables, nowMs);
  }

  table(name: string): StickTable {
    const found = this.tables.find(name);
    if (!found) throw new Error(`no table ${name}`);
    return found;
  }

  /** A client sticks to a server on this machine. */
  store(name: string, key: string, server: string, nowMs: number): void {
    this.table(name).store(key, server, nowMs);
    this.section.touched(name, key);
  }

  /** It has an entry that another machine told it. */
  learn(name: string, key: string, server: string, nowMs: number): void {
    this.table(name).learn(key, server, 0, nowMs);
    this.section.tables.find(({ table }) => table.config.name === name)?.log.touch(key, false);
  }

  servers(name: string, nowMs: number): Record<string, string> {
    return Object.fromEntries([...this.table(name).entries(nowMs)].map(([key, entry]) => [key, entry.server]));
  }
}

export const sticks = { api: { type: 'string', store: ['gpc0', 'http_req_rate(10s)'] } };
const configs = new Map(['a', 'b', 'c'].map((name) => [name, peersConfig(name, ['a', 'b', 'c'], sticks)]));

/** One of the machines a, b and c. */
export function machine(name: string, nowMs = 0): Machine {
  const config = configs.get(name);
  if (!config) throw new Error('no such machine');
  return new Machine(config, nowMs);
}

function newsText(news: PeerNews): string {
  const more = 'reason' in news ? `: ${news.reason}` : 'entries' in news ? `: ${news.entries}` : '';
  return `${news.what} ${news.peer}${more}`;
}

/** A connection between two machines. */
export class Wire {
  readonly from: PeerSession;
  readonly to: PeerSession;
  readonly #ends: readonly [Machine, Machine];
  readonly #over = new Set<PeerSession>();

  /** `from` calls its member of that name. */
  constructor(from: Machine, to: Machine, name: string, nowMs: number) {
    const member = from.section.members.find((each) => each.name === name);
    if (!member) throw new Error('no member');
    this.from = from.section.call(member, nowMs);
    this.to = to.section.called(nowMs);
    this.#ends = [from, to];
  }

  /** Passes on what both have to say, until they have nothing more. Returns how many bytes that were. */
  flow(nowMs: number, limit = 65_536): number {
    let total = 0;
    for (;;) {
      const before = total;
      for (const [sender, receiver] of [
        [this.from, this.to],
        [this.to, this.from],
      ] as const) {
        const bytes = sender.produce(limit, nowMs);
        if (!bytes) continue;
        total += bytes.length;
        receiver.take(Uint8Array.from(bytes), nowMs);
      }
      if (total === before) break;
    }
    this.#hangUp(nowMs);
    return total;
  }

  /** The cable is cut. */
  cut(nowMs: number): void {
    this.from.close('cut');
    this.#hangUp(nowMs);
  }

  #hangUp(nowMs: number): void {
    if (!this.from.end && !this.to.end) return;
    for (const [at, session] of [this.from, this.to].entries()) {
      if (this.#over.has(session)) continue;
      this.#over.add(session);
      this.#ends[at]?.section.ended(session, nowMs);
    }
  }
}
