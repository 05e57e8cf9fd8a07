// Counters of one statistics row, as an array of numbers: cheap to count, to send and to add up over workers.

const names = [
  'sessions',
  'sessionsMax',
  'sessionsTotal',
  'queued',
  'queuedMax',
  'bytesIn',
  'bytesOut',
  'requestErrors',
  'connectErrors',
  'responseErrors',
  'retries',
  'redispatches',
  'picked',
  'status1xx',
  'status2xx',
  'status3xx',
  'status4xx',
  'status5xx',
  'statusOther',
  'clientAborts',
  'serverAborts',
  'connects',
  'reuses',
  'idle',
  'connections',
  'connectionsTotal',
  'holds',
  'hedges',
  'queueMs',
  'connectMs',
  'responseMs',
  'totalMs',
  'timed',
  'logDropped',
  'denied',
  'intercepted',
  'deniedConnections',
  'observed',
  'observedSeconds',
  'queueMaxMs',
  'connectMaxMs',
  'responseMaxMs',
  'totalMaxMs',
  'compressions',
  'compressedIn',
  'compressedOut',
  'tlsSessions',
  'tlsReused',
] as const;

export type CounterName = (typeof names)[number];

/** What shows a present state and is not cleared. */
const gauges: ReadonlySet<CounterName> = new Set(['sessions', 'queued', 'idle', 'connections']);

/** Longest times: over several workers that of one of them. */
const longest: ReadonlySet<CounterName> = new Set(['queueMaxMs', 'connectMaxMs', 'responseMaxMs', 'totalMaxMs']);

/** Upper bounds of the latency histogram, in seconds. */
export const latencyBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/** HAProxy's averages look at about the last 1024 requests. */
const averagedRequests = 1024;

export class Counters {
  sessions = 0;
  sessionsMax = 0;
  sessionsTotal = 0;
  queued = 0;
  queuedMax = 0;
  bytesIn = 0;
  bytesOut = 0;
  requestErrors = 0;
  connectErrors = 0;
  responseErrors = 0;
  retries = 0;
  redispatches = 0;
  picked = 0;
  status1xx = 0;
  status2xx = 0;
  status3xx = 0;
  status4xx = 0;
  status5xx = 0;
  statusOther = 0;
  clientAborts = 0;
  serverAborts = 0;
  connects = 0;
  reuses = 0;
  idle = 0;
  connections = 0;
  connectionsTotal = 0;
  holds = 0;
  hedges = 0;
  queueMs = 0;
  connectMs = 0;
  responseMs = 0;
  totalMs = 0;
  timed = 0;
  logDropped = 0;
  /** Requests that were not let in, and those that the proxy answered itself. */
  denied = 0;
  intercepted = 0;
  /** Closed at once: beyond the limits of their frontend. */
  deniedConnections = 0;
  /** Requests in the histogram, and their time in all. */
  observed = 0;
  observedSeconds = 0;
  queueMaxMs = 0;
  connectMaxMs = 0;
  responseMaxMs = 0;
  totalMaxMs = 0;
  /** Responses that were compressed here, and the bytes of their bodies before and after. */
  compressions = 0;
  compressedIn = 0;
  compressedOut = 0;
  /** Handshakes of clients, and those that went on with an earlier session. */
  tlsSessions = 0;
  tlsReused = 0;
  /** Requests by how long they took: at most latencyBounds[i] seconds; the last are slower than all bounds. */
  readonly latencies: number[] = new Array<number>(latencyBounds.length + 1).fill(0);

  begin(): void {
    this.sessions += 1;
    this.sessionsTotal += 1;
    if (this.sessions > this.sessionsMax) this.sessionsMax = this.sessions;
  }

  end(): void {
    this.sessions -= 1;
  }

  status(status: number): void {
    if (status < 200) this.status1xx += 1;
    else if (status < 300) this.status2xx += 1;
    else if (status < 400) this.status3xx += 1;
    else if (status < 500) this.status4xx += 1;
    else if (status < 600) this.status5xx += 1;
    else this.statusOther += 1;
  }

  /** Adds the times of one request to the averages; negative ones were not reached. */
  times(queueMs: number, connectMs: number, responseMs: number, totalMs: number): void {
    if (this.timed >= averagedRequests) {
      this.queueMs /= 2;
      this.connectMs /= 2;
      this.responseMs /= 2;
      this.totalMs /= 2;
      this.timed /= 2;
    }
    this.queueMs += Math.max(0, queueMs);
    this.connectMs += Math.max(0, connectMs);
    this.responseMs += Math.max(0, responseMs);
    this.totalMs += totalMs;
    this.timed += 1;
    if (queueMs > this.queueMaxMs) this.queueMaxMs = queueMs;
    if (connectMs > this.connectMaxMs) this.connectMaxMs = connectMs;
    if (responseMs > this.responseMaxMs) this.responseMaxMs = responseMs;
    if (totalMs > this.totalMaxMs) this.totalMaxMs = totalMs;
    this.#observe(totalMs / 1000);
  }

  /** A response that was compressed: bytes of its body before and after. */
  compressed(bytes: { readonly in: number; readonly out: number }): void {
    this.compressions += 1;
    this.compressedIn += bytes.in;
    this.compressedOut += bytes.out;
  }

  #observe(seconds: number): void {
    let bucket = 0;
    while (bucket < latencyBounds.length && seconds > (latencyBounds[bucket] ?? 0)) bucket += 1;
    this.latencies[bucket] = (this.latencies[bucket] ?? 0) + 1;
    this.observed += 1;
    this.observedSeconds += seconds;
  }

  toArray(): number[] {
    return [...names.map((name) => this[name]), ...this.latencies];
  }

  /** Adds numbers that toArray gave elsewhere. */
  add(values: readonly number[]): void {
    names.forEach((name, index) => {
      const value = values[index] ?? 0;
      this[name] = longest.has(name) ? Math.max(this[name], value) : this[name] + value;
    });
    this.latencies.forEach((count, index) => {
      this.latencies[index] = count + (values[names.length + index] ?? 0);
    });
  }

  /** Forgets the present state, which ended with the process it came from. */
  dropGauges(): void {
    for (const name of gauges) this[name] = 0;
  }

  /** Sets maxima to what is now, and with `all` everything else to zero but for the present state. */
  clear(all: boolean): void {
    if (all) {
      for (const name of names) if (!gauges.has(name)) this[name] = 0;
      this.latencies.fill(0);
    }
    for (const name of longest) this[name] = 0;
    this.sessionsMax = this.sessions;
    this.queuedMax = this.queued;
  }
}
