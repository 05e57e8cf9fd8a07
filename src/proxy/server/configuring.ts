// How a configuration comes into force in the whole proxy: sockets, control, workers, checks, one change after the other,
// each whole or not at all.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Diagnostic } from '../../lib/diagnostic.ts';
import { VezaError } from '../../lib/errors.ts';
import type { Edited } from '../core/config/edit.ts';
import type { Bind, ProxyConfig } from '../core/config/model.ts';
import { bindsOf, describe, firstLine, logWarnings, rowNamesOf, tryLogs, workerCount } from './config-facts.ts';
import {
  type ApplyResult,
  ConfigError,
  type ConfigOrigin,
  hashOf,
  loadConfig,
  type LoadedConfig,
  withFiles,
} from './config-source.ts';
import type { ControlServer } from './control-server.ts';
import type { EventBus } from './event-bus.ts';
import type { LastGood } from './last-good.ts';
import type { ListeningSockets } from './listening-sockets.ts';
import type { LogRotation } from './log-rotation.ts';
import type { MasterTls } from './master-tls.ts';
import { notifyReloaded, notifyReloading } from './notify.ts';
import type { OperationalLog } from './operational-log.ts';
import type { ServerWatch } from './server-watch.ts';
import type { StickKeeper } from './stick-keeper.ts';
import type { TlsMaterial } from './tls-material.ts';
import type { WorkerPool } from './worker-pool.ts';
import { WorkersReady } from './workers-ready.ts';

/** A worker serves after this time though tables are so large that it has not all entries yet. */
const equipMs = 5000;

/** What a configuration is about. */
export interface Configured {
  readonly sockets: ListeningSockets;
  readonly servers: ServerWatch;
  readonly tls: MasterTls;
  readonly journal: OperationalLog;
  readonly rotation: LogRotation;
  readonly events: EventBus;
  readonly lastGood: LastGood;
  readonly pool: WorkerPool;
  readonly sticks: StickKeeper;
  readonly control: ControlServer;
  /** The proxy is on its way out: nothing new is taken. */
  readonly isStopping: () => boolean;
}

export class Configuring {
  readonly taking = new WorkersReady();
  loaded: LoadedConfig;
  readonly #parts: () => Configured;
  /** Ids of the binds on which a worker listens. */
  readonly #listening = new Set<string>();
  /** Counts the times when every worker has its own share of slots. */
  #epoch = 0;
  /** When each worker started: another may take its place before it has all. */
  readonly #equipping = new Map<number, number>();
  /** One change at a time. */
  #applying: Promise<unknown> = Promise.resolve();

  /** `parts` are asked for when they are needed: some of them need this one. */
  constructor(loaded: LoadedConfig, parts: () => Configured) {
    this.loaded = loaded;
    this.#parts = parts;
  }

  get config(): ProxyConfig {
    return this.loaded.config;
  }

  /**
   * Applies a configuration whole, or keeps the running one: if it is not valid, an address cannot be bound, or a worker
   * fails with it. Never rejects; one after another. A text is not written to the file: the next reload reads that again.
   */
  apply(origin: ConfigOrigin): Promise<ApplyResult> {
    return this.#inTurn(() => this.#applyFrom(origin));
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#applying.then(work);
    this.#applying = result;
    return result;
  }

