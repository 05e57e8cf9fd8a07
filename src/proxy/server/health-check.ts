// One check of a server: a connection, TLS if there is to be, a question, and the answer until it can be judged.
import type { Socket } from 'node:net';
import { checkRequest, type CheckVerdict, checkVerdict } from '../core/check-verdict.ts';
import type { CheckConfig } from '../core/config/model.ts';
import { proxyHeader } from '../core/proxy-protocol.ts';
import type { CheckResult } from '../core/server-record.ts';
import { dial } from './dial.ts';
import { askHttp2 } from './http2-check.ts';
import type { UpstreamTls } from './upstream-tls.ts';

/** Never rejects. */
export function runCheck(check: CheckConfig, tls?: UpstreamTls): Promise<CheckResult> {
  return new HealthCheck(check, tls).result;
}

class HealthCheck {
  readonly result: Promise<CheckResult>;
  readonly #check: CheckConfig;
  readonly #tls: UpstreamTls | undefined;
  readonly #resolve: (result: CheckResult) => void;
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout;
  readonly #startedAt = performance.now();
  #connected = false;
  /** After TLS, if there is any. */
  #ready = false;
  #answer = Buffer.alloc(0);

  constructor(check: CheckConfig, tls: UpstreamTls | undefined) {
    this.#check = check;
    this.#tls = tls;
    ({ promise: this.result, resolve: this.#resolve } = Promise.withResolvers<CheckResult>());
    const destination = { address: check.address, port: check.port, serverName: check.tls?.serverName ?? '' };
    const alpn = check.type === 'tcp' ? [] : [check.http2 ? 'h2' : 'http/1.1'];
    const intro = check.sendProxy === 'off' ? undefined : proxyHeader(check.sendProxy, undefined);
    this.#socket = dial(destination, { tls, alpn, intro, onread: undefined, onReady: () => this.#ask() });
    this.#timer = setTimeout(() => this.#fail(`${this.#layer}TOUT`, 'timeout', true), check.timeoutMs);
    this.#socket.on('connect', () => (this.#connected = true));
    if (check.http2) this.#socket.on('end', () => this.#broken('connection closed without a response'));
    else this.#socket.on('data', this.#took).on('end', this.#ended);
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#onError(error));
  }

  /** How far it came, in HAProxy's words. */
  get #layer(): string {
    return this.#ready ? 'L7' : this.#connected && this.#tls ? 'L6' : 'L4';
  }

  #ask(): void {
    this.#ready = true;
    const request = checkRequest(this.#check);
    if (this.#check.http2) {
      const answer = { took: this.#took, ended: this.#ended, failed: this.#broken };
      askHttp2(this.#socket, this.#tls ? 'https' : 'http', request, answer);
    } else if (request !== '') this.#socket.write(request, 'latin1');
    else if (!this.#check.body)
      this.#finish({ passed: true, code: this.#tls ? 'L6OK' : 'L4OK', detail: 'connected', status: undefined });
  }

  readonly #took = (bytes: Buffer): void => {
    this.#answer = Buffer.concat([this.#answer, bytes]);
    this.#judge(false);
  };

  readonly #ended = (): void => this.#judge(true);

  readonly #broken = (why: string): void => this.#fail('L7RSP', why, false);

  #judge(ended: boolean): void {
    const verdict = checkVerdict(this.#check, this.#answer, ended);
    if (verdict) this.#finish(verdict);
  }

  #onError(error: NodeJS.ErrnoException): void {
    const quiet = error.syscall !== undefined && !['ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(error.code ?? '');
    // What is no error of the system is one of the handshake.
    const isHandshake = error.syscall === undefined && !this.#ready;
    const code = isHandshake ? 'L6RSP' : this.#layer === 'L4' ? 'L4CON' : `${this.#layer}RSP`;
    this.#fail(code, error.message, quiet);
  }

  #fail(code: string, detail: string, silent: boolean): void {
    this.#finish({ passed: false, code, detail, status: undefined }, silent);
  }

  #finish(verdict: CheckVerdict, silent = false): void {
    clearTimeout(this.#timer);
    this.#socket.destroy();
    this.#resolve({ ...verdict, durationMs: performance.now() - this.#startedAt, silent });
  }
}
