// TLS in the master: what it makes or asks for on behalf of all workers (keys of session tickets, stapled answers,
// certificates), and what its own checks of servers speak TLS with.
import { CertificateKeeper, type KeeperPorts } from './certificate-keeper.ts';
import type { LoadedConfig } from './config-source.ts';
import type { ToWorker } from './ipc.ts';
import { OcspStapler } from './ocsp-stapler.ts';
import { TicketKeys } from './ticket-keys.ts';
import { type KeptUpstream, type UpstreamTls, upstreamsOf } from './upstream-tls.ts';

export class MasterTls {
  readonly #tickets: TicketKeys;
  readonly #stapler: OcspStapler;
  readonly #keeper: CertificateKeeper;
  #upstreams: ReadonlyMap<string, KeptUpstream> = new Map();

  constructor(ports: KeeperPorts) {
    const broadcast = (message: ToWorker): void => ports.workers().forEach((worker) => ports.send(worker, message));
    this.#tickets = new TicketKeys(() => broadcast(this.#ticketKeys));
    this.#stapler = new OcspStapler(ports.journal, () => broadcast(this.#staples));
    this.#keeper = new CertificateKeeper(ports);
  }

  /** Before a configuration is given to workers: they shall have answers to staple from the first client on. */
  async prepare({ config, tls }: LoadedConfig): Promise<void> {
    await this.#stapler.ask(config, tls);
  }

  /** The configuration that runs from now on. */
  take({ config, tls }: LoadedConfig): void {
    this.#upstreams = upstreamsOf(config, tls, this.#upstreams);
  }

  /** There is no way back to another one any more. */
  settle({ config, tls }: LoadedConfig): void {
    this.#stapler.keepOnly(config, tls);
  }

  /** All sockets of the configuration that runs listen: certificates can be got. */
  keep(loaded: LoadedConfig): void {
    this.#keeper.sync(loaded);
  }

  /** A worker knows what to answer an authority with. */
  known(worker: number, generation: number): void {
    this.#keeper.known(worker, generation);
  }

  /** A worker ended. */
  lost(worker: number): void {
    this.#keeper.lost(worker);
  }

  /** What checks of the servers of a backend speak TLS with. */
  upstream(backend: string): UpstreamTls | undefined {
    return this.#upstreams.get(backend)?.tls;
  }

  /** What a worker needs before its configuration. */
  messagesFor(worker: number): readonly ToWorker[] {
    return [this.#ticketKeys, this.#staples, this.#keeper.messageFor(worker)];
  }

  get #ticketKeys(): ToWorker {
    return { type: 'ticket-keys', keys: this.#tickets.current };
  }

  get #staples(): ToWorker {
    return { type: 'staples', staples: this.#stapler.staples };
  }

  stop(): void {
    this.#tickets.stop();
    this.#stapler.stop();
    this.#keeper.stop();
  }
}
