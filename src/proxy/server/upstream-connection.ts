// One connection to a server: sends a request, reads the response strictly, then serves again or closes.
// It knows HTTP framing and nothing of retries; its owner (an exchange) decides what a failure means.
import { BodyReader } from '../core/http/body-reader.ts';
import { asTunnelHead, opensTunnel, parseResponseHead, type ResponseHead } from '../core/http/response-head.ts';
import { findHeadEnd, incomplete, malformed } from '../core/http/scan.ts';
import { Patience } from '../core/patience.ts';
import { connectionLimits } from './limits.ts';
import type { ServerRuntime } from './runtime.ts';
import { UpstreamSocket } from './upstream-socket.ts';
import type { Failure, Upstream, UpstreamOwner, UpstreamPhase } from './upstream-owner.ts';
import { connectFailure, failUse } from './upstream-owner.ts';
import type { WorkerContext } from './worker-context.ts';

export class UpstreamConnection extends UpstreamSocket implements Upstream {
  owner: UpstreamOwner | undefined;
  phase: UpstreamPhase = 'connecting';
  uses = 0;
  /** Bytes of the present request were written to the connected socket. */
  sent = false;
  requestDone = false;
  startedMs = 0;
  connectedMs = 0;
  readonly chunks = true;
  readonly #patience = new Patience();
  #bodiless = false;
  #pending: Buffer | undefined;
  #head: ResponseHead | undefined;
  #body: BodyReader | undefined;
  #keepMs: number = connectionLimits.upstreamIdleMs;
  #reusable = true;
  #hints = 0;

  constructor(server: ServerRuntime, context: WorkerContext, intro?: Buffer) {
    super(server, context, intro, true);
    server.connections.add(this);
  }

  use(owner: UpstreamOwner, bodiless: boolean, firstByteMs: number, serverMs: number): void {
    const now = this.context.now();
    this.owner = owner;
    this.sent = false;
    this.requestDone = false;
    this.#hints = 0;
    this.#bodiless = bodiless;
    this.startedMs = now;
    const connecting = this.phase === 'connecting';
    if (!connecting) this.phase = 'head';
    const { connectMs } = this.server.backend.config.timeouts;
    this.#patience.begin(now, firstByteMs, now + (connecting ? connectMs : serverMs));
    this.#armWait(now);
    this.server.inFlight += 1;
    this.server.counters.begin();
  }

  waitForResponse(firstByteMs: number, serverMs: number, sinceMs: number): void {
    const now = this.context.now();
    this.#patience.begin(sinceMs, firstByteMs, now + serverMs);
    this.#armWait(now);
  }

  #armWait(now: number): void {
    this.context.wheel.arm(this, now, this.#patience.nextMs(now, this.#lastByteMs()));
  }