  async #applyFrom(origin: ConfigOrigin): Promise<ApplyResult> {
    const before = this.loaded;
    if (this.#parts().isStopping())
      return { ok: false, problems: [], message: 'the proxy is stopping', hash: before.hash };
    await notifyReloading();
    let problems: readonly Diagnostic[] = [];
    let message: string | undefined;
    try {
      const loaded = loadConfig(origin, 'run');
      logWarnings(loaded, this.#parts().journal);
      problems = loaded.warnings;
      await this.#switchTo(loaded);
      this.#parts().events.emit('config_reloaded', { source: loaded.name });
    } catch (error) {
      if (error instanceof ConfigError) problems = error.diagnostics;
      message = describe(error);
      this.#parts().events.emit('config_refused', {
        source: 'path' in origin ? origin.path : 'text',
        problem: message,
      });
    }
    await notifyReloaded(message === undefined ? undefined : firstLine(message));
    return { ok: message === undefined, problems, message, hash: this.loaded.hash };
  }

  /** Replaces all workers by new ones of the program as it is installed now. Returns what is wrong, if anything. */
  upgrade(): Promise<string | undefined> {
    return this.#inTurn(() => this.#parts().pool.replaceAll(this.config.graceMs));
  }

  /** Changes what runs, not the file: the next reload undoes it. Returns what is wrong, if anything. */
  edit(change: (config: ProxyConfig) => Edited): Promise<string | undefined> {
    return this.#inTurn(async () => {
      const edited = change(this.config);
      if ('problem' in edited) return edited.problem;
      const { loaded } = this;
      // Certificates that are renewed later do not undo it.
      const sound = { ...loaded.sound, config: edited.config, hash: hashOf([loaded.hash, edited.config]) };
      try {
        await this.#switchTo({ ...loaded, ...sound, sound }, 'edited');
        return undefined;
      } catch (error) {
        return describe(error);
      }
    });
  }

  /** Takes certificates that were renewed; all else stays as it is. */
  renew(): void {
    void this.#inTurn(async () => {
      const { isStopping, journal, events } = this.#parts();
      if (isStopping()) return;
      try {
        await this.#switchTo(withFiles(this.loaded.sound, 'run'), 'renewed');
        journal.info('the new certificates are in use');
        events.emit('cert_action', { action: 'in use', names: certificatesOf(this.loaded) });
      } catch (error) {
        journal.error(`the new certificates are not used: ${describe(error)}`);
      }
    });
  }

  /** Takes certificates that are in no file; whoever reads the files again undoes it. Returns what is wrong, if anything. */
  replaceCertificates(change: (tls: TlsMaterial) => TlsMaterial): Promise<string | undefined> {
    return this.#inTurn(async () => {
      const { loaded } = this;
      try {
        await this.#switchTo({ ...loaded, tls: change(loaded.tls) }, 'renewed');
        this.#parts().events.emit('cert_action', { action: 'in use', names: certificatesOf(this.loaded) });
        return undefined;
      } catch (error) {
        return describe(error);
      }
    });
  }

  /** Old sockets close only when all workers run with the new ones, so that there is a way back. */
  async #switchTo(loaded: LoadedConfig, origin: 'read' | 'edited' | 'renewed' = 'read'): Promise<void> {
    const before = this.loaded;
    const { config } = loaded;
    tryLogs(config);
    const records = this.#parts().servers.registry.records;
    try {
      this.#parts().journal.configure(config.log);
      this.#parts().sockets.open(bindsOf(config));
      await this.#parts().control.open(config);
      await this.#parts().sticks.peers.open(config);
      await this.#parts().tls.prepare(loaded);
      await this.#parts().servers.prepare(config);
      const problem = await this.#spread(loaded);
      if (problem !== undefined) throw new VezaError('worker-failed', `the configuration does not work: ${problem}`);
    } catch (error) {
      if (this.loaded !== before) {
        this.#parts().servers.registry.restore(records);
        await this.#parts().control.open(before.config);
        this.#parts().journal.configure(before.config.log);
        await this.#spread(before);
      }
      this.#settle();
      throw error;
    }
    this.#settle();
    this.#parts().pool.keepRows(rowNamesOf(config));
    this.#parts().rotation.configure(config.log);
    if (origin === 'read') await this.keep();
  }

  /** For a day on which the file is broken. */
  keep(): Promise<void> {
    return this.#parts().lastGood.keep(this.loaded, new Date(), (line) => this.#parts().journal.warn(line));
  }

  /** Gives a configuration to all workers; resolves with what went wrong there. */
  async #spread(loaded: LoadedConfig): Promise<string | undefined> {
    const known = new Set(bindsOf(this.config).map((bind) => bind.id));
    const { config } = loaded;
    this.loaded = loaded;
    this.taking.next();
    this.#epoch += 1;
    this.#parts().tls.take(loaded);
    this.#parts().servers.take(config);
    this.#parts().sticks.configure(config, loaded.tls);
    const { workers } = this.#parts().pool;
    for (const worker of workers) {
      this.#configure(worker);
      this.#listen(worker, (bind) => !known.has(bind.id));
    }
    const problem = await this.taking.wait(workers);
    if (problem !== undefined) return problem;
    this.#parts().pool.resize(workerCount(config), config.graceMs);
    this.#parts().servers.check();
    return undefined;
  }

  /** Drops what only another configuration than the one that runs needed. */
  #settle(): void {
    this.#parts().tls.settle(this.loaded);
    this.#parts().sticks.peers.settle(this.config);
    for (const id of this.#parts().sockets.surplus(bindsOf(this.config))) {
      this.#parts().pool.broadcast({ type: 'unlisten', bind: id });
      this.#parts().sockets.close(id);
      this.#listening.delete(id);
    }
    this.#keepCertificates();
  }

  /** A worker listens on a bind. */
  listens(bind: string): void {
    this.#listening.add(bind);
    this.#keepCertificates();
  }

  /** Whether clients can come wherever the configuration says. */
  get allListen(): boolean {
    return bindsOf(this.config).every(({ id }) => this.#listening.has(id));
  }

  /** The authority asks as soon as it is asked: only where all sockets listen. */
  #keepCertificates(): void {
    if (this.allListen) this.#parts().tls.keep(this.loaded);
  }

  /** A worker that starts gets the configuration, what is known of clients, and all sockets. */
  async equip(worker: number): Promise<void> {
    // What the one before it had lent or borrowed went with it.
    const epoch = (this.#epoch += 1);
    this.#parts().pool.broadcast({ type: 'shares', epoch });
    this.#configure(worker);
    this.#equipping.set(worker, epoch);
    // Clients that it does not know yet would go to other servers, and stay there.
    await Promise.race([this.#parts().sticks.equip(worker), sleep(equipMs, undefined, { ref: false })]);
    if (this.#equipping.get(worker) === epoch && !this.#parts().isStopping()) this.#listen(worker, () => true);
  }

  #configure(worker: number): void {
    const { config, tls } = this.loaded;
    const { pool, servers, tls: own } = this.#parts();
    // The keys of tickets, stapled answers and answers for an authority come first: the first client may need them.
    for (const message of own.messagesFor(worker)) pool.send(worker, message);
    pool.send(worker, {
      type: 'configure',
      generation: this.taking.generation,
      config,
      // The master alone speaks with other machines: nobody else needs that key.
      tls: { ...tls, peers: {} },
      views: servers.views(),
      workers: workerCount(config),
      worker,
      epoch: this.#epoch,
    });
  }

  /** A worker that was full accepts again. */
  listenAgain(worker: number, id: string): void {
    this.#listen(worker, (bind) => bind.id === id);
  }

  #listen(worker: number, wanted: (bind: Bind) => boolean): void {
    for (const bind of bindsOf(this.config).filter(wanted)) {
      const handle = this.#parts().sockets.get(bind.id);
      if (handle) this.#parts().pool.send(worker, { type: 'listen', bind: bind.id }, handle);
    }
  }
}

/** The names of the certificates that are served. */
function certificatesOf({ tls }: LoadedConfig): readonly string[] {
  const names = Object.values(tls.frontends).flatMap(({ certificates }) => certificates.flatMap((each) => each.names));
  return [...new Set(names)];
}
