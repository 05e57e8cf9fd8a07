// How much more N workers do than one. With processors enough for proxy and load requests a second tell it. Where they must
// share, requests a second would tell what the load leaves over; then it is judged on CPU time: what a request costs with
// one worker and with N, and how evenly the N share the work, for the busiest is full first.
import { availableParallelism } from 'node:os';
import { type Bench, connections, type Running, type Section, startOrigin, startPeer } from './bench.ts';
import { judge, median, withSpread } from './gates.ts';
import { runWrk } from './load.ts';
import { mostFeatures } from './peers/peer.ts';
import { cpuByThread, cpuMicroseconds } from './processes.ts';
import { ours, section, table } from './report.ts';

/** Of one round with some number of workers. */
export interface Turn {
  readonly requests: number;
  readonly perSecond: number;
  readonly cpuMicroseconds: number;
  /** CPU time of each thread that served, the most first. */
  readonly threads: readonly number[];
  readonly failed: number;
  /** Processors that were busy with it on average. */
  readonly busy: number;
}

/** Who runs where. */
export interface Places {
  readonly workers: number;
  readonly one: string;
  readonly many: string;
  readonly load: string;
  readonly loadThreads: number;
  /** Nobody else uses the processors of the proxy. */
  readonly apart: boolean;
}

/** Half of the processors for the proxy, half for load and origin; of less than four all for all. */
export function places(processors: number): Places {
  const workers = Math.max(2, Math.floor(processors / 2));
  const all = `0-${processors - 1}`;
  if (processors < 4) return { workers: 2, one: all, many: all, load: all, loadThreads: 1, apart: false };
  const load = `${workers}-${processors - 1}`;
  return { workers, one: '0', many: `0-${workers - 1}`, load, loadThreads: processors - workers, apart: true };
}

/** How much more many workers could do than one, by their CPU time. */
export function speedUpOnCpuTime(one: Turn, many: Turn, workers: number): number {
  const cost = (turn: Turn): number => turn.cpuMicroseconds / turn.requests;
  return workers * (cost(one) / cost(many)) * evenness(many, workers);
}

/** 1 if all workers did the same work, 1/N if one did it all. */
export function evenness({ threads }: Turn, workers: number): number {
  const busiest = threads.slice(0, workers);
  return busiest.reduce((sum, time) => sum + time, 0) / workers / (busiest[0] ?? NaN);
}

interface Course {
  readonly name: string;
  readonly one: Turn[];
  readonly many: Turn[];
}

/** Proxies that spread their work over processes or threads which keep their connections. */
const scaled = ['veza-proxy', 'HAProxy', 'nginx'];

/** Each round runs one worker, then many. */
export async function measureScaling(bench: Bench): Promise<Section> {
  const place = places(availableParallelism());
  await using stack = new AsyncDisposableStack();
  const originPort = await startOrigin(bench, stack, place.load, place.apart ? place.loadThreads : 1);
  const courses: Course[] = [];
  for (const peer of bench.peers.filter(({ name }) => scaled.includes(name))) {
    const options = { features: mostFeatures(peer), originPort };
    const one = await startPeer(bench, peer, stack, { ...options, on: place.one });
    const many = await startPeer(bench, peer, stack, { ...options, workers: place.workers, on: place.many });
    const course: Course = { name: `${peer.name}${options.features === 'full' ? '' : ', bare'}`, one: [], many: [] };
    courses.push(course);
    // The first round warms up.
    for (let round = 0; round <= bench.rounds; round += 1) {
      for (const [running, turns] of [
        [one, course.one],
        [many, course.many],
      ] as const) {
        const turn = await takeTurn(running, place, bench.seconds);
        if (round > 0) turns.push(turn);
      }
    }
  }
  return scalingSection(courses, place);
}

async function takeTurn({ pid, setup }: Running, place: Places, seconds: number): Promise<Turn> {
  const [cpuBefore, threadsBefore] = [cpuMicroseconds(pid), cpuByThread(pid)];
  const load = await runWrk({
    on: place.load,
    threads: place.loadThreads,
    connections: connections * place.loadThreads,
    seconds,
    url: `http://127.0.0.1:${setup.port}/1k`,
    keepAlive: true,
  });
  const used = cpuMicroseconds(pid) - cpuBefore;
  const threads = [...cpuByThread(pid)].map(([thread, time]) => time - (threadsBefore.get(thread) ?? 0));
  const { requests, perSecond, failed } = load;
  threads.sort((some, other) => other - some);
  return { requests, perSecond, failed, cpuMicroseconds: used, threads, busy: used / 1e6 / Math.ceil(seconds) };
}

/** The table, and what it says about ours. */
export function scalingSection(courses: readonly Course[], place: Places): Section {
  const { workers } = place;
  const head = ['proxy', 'µs/request, 1', `µs/request, ${workers}`, 'requests/s, 1', `requests/s, ${workers}`];
  const rows = courses.map((course) => {
    const { name, one, many } = course;
    const cost = (turns: readonly Turn[]): string =>
      median(turns.map(({ cpuMicroseconds: time, requests }) => time / requests)).toFixed(1);
    const rate = (turns: readonly Turn[]): string =>
      Math.round(median(turns.map(({ perSecond }) => perSecond))).toLocaleString('en');
    const even = many.map((turn) => 100 * evenness(turn, workers));
    const speedUp = withSpread(speedUps(course, place), 2);
    return [name, cost(one), cost(many), rate(one), rate(many), `${withSpread(even, 0)} %`, speedUp];
  });
  const body = table([...head, 'evenness', 'speed-up'], rows);
  const own = courses.find(({ name }) => name.startsWith(ours));
  const bound = { must: 0.85 * workers, aim: 0.95 * workers, side: 'least' } as const;
  const by = own !== undefined && saturated(own, place) ? 'by requests/s' : 'on CPU time';
  const verdicts = own === undefined ? [] : [judge(`speed-up ${by}`, speedUps(own, place), bound, { digits: 2 })];
  const failed = (own === undefined ? [] : [...own.one, ...own.many]).reduce((sum, turn) => sum + turn.failed, 0);
  if (failed > 0) verdicts.push({ kept: false, text: `gate NOT met: ${failed} requests failed` });
  return section(`${workers} workers instead of one`, `${explanation(place)}\n\n${body}`, verdicts);
}

function speedUps(course: Course, place: Places): number[] {
  const byRate = saturated(course, place);
  return course.many.flatMap((many, round) => {
    const one = course.one[round];
    if (one === undefined) return [];
    return [byRate ? many.perSecond / one.perSecond : speedUpOnCpuTime(one, many, place.workers)];
  });
}

/** Requests a second tell something only where nothing but the proxy limits them. */
function saturated({ one, many }: Course, { apart, workers }: Places): boolean {
  return apart && one.every(({ busy }) => busy > 0.9) && many.every(({ busy }) => busy > 0.9 * workers);
}

function explanation({ apart, workers }: Places): string {
  if (apart)
    return `By requests/s where the load filled all ${workers} processors, else on CPU time: what a request costs, and how evenly the workers shared the work.`;
  return 'This machine has too few processors to show it in requests/s: proxy, load and origin share them, and requests/s tell only what is left over. The speed-up is therefore on CPU time: N × cost of a request with one worker ÷ cost with N × evenness (the mean of the workers’ CPU time ÷ that of the busiest). Contention that only appears on processors of their own is not in it.';
}
