// One who asks again and again, a request at a time on a connection that is kept, and notes how long each took.
import { Agent, request } from 'node:http';
import { sleep } from '../../proxy/support/proxy.ts';
import { percentile } from './percentile.ts';

const pauseMs = 10;
const deadlineMs = 20_000;

export class NormalTraffic {
  failed = 0;
  /** When each began since the first, and how long it took, in milliseconds. */
  readonly #times: [number, number][] = [];
  readonly #agent: Agent;
  readonly #port: number;
  readonly #bodyBytes: number;
  readonly #startedAt = performance.now();
  readonly #done: Promise<void>;
  #going = true;

  constructor(port: number, localAddress: string, bodyBytes: number) {
    this.#port = port;
    this.#bodyBytes = bodyBytes;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1, localAddress });
    this.#done = this.#run();
  }

  get asked(): number {
    return this.#times.length;
  }

  /** The 99th percentile in each window of this length; a last one that is shorter than half is left out. */
  p99s(windowMs: number): number[] {
    const windows = Map.groupBy(this.#times, ([at]) => Math.floor(at / windowMs));
    const [lastAt = 0] = this.#times.at(-1) ?? [];
    if (lastAt % windowMs < windowMs / 2) windows.delete(Math.floor(lastAt / windowMs));
    return [...windows.values()].map((times) =>
      percentile(
        times.map(([, ms]) => ms),
        0.99,
      ),
    );
  }

  async stop(): Promise<void> {
    this.#going = false;
    await this.#done;
    this.#agent.destroy();
  }

  async #run(): Promise<void> {
    while (this.#going) {
      const at = performance.now();
      if (!(await this.#ask())) this.failed += 1;
      this.#times.push([at - this.#startedAt, performance.now() - at]);
      await sleep(pauseMs);
    }
  }

  #ask(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const outgoing = request(
      { host: '127.0.0.1', port: this.#port, agent: this.#agent, timeout: deadlineMs },
      (response) => {
        let bytes = 0;
        response.on('data', (part: Buffer) => (bytes += part.length));
        response.on('error', () => resolve(false));
        response.on('end', () => resolve(response.statusCode === 200 && bytes === this.#bodyBytes));
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
    outgoing.on('error', () => resolve(false));
    outgoing.end();
    return promise;
  }
}
