// A machine that shares stick tables, within the process of a test: real connections, and tables as large as a test wants them.
import type { StickTable } from '../../../src/proxy/core/balance/stick-table.ts';
import { StickTables } from '../../../src/proxy/core/balance/stick-tables.ts';
import { readConfig } from '../../../src/proxy/core/config/read.ts';
import { EventBus } from '../../../src/proxy/server/event-bus.ts';
import { OperationalLog } from '../../../src/proxy/server/operational-log.ts';
import { Peers } from '../../../src/proxy/server/peers.ts';
import { PeerReports } from '../../../src/proxy/server/peers-reports.ts';

export class Neighbour implements Disposable {
  readonly #tables = new StickTables();
  readonly #events = new EventBus();
  readonly #log = new OperationalLog();
  readonly #peers = new Peers({
    tables: this.#tables,
    reports: new PeerReports(this.#events, this.#log),
    broadcast: () => undefined,
  });

  private constructor() {
    // Made by `start`.
  }

  /** Starts one with the configuration of a proxy, of which only `peers` and the tables count. */
  static async start(document: object): Promise<Neighbour> {
    const read = readConfig(JSON.stringify({ ...document, log: { level: 'error' } }), 'test.json');
    if (!read.ok) throw new Error(read.diagnostics.map(({ message }) => message).join('\n'));
    const neighbour = new Neighbour();
    neighbour.#log.configure(read.config.log);
    neighbour.#tables.configure(read.config.backends, performance.now());
    await neighbour.#peers.open(read.config);
    neighbour.#peers.configure(read.config, { frontends: {}, backends: {}, peers: {}, acmeTrust: '' });
    return neighbour;
  }

  /** A client sticks to a server here. */
  store(name: string, key: string, server: string): void {
    const table = this.table(name);
    table.store(key, server, performance.now());
    this.#peers.touched(table, key);
  }

  table(name: string): StickTable {
    const found = this.#tables.find(name);
    if (!found) throw new Error(`no table ${name}`);
    return found;
  }

  serverOf(name: string, key: string): string | undefined {
    return this.table(name).find(key, performance.now())?.server;
  }

  /** How often the connection to a peer was there, or ended. */
  count(what: 'peer_up' | 'peer_down'): number {
    return this.#events.since(0).filter(({ type }) => type === what).length;
  }

  /** Says what it still has to, and hangs up. */
  stop(): void {
    this.#peers.stop();
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}
