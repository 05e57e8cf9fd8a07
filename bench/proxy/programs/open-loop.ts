// Load at a fixed rate that waits for no answer (open loop): what is slow makes later requests wait in the proxy, as the
// users of a site would, not in the load generator. Options are one argument in JSON, the result is printed the same way.
import { connect, type Socket } from 'node:net';
import type { LoadResult } from '../load.ts';
import { requestBytes } from '../request.ts';
import { percentile } from './percentile.ts';

interface Options {
  readonly port: number;
  readonly path: string;
  /** Bytes of the body that must come. */
  readonly bytes: number;
  /** Requests a second. */
  readonly rate: number;
  readonly seconds: number;
}

const { port, path, bytes, rate, seconds } = JSON.parse(process.argv[2] ?? '') as Options;
const request = requestBytes(path);
/** Opened before the start; more are when all are busy. */
const spare = 50;
/** What has not come by then has failed. */
const patienceMs = 5000;

const idle: Connection[] = [];
const times: number[] = [];
let failed = 0;
let waiting = 0;

/** One request at a time. */
class Connection {
  readonly #socket: Socket;
  #began = 0;
  #busy = false;
  /** Bytes that are still to come; undefined before the end of the head. */
  #missing: number | undefined;
  #head = '';

  constructor() {
    this.#socket = connect(port, '127.0.0.1').setNoDelay(true);
    this.#socket.on('data', (chunk: Buffer) => this.#read(chunk));
    this.#socket.on('error', () => undefined).on('close', () => this.#end(false));
  }

  ask(): void {
    this.#busy = true;
    this.#missing = undefined;
    this.#head = '';
    waiting += 1;
    this.#began = performance.now();
    this.#socket.write(request);
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    if (this.#missing !== undefined) this.#missing -= chunk.length;
    else {
      this.#head += chunk.toString('latin1');
      const end = this.#head.indexOf('\r\n\r\n');
      if (end === -1) return;
      const length = /\r\ncontent-length: *(\d+)\r\n/i.exec(this.#head.slice(0, end + 2))?.[1];
      if (!this.#head.startsWith('HTTP/1.1 200 ') || Number(length) !== bytes) return this.close();
      this.#missing = bytes - (this.#head.length - end - 4);
    }
    if (this.#missing === 0) this.#end(true);
    else if (this.#missing < 0) this.close();
  }

  #end(good: boolean): void {
    const at = idle.indexOf(this);
    if (!good && at !== -1) idle.splice(at, 1);
    if (!this.#busy) return;
    this.#busy = false;
    waiting -= 1;
    if (good) {
      times.push(performance.now() - this.#began);
      idle.push(this);
    } else {
      failed += 1;
    }
  }
}

// The last one that was used first: the others may be closed for being idle, without harm.
for (let count = 0; count < spare; count += 1) idle.push(new Connection());
await new Promise((resolve) => setTimeout(resolve, 200));

const began = performance.now();
let sent = 0;
const timer = setInterval(() => {
  const due = Math.min(rate * seconds, ((performance.now() - began) / 1000) * rate);
  for (; sent < due; sent += 1) (idle.pop() ?? new Connection()).ask();
  const passed = performance.now() - began;
  if (sent < rate * seconds || (waiting > 0 && passed < seconds * 1000 + patienceMs)) return;
  clearInterval(timer);
  finish(passed / 1000);
}, 1);

function finish(passed: number): void {
  const result: LoadResult = {
    requests: times.length,
    perSecond: times.length / passed,
    p50Ms: percentile(times, 50),
    p99Ms: percentile(times, 99),
    failed: failed + waiting,
  };
  process.stdout.write(JSON.stringify(result), () => process.exit());
}
