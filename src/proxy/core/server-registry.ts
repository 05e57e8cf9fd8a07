// All server records of the master, by `backend/server`; a reload keeps those whose identity is the same. Pure.
import { type ProxyConfig, serverKey } from './config/model.ts';
import { ServerRecord } from './server-record.ts';
import { BackendTimes } from './stats/backend-times.ts';

export class ServerRegistry {
  /** Since when backends can serve, or cannot; to be looked at after every change of a server. */
  readonly times = new BackendTimes();
  #records: readonly ServerRecord[] = [];

  /** In the order of the configuration. */
  get records(): readonly ServerRecord[] {
    return this.#records;
  }

  find(key: string): ServerRecord | undefined {
    return this.#records.find((record) => record.key === key);
  }

  /** Those that are as well as this one. */
  trackersOf(record: ServerRecord): readonly ServerRecord[] {
    return this.#records.filter(({ tracked }) => tracked === record);
  }

  /** Goes back to records of before; `sync` with their configuration must follow. */
  restore(records: readonly ServerRecord[]): void {
    this.#records = records;
  }

  sync(config: ProxyConfig, nowMs: number): void {
    const before = new Map(this.#records.map((record) => [record.key, record]));
    this.#records = config.backends.flatMap((backend) =>
      backend.servers.map((server) => {
        const known = before.get(serverKey(backend.name, server.name));
        const same = known?.config.address === server.address && known.config.port === server.port;
        if (!known || !same) return new ServerRecord(backend, server, nowMs);
        known.reconfigure(backend, server);
        return known;
      }),
    );
    const byKey = new Map(this.#records.map((record) => [record.key, record]));
    for (const record of this.#records) record.tracked = byKey.get(record.config.track);
    // Those that are tracked first: who tracks a tracker needs its state.
    const depth = (record: ServerRecord): number => (record.tracked ? depth(record.tracked) + 1 : 0);
    for (const record of this.#records.toSorted((one, other) => depth(one) - depth(other)))
      if (record.tracked) record.follow(nowMs);
  }
}
