// The names of servers in the master: each is asked for again when its time is over; what that changes, servers are told.
import type { DnsConfig, ProxyConfig } from '../core/config/model.ts';
import { assign, type LookupAnswer, Resolution } from '../core/resolution.ts';
import { endpointText, isNamed } from '../core/server-address.ts';
import type { ServerRecord } from '../core/server-record.ts';
import { NameLookup } from './name-lookup.ts';
import type { OperationalLog } from './operational-log.ts';

/** A configuration with new names waits this long for their addresses; then servers get them when they come. */
const patienceMs = 2000;

interface Watched {
  readonly resolution: Resolution;
  timer: NodeJS.Timeout | undefined;
  /** The question under way. */
  asking: Promise<void> | undefined;
}

export class NameWatch {
  readonly #names = new Map<string, Watched>();
  readonly #moved: (record: ServerRecord) => void;
  readonly #journal: OperationalLog;
  #records: readonly ServerRecord[] = [];
  #dns: DnsConfig | undefined;
  #lookup: NameLookup | undefined;

  constructor(moved: (record: ServerRecord) => void, journal: OperationalLog) {
    this.#moved = moved;
    this.#journal = journal;
  }

  /** Asks for the names of a configuration that were never asked for; does not wait long for answers. */
  async prepare(config: ProxyConfig): Promise<void> {
    if (JSON.stringify(config.dns) !== JSON.stringify(this.#dns)) {
      this.#dns = config.dns;
      this.#lookup = new NameLookup(config.dns);
    }
    for (const { servers } of config.backends)
      for (const { address } of servers) if (isNamed(address) && !this.#names.has(address)) this.#watch(address);
    const open = [...this.#names.values()].filter(({ resolution }) => resolution.last === undefined);
    if (open.length === 0) return;
    const { promise: late, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => resolve(undefined), patienceMs);
    await Promise.race([Promise.all(open.map(async ({ asking }) => asking)), late]);
    clearTimeout(timer);
  }

  /** These servers and no others from now on; they get what is known. */
  take(records: readonly ServerRecord[]): void {
    this.#records = records.filter(({ config }) => isNamed(config.address));
    for (const [name, watched] of this.#names) {
      if (this.#records.some(({ config }) => config.address === name)) this.#apply(name, watched);
      else this.#forget(name, watched);
    }
    // What a reload that was refused made it forget is asked for again.
    for (const { config } of this.#records) if (!this.#names.has(config.address)) this.#watch(config.address);
  }

  stop(): void {
    for (const [name, watched] of this.#names) this.#forget(name, watched);
  }

  #forget(name: string, { timer }: Watched): void {
    clearTimeout(timer);
    this.#names.delete(name);
  }

  #watch(name: string): void {
    const watched: Watched = { resolution: new Resolution(), timer: undefined, asking: undefined };
    this.#names.set(name, watched);
    this.#ask(name, watched);
  }

  #ask(name: string, watched: Watched): void {
    const [lookup, dns] = [this.#lookup, this.#dns];
    if (!lookup || !dns) return;
    watched.asking = lookup.ask(name).then((answer) => {
      if (this.#names.get(name) !== watched) return;
      this.#tell(name, watched.resolution, answer);
      const pauseMs = watched.resolution.take(answer, dns, performance.now());
      watched.timer = setTimeout(() => this.#ask(name, watched), pauseMs);
      this.#apply(name, watched);
    });
  }

  #tell(name: string, { last, endpoints }: Resolution, answer: LookupAnswer): void {
    if (answer.kind === last) return;
    const kept = endpoints.length > 0 ? '; the last address is kept' : '';
    if (answer.kind === 'failed') this.#journal.warn(`the name ${name} cannot be looked up: ${answer.reason}${kept}`);
    else if (answer.kind === 'missing') this.#journal.warn(`the name ${name} has no address${kept}`);
    else if (last !== undefined) this.#journal.info(`the name ${name} can be looked up again`);
  }

  #apply(name: string, { resolution: { last, endpoints } }: Watched): void {
    // Until somebody knows, servers are where their files say.
    if (last === undefined || (last === 'failed' && endpoints.length === 0)) return;
    const named = this.#records.filter(({ config }) => config.address === name);
    for (const group of Map.groupBy(named, ({ backend, config }) => `${backend.name}/${config.port}`).values()) {
      const claims = group.map((record) => ({ key: record.key, present: presentOf(record) }));
      const given = assign(claims, endpoints);
      for (const record of group) this.#move(record, given.get(record.key));
    }
  }

  #move(record: ServerRecord, endpoint: ReturnType<typeof presentOf>): void {
    const before = record.isUnresolved ? 'nowhere' : endpointText(record);
    if (!record.moveTo(endpoint, performance.now())) return;
    const after = record.isUnresolved ? 'in MAINT (resolution)' : `at ${endpointText(record)}`;
    this.#journal.info(`server ${record.key} is ${after}, as ${record.config.address} says; it was ${before}`);
    this.#moved(record);
  }
}

/** Where a server is, in the form of answers: port 0 is its own. */
function presentOf({
  isUnresolved,
  address,
  port,
  config,
}: ServerRecord): { address: string; port: number } | undefined {
  return isUnresolved ? undefined : { address, port: config.port === port ? 0 : port };
}
