// The response of a rule whose plugins see responses: nothing of it goes on until they have said what they think of it.
// Meanwhile its server is not read from, so that no more than one read waits in memory.
import type { Answer } from '../core/handling/incoming.ts';
import type { Plugins } from '../core/handling/plugins.ts';
import type { ResponseHead } from '../core/http/response-head.ts';
import type { AccessLog } from './access-log.ts';
import type { Exchange } from './exchange.ts';
import { factsOf } from './exchange-log.ts';
import { ResponseWriter } from './response.ts';
import type { ServerRuntime } from './runtime.ts';
import type { Upstream } from './upstream-owner.ts';

export class PluggedResponse extends ResponseWriter {
  readonly #plugins: Plugins;
  readonly #asker: Exchange;
  #deciding = false;
  #connection: Upstream | undefined;
  /** Counts what is asked: a verdict on a response that is gone means nothing. */
  #round = 0;
  #later: (() => void)[] = [];

  constructor(exchange: Exchange, log: AccessLog, plugins: Plugins) {
    super(exchange, log);
    this.#asker = exchange;
    this.#plugins = plugins;
  }

  override whole(server: ServerRuntime, head: ResponseHead, bytes: Buffer, from: number): void {
    const kept = Buffer.from(bytes.subarray(from));
    this.#decide(head, () => super.whole(server, head, kept, 0));
  }

  override begin(connection: Upstream, head: ResponseHead): void {
    this.source = connection;
    this.#connection = connection;
    connection.socket.pause();
    this.#decide(head, () => super.begin(connection, head));
  }

  override body(bytes: Buffer, ranges: readonly number[]): void {
    if (!this.#deciding) {
      super.body(bytes, ranges);
      return;
    }
    const kept = Buffer.from(bytes);
    this.#later.push(() => super.body(kept, ranges));
  }

  override end(trailers: string): void {
    if (this.#deciding) this.#later.push(() => super.end(trailers));
    else super.end(trailers);
  }

  override resume(): void {
    if (!this.#deciding) super.resume();
  }

  override reset(): void {
    this.#forget();
    super.reset();
  }

  override fail(status: number, termination: string): void {
    this.#forget();
    super.fail(status, termination);
  }

  override closed(by: 'C' | 'S'): void {
    this.#forget();
    super.closed(by);
  }

  #forget(): void {
    this.#round += 1;
    this.#deciding = false;
    this.#later = [];
  }

  #decide(head: ResponseHead, go: () => void): void {
    this.started = true;
    this.#deciding = true;
    this.#round += 1;
    const round = this.#round;
    void this.#plugins.onResponse(this.#asker.incoming, head, factsOf(this.#asker)).then((verdict) => {
      if (round === this.#round) this.#decided(verdict, go);
    });
  }

  #decided(verdict: Answer | undefined, go: () => void): void {
    const later = this.#later;
    const connection = this.#connection;
    this.#forget();
    if (verdict) {
      this.#asker.replace(verdict);
      return;
    }
    go();
    for (const each of later) each();
    this.flush();
    // Without more to come its connection is another's, or idle: it must not stay paused for this one's client.
    if (connection && (this.source !== connection || !this.#asker.client.isCongested)) connection.socket.resume();
  }
}
