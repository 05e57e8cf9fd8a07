// Which servers failed a request, or a connection in mode tcp: others come first, and the same one only after a while. Pure.
import type { ServerState } from './balance/server-state.ts';
import { TurnAround } from './turn-around.ts';

export class FailedServers<S extends ServerState> {
  readonly #retries: number;
  #tried: S[] = [];
  /** Undefined until a connection failed. */
  #rests: TurnAround<S> | undefined;

  /** `retries`: of its backend. */
  constructor(retries: number) {
    this.#retries = retries;
  }

  get tried(): readonly S[] {
    return this.#tried;
  }

  markTried(server: S): void {
    if (!this.#tried.includes(server)) this.#tried.push(server);
  }

  /** When servers come back all of them deserve another attempt. */
  forgetTried(): void {
    this.#tried = [];
  }

  /** No connection came about: it is left alone for a while. */
  refused(server: S, nowMs: number, untilMs: number): void {
    this.#rests ??= new TurnAround(this.#retries);
    this.#rests.failed(server, nowMs, untilMs);
  }

  /** It must not be tried again yet. */
  rests(server: S, nowMs: number): boolean {
    return this.#rests?.mustWait(server, nowMs) ?? false;
  }

  /** Until when it is worth waiting for a server that failed; 0 = it is not. */
  get restUntilMs(): number {
    return this.#rests?.untilMs ?? 0;
  }
}
