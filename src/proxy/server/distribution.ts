// Gives configurations and listening sockets to workers, and hears whether they run with them.
import type { ServerView } from '../core/balance/server-state.ts';
import type { Bind } from '../core/config/model.ts';
import { bindsOf, workerCount } from './config-facts.ts';
import type { LoadedConfig } from './config-source.ts';
import type { FromWorker, ToWorker } from './ipc.ts';
import type { ListeningHandle } from './listening-sockets.ts';
import { WorkersReady } from './workers-ready.ts';

export interface DistributionPorts {
  readonly workers: () => readonly number[];
  readonly send: (worker: number, message: ToWorker, handle?: ListeningHandle) => void;
  readonly socket: (bind: string) => ListeningHandle | undefined;
  /** What a worker needs before its configuration. */
  readonly before: (worker: number) => readonly ToWorker[];
  /** How the servers are now. */
  readonly views: () => readonly ServerView[];
}

export class Distribution {
  readonly #ports: DistributionPorts;
  readonly #taking = new WorkersReady();

  constructor(ports: DistributionPorts) {
    this.#ports = ports;
  }

  /** Gives a configuration to all workers, with the sockets that are new; resolves with what went wrong there. */
  give(loaded: LoadedConfig, isNew: (bind: Bind) => boolean): Promise<string | undefined> {
    this.#taking.next();
    const workers = this.#ports.workers();
    for (const worker of workers) this.#equip(worker, loaded, isNew);
    return this.#taking.wait(workers);
  }

  /** Gives all that there is to a worker that starts. */
  equip(worker: number, loaded: LoadedConfig): void {
    this.#equip(worker, loaded, () => true);
  }

  ready({ worker, generation }: FromWorker & { readonly type: 'ready' }): void {
    this.#taking.ready(worker, generation);
  }

  /** A worker ended, or cannot run with its configuration; true if somebody waited for it. */
  failed(worker: number, problem: string): boolean {
    return this.#taking.failed(worker, problem);
  }

  #equip(worker: number, { config, tls }: LoadedConfig, wanted: (bind: Bind) => boolean): void {
    const { before, send, socket, views } = this.#ports;
    for (const message of before(worker)) send(worker, message);
    const { generation } = this.#taking;
    send(worker, { type: 'configure', generation, config, tls, views: views(), workers: workerCount(config), worker });
    for (const bind of bindsOf(config).filter(wanted)) {
      const handle = socket(bind.id);
      if (handle) send(worker, { type: 'listen', bind: bind.id }, handle);
    }
  }
}
