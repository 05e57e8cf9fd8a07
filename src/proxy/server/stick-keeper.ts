// The stick tables of the master: what the workers tell each other goes through here, in one order for all of them. They
// outlive workers; a new one gets all that is known.
import { setImmediate as turn } from 'node:timers/promises';
import type { StickChange, StickTable } from '../core/balance/stick-table.ts';
import { type StickChanges, StickTables } from '../core/balance/stick-tables.ts';
import type { ProxyConfig } from '../core/config/model.ts';
import type { EventBus } from './event-bus.ts';
import type { ToWorker } from './ipc.ts';
import { maxStickBatch } from './limits.ts';
import type { OperationalLog } from './operational-log.ts';
import { Peers } from './peers.ts';
import { PeerReports } from './peers-reports.ts';
import type { TlsMaterial } from './tls-material.ts';
import type { WorkerPool } from './worker-pool.ts';

export class StickKeeper {
  readonly tables = new StickTables();
  /** Other machines that share them. */
  readonly peers: Peers;
  readonly #pool: Pick<WorkerPool, 'broadcast' | 'send' | 'sendBoth'>;

  constructor(pool: Pick<WorkerPool, 'broadcast' | 'send' | 'sendBoth'>, events: EventBus, log: OperationalLog) {
    this.#pool = pool;
    const reports = new PeerReports(events, log);
    const broadcast = (message: ToWorker): void => pool.broadcast(message);
    this.peers = new Peers({ tables: this.tables, reports, broadcast });
  }

  configure(config: ProxyConfig, tls: TlsMaterial): void {
    this.tables.configure(config.backends, performance.now());
    this.peers.configure(config, tls);
  }

  /**
   * What a worker did. All of them, that worker too, hear of it in the order in which it is taken here, so that they agree
   * in the end; what comes too late is answered with what holds.
   */
  take(changes: StickChanges, worker: number): void {
    const nowMs = performance.now();
    for (const [name, list] of Object.entries(changes)) {
      const table = this.tables.find(name);
      if (!table) continue;
      const written: StickChange[] = [];
      const used: StickChange[] = [];
      const refused: StickChange[] = [];
      for (const change of list) {
        const [key, server, setAgeMs, usedAgeMs] = change;
        const merged = table.merge(change, nowMs);
        const now = merged === 'late' ? table.changeOf(key, nowMs) : undefined;
        if (now) refused.push(now);
        else if (merged === 'taken') (server === null ? used : written).push([key, server, setAgeMs, usedAgeMs]);
        // What comes too late has counts, too.
        if (merged !== 'unknown') this.peers.touched(table, key);
      }
      if (written.length > 0) this.#pool.broadcast({ type: 'stuck', changes: { [name]: written } });
      if (used.length > 0) this.#pool.broadcast({ type: 'stuck', changes: { [name]: used } }, worker);
      if (refused.length > 0) this.#pool.sendBoth(worker, { type: 'stuck', changes: { [name]: refused } });
    }
  }

  /** A worker that starts gets all entries, in pieces that hold up neither side. */
  async equip(worker: number): Promise<void> {
    for (const table of this.tables.tables) {
      const { keys } = table;
      for (let from = 0; from < keys.length; from += maxStickBatch) {
        const nowMs = performance.now();
        const changes = keys
          .slice(from, from + maxStickBatch)
          .map((key) => table.changeOf(key, nowMs))
          .filter((change) => change !== undefined);
        if (changes.length > 0) this.#pool.send(worker, { type: 'stuck', changes: { [table.config.name]: changes } });
        await turn();
      }
    }
  }

  /** Tells the workers, and other machines, that an entry was written here. */
  tell(table: StickTable, key: string): void {
    const changes = this.tables.drain(maxStickBatch, true, performance.now());
    if (changes) this.#pool.broadcast({ type: 'stuck', changes });
    this.peers.touched(table, key);
  }

  /** Forgets entries, here and in the workers. */
  forget(table: StickTable, keys: readonly string[]): void {
    for (const key of keys) table.remove(key);
    if (keys.length > 0) this.#pool.broadcast({ type: 'unstick', table: table.config.name, keys });
  }
}
