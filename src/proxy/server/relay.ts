// What workers tell each other, as it passes through the master.
import type { FromWorker, Loads, ToWorker } from './ipc.ts';

type Types = 'need-slot' | 'lend-slot' | 'refuse-slot' | 'load' | 'taken';
export type Relayed = Extract<FromWorker, { readonly type: Types }>;

export interface RelayPorts {
  readonly workers: readonly number[];
  send(worker: number, message: ToWorker): void;
  /** To all but one. */
  broadcast(message: ToWorker, except: number): void;
}

export class Relay {
  readonly #ports: RelayPorts;
  readonly #loads = new Map<number, Loads>();

  constructor(ports: RelayPorts) {
    this.#ports = ports;
  }

  pass(message: Relayed): void {
    const ports = this.#ports;
    switch (message.type) {
      case 'need-slot': {
        const { worker, shared, sinceMs } = message;
        ports.broadcast({ type: 'lend', shared, to: worker, sinceMs }, worker);
        return;
      }
      case 'lend-slot': {
        const { to, shared, slot, epoch } = message;
        ports.send(to, { type: 'slot', shared, slot, epoch });
        return;
      }
      case 'refuse-slot': {
        const { to, shared, epoch } = message;
        ports.send(to, { type: 'no-slot', shared, epoch });
        return;
      }
      case 'load':
        this.#loads.set(message.worker, message.loads);
        for (const worker of ports.workers)
          if (worker !== message.worker) ports.send(worker, { type: 'load', loads: this.#loadOthers(worker) });
        return;
      case 'taken':
        ports.broadcast({ type: 'taken', taken: message.taken }, message.worker);
        return;
      default:
        message satisfies never;
    }
  }

  /** A worker begins anew: what the one before it had is gone. */
  began(worker: number): void {
    this.#loads.delete(worker);
  }

  #loadOthers(worker: number): Loads {
    const sums: Record<string, number> = {};
    for (const other of this.#ports.workers) {
      if (other === worker) continue;
      for (const [name, load] of Object.entries(this.#loads.get(other) ?? {})) sums[name] = (sums[name] ?? 0) + load;
    }
    return sums;
  }
}