  /** Bytes of others say nothing about a server that does not even accept. */
  #lastByteMs(): number {
    return this.sent ? this.server.lastByteMs : 0;
  }

  write(data: string | Uint8Array): boolean {
    this.sent = true;
    this.out.write(data);
    return !this.out.isCongested;
  }

  finish(last: string): boolean {
    this.requestDone = true;
    return last === '' || this.write(last);
  }

  override onTimer(nowMs: number): void {
    if (this.phase === 'idle') {
      this.destroy();
      return;
    }
    // A client that takes its time is not the server's fault; its own timer watches it.
    if (this.phase === 'body' && this.socket.isPaused()) this.#waitForBody();
    const verdict = this.phase === 'tunnel' ? 'expired' : this.#patience.judge(nowMs, this.#lastByteMs());
    if (verdict === 'expired') {
      this.fail(this.phase === 'connecting' ? 'connect-timeout' : 'timeout');
      return;
    }
    this.#armWait(nowMs);
    if (verdict === 'silent') this.owner?.onSilence(this);
  }

  touchTunnel(tunnelMs: number): void {
    this.context.wheel.arm(this, this.context.now(), tunnelMs);
  }

  fail(failure: Failure): void {
    failUse(this, this.owner, failure);
  }

  destroy(): void {
    if (this.phase === 'closed') return;
    if (this.phase === 'idle') this.server.forget(this);
    this.phase = 'closed';
    this.#release();
    this.server.connections.delete(this);
    this.context.wheel.remove(this);
    this.socket.destroy();
  }

  #release(): void {
    if (!this.owner) return;
    this.owner = undefined;
    this.server.inFlight -= 1;
    this.server.counters.end();
    this.server.backend.freed(this.server);
  }

  protected override onConnect(): void {
    this.phase = 'head';
    this.connectedMs = this.context.now();
    this.owner?.onConnected(this);
  }

  override onError(error: NodeJS.ErrnoException): void {
    if (this.phase === 'closed') return;
    if (this.phase === 'idle') this.destroy();
    else if (this.phase === 'connecting') {
      this.tellTlsProblem(error);
      this.fail(connectFailure(error.code));
    } else this.fail(error.code === 'ETIMEDOUT' ? 'timeout' : 'reset');
  }

  override onClose(): void {
    if (this.phase === 'idle') this.destroy();
    else if (this.phase !== 'closed') this.fail('reset');
  }

  override onDrain(): void {
    this.owner?.onDrain(this);
  }

  override onEnd(): void {
    if (this.phase === 'tunnel') this.owner?.response.tunnelEnded();
    else if (this.phase === 'body' && this.#head?.length === -2) this.#finish('');
    else if (this.phase === 'idle') this.destroy();
    else if (this.phase !== 'closed') this.fail('eof');
  }

  protected override onRead(bytes: Buffer): boolean {
    const { owner } = this;
    this.#onData(bytes);
    owner?.response.flush();
    return owner?.response.holdsBytes !== true;
  }

  #onData(bytes: Buffer): void {
    this.server.lastByteMs = this.context.now();
    switch (this.phase) {
      case 'head':
        this.#readHead(bytes);
        return;
      case 'body':
        this.#waitForBody();
        this.#readBody(bytes, 0);
        return;
      case 'tunnel':
        this.owner?.response.tunnelData(bytes);
        return;
      case 'idle':
      case 'connecting':
        // Nobody asked: whatever it is, it must not be taken for the answer to the next request.
        this.destroy();
        return;
      case 'closed':
        return;
      default:
        this.phase satisfies never;
    }
  }

  #readHead(chunk: Buffer): void {
    const bytes = this.#pending ? Buffer.concat([this.#pending, chunk]) : chunk;
    this.#pending = undefined;
    let start = 0;
    while (this.phase === 'head') {
      const end = findHeadEnd(bytes, start, start);
      if (end === malformed || (end === incomplete && bytes.length - start > connectionLimits.responseHeadBytes)) {
        this.fail('malformed');
        return;
      }
      if (end === incomplete) {
        if (start < bytes.length) this.#pending = Buffer.from(bytes.subarray(start));
        return;
      }
      const head = parseResponseHead(bytes.toString('latin1', start, end - 2), this.#bodiless);
      if (typeof head === 'string' || this.#isUnasked(head)) {
        this.fail('malformed');
        return;
      }
      start = end;
      const connected = this.owner?.connects === true && opensTunnel(head);
      if (head.status === 101 || connected) {
        this.phase = 'tunnel';
        this.owner?.onTunnel(this, connected ? asTunnelHead(head) : head, bytes.subarray(start));
        return;
      }
      if (head.status >= 200) {
        // Not a step further in these bytes: the connection may already serve another request.
        this.#toBody(head, bytes, start);
        return;
      }
      this.owner?.response.informational(this, head);
    }
  }

  /** An upgrade that cannot be (framing of an unfinished request would go on in the tunnel), or a flood of hints. */
  #isUnasked(head: ResponseHead): boolean {
    if (head.status === 101) return this.owner?.acceptsUpgrade(head) !== true || !this.requestDone;
    if (head.status < 200) this.#hints += 1;
    return this.#hints > connectionLimits.informationalResponses;
  }

  #toBody(head: ResponseHead, bytes: Buffer, from: number): void {
    this.#head = head;
    this.#reusable = head.keepAlive && !this.isPrivate;
    this.#keepMs =
      head.keepAliveSeconds >= 0
        ? Math.min(connectionLimits.upstreamIdleMs, Math.max(0, head.keepAliveSeconds * 1000 - 1000))
        : connectionLimits.upstreamIdleMs;
    const available = bytes.length - from;
    if (head.length >= 0 && available >= head.length) {
      if (available > head.length) this.#reusable = false;
      const owner = this.owner;
      const whole = available > head.length ? bytes.subarray(0, from + head.length) : bytes;
      this.#park();
      owner?.onWhole(this, head, whole, from);
      return;
    }
    this.phase = 'body';
    this.#body = new BodyReader(head.length);
    this.#waitForBody();
    this.owner?.onHead(this, head);
    if (available > 0 && isReading(this)) this.#readBody(bytes, from);
  }

  #waitForBody(): void {
    this.waitForResponse(0, this.server.backend.config.timeouts.serverMs, this.context.now());
  }

  #readBody(bytes: Buffer, from: number): void {
    const body = this.#body;
    if (!body) return;
    const ranges: number[] = [];
    const end = body.feed(bytes, from, ranges);
    if (ranges.length > 0) this.owner?.response.body(bytes, ranges);
    if (this.phase !== 'body' || body.state === 'more') return;
    if (body.state === 'failed') {
      this.fail('malformed');
      return;
    }
    if (end < bytes.length) this.#reusable = false;
    this.#finish(body.trailers);
  }

  #finish(trailers: string): void {
    const owner = this.owner;
    this.#park();
    owner?.onEnd(this, trailers);
  }

  /** Back to the pool if both sides are at a message boundary, else closed. */
  #park(): void {
    this.#head = undefined;
    this.#body = undefined;
    const wanted = this.server.up && this.isCurrent && !this.context.stopping;
    if (!this.#reusable || !this.requestDone || this.#keepMs === 0 || !wanted) {
      this.destroy();
      return;
    }
    this.phase = 'idle';
    this.uses += 1;
    this.socket.resume();
    this.server.idle.push(this);
    this.context.wheel.arm(this, this.context.now(), this.#keepMs);
    this.#release();
  }
}

/** The owner may have let go of the connection meanwhile. */
function isReading({ phase }: UpstreamConnection): boolean {
  return phase === 'body';
}
