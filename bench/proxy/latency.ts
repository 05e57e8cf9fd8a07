// How much later answers come through a proxy than from the origin itself, at a rate that leaves all of them time to spare.
import { type Bench, type Running, type Section, startOrigin, startPeer } from './bench.ts';
import { judge, median, withSpread } from './gates.ts';
import { type LoadResult, runOwn } from './load.ts';
import { bodies } from './peers/nginx.ts';
import { mostFeatures } from './peers/peer.ts';
import { milliseconds, ours, section, table } from './report.ts';

const perSecond = 1000;
const path = '/1k';

interface Course {
  readonly name: string;
  readonly port: number;
  readonly results: LoadResult[];
}

/** Rounds take turns, the origin itself among them: each proxy is compared with the origin of the same round. */
export async function measureLatency(bench: Bench): Promise<Section> {
  await using stack = new AsyncDisposableStack();
  const originPort = await startOrigin(bench, stack);
  const running: Running[] = [];
  for (const peer of bench.peers)
    running.push(await startPeer(bench, peer, stack, { features: mostFeatures(peer), originPort }));
  const direct: Course = { name: 'the origin itself', port: originPort, results: [] };
  const courses: Course[] = running.map(({ peer, setup }) => ({
    name: `${peer.name}${setup.features === 'full' ? ', all features' : ', bare'}`,
    port: setup.port,
    results: [],
  }));
  // The first round warms up.
  for (let round = 0; round <= bench.rounds; round += 1) {
    for (const { port, results } of [direct, ...courses]) {
      const { seconds } = bench;
      const options = { port, path, bytes: bodies[path], rate: perSecond, seconds };
      const result = await runOwn('open-loop', bench.otherOn, options);
      if (round > 0) results.push(result);
    }
  }
  const own = courses.find(({ name }) => name.startsWith(ours));
  return latencySection(direct.results, courses, own?.results);
}

type Results = readonly LoadResult[];

/** Each round's figure of a proxy minus the one of the origin. */
function added(results: Results, direct: Results, figure: 'p50Ms' | 'p99Ms'): number[] {
  return results.map((result, round) => result[figure] - (direct[round]?.[figure] ?? NaN));
}

/** The table, and what it says about ours. */
export function latencySection(
  direct: Results,
  courses: readonly { readonly name: string; readonly results: Results }[],
  own: Results | undefined,
): Section {
  const head = ['proxy', 'p50 ms', 'p99 ms', 'added p50 ms', 'added p99 ms', 'failed'];
  const all = [{ name: 'the origin itself', results: direct }, ...courses];
  const rows = all.map(({ name, results }) => [
    name,
    milliseconds(median(results.map(({ p50Ms }) => p50Ms))),
    milliseconds(median(results.map(({ p99Ms }) => p99Ms))),
    results === direct ? '' : withSpread(added(results, direct, 'p50Ms'), 2),
    results === direct ? '' : withSpread(added(results, direct, 'p99Ms'), 2),
    String(failures(results)),
  ]);
  const style = { digits: 2, unit: ' ms' };
  const verdicts =
    own === undefined
      ? []
      : [
          judge('added p50', added(own, direct, 'p50Ms'), { must: 0.3, aim: 0.15, side: 'most' }, style),
          judge('added p99', added(own, direct, 'p99Ms'), { must: 2, aim: 1, side: 'most' }, style),
          ...(failures(own) === 0 ? [] : [{ kept: false, text: `gate NOT met: ${failures(own)} requests failed` }]),
        ];
  const title = `Added latency at ${perSecond.toLocaleString('en')} requests/s, open loop`;
  return section(title, table(head, rows), verdicts);
}

function failures(results: Results): number {
  return results.reduce((sum, { failed }) => sum + failed, 0);
}
