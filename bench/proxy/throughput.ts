// CPU time a request and requests a second of each proxy in one scenario. Rounds are short and take turns, so that what else
// the machine does meets all alike; whether all did the same work is checked, and told where not.
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Bench,
  connections,
  originCounts,
  type Running,
  type Section,
  startEcho,
  startOrigin,
  startPeer,
} from './bench.ts';
import { type LoadResult, runH2Load, runOwn, runWrk } from './load.ts';
import { peers } from './peers/all.ts';
import { accessLog, overTls, type Peer } from './peers/peer.ts';
import { ask, wrongness } from './probe.ts';
import { cpuMicroseconds } from './processes.ts';
import { type Entry, type Sample, scenarioSection } from './report.ts';
import type { Scenario } from './scenarios.ts';
import { messageOf } from '../../src/lib/errors.ts';

/** On a connection that is kept. */
const fewRequests = 50;

/** What one proxy did in all rounds. */
interface Course {
  readonly running: Running;
  readonly cipher: string | undefined;
  readonly samples: Sample[];
  /** By kind, of the last round that gave one. */
  readonly remarks: Map<string, string>;
  /** In warming up, too. */
  requests: number;
}

/** Measures a scenario with all proxies that can take part. */
export async function measureThroughput(scenario: Scenario, bench: Bench): Promise<Section> {
  await using stack = new AsyncDisposableStack();
  const tunnel = scenario.protocol === 'ws' || scenario.protocol === 'wss';
  const originPort = await (tunnel ? startEcho : startOrigin)(bench, stack);
  const { features, protocol } = scenario;
  const can = (peer: Peer): boolean => peer.features.includes(features) && peer.protocols.includes(protocol);
  const entries = new Map<string, Entry>();
  const refuse = (peer: Peer, why: string): void =>
    void entries.set(peer.name, { peer: peer.name, samples: [], remarks: [`not measured: ${why}`] });
  const courses: Course[] = [];
  for (const peer of bench.peers.filter(can)) {
    const course = await enter(peer, scenario, bench, stack, originPort);
    if (typeof course === 'string') refuse(peer, course);
    else courses.push(course);
  }
  // The first round warms up: compilers, pools, caches.
  for (let round = 0; round <= bench.rounds; round += 1) {
    for (const course of courses) {
      const sample = await takeTurn(course, scenario, bench, tunnel ? undefined : originPort);
      course.requests += sample.requests;
      if (round > 0) course.samples.push(sample);
    }
  }
  await remarkAll(courses, scenario);
  for (const { running, samples, remarks } of courses)
    entries.set(running.peer.name, { peer: running.peer.name, samples, remarks: [...remarks.values()] });
  for (const { peer, why } of bench.absent.filter(({ peer }) => can(peer))) refuse(peer, why);
  return scenarioSection(scenario, inOrder(entries));
}

/** As the proxies are listed everywhere: ours first. */
function inOrder(entries: ReadonlyMap<string, Entry>): Entry[] {
  return peers.flatMap(({ name }) => entries.get(name) ?? []);
}

/** Starts a proxy and asks it once; returns why it cannot be measured, if so. */
async function enter(
  peer: Peer,
  scenario: Scenario,
  bench: Bench,
  stack: AsyncDisposableStack,
  originPort: number,
): Promise<Course | string> {
  try {
    const running = await startPeer(bench, peer, stack, { ...scenario, originPort });
    const answer = await ask(running.setup.port, scenario);
    const course = { running, cipher: answer.cipher, samples: [], remarks: new Map<string, string>(), requests: 1 };
    return wrongness(answer, scenario) ?? course;
  } catch (error) {
    return message(error);
  }
}

async function takeTurn(
  course: Course,
  scenario: Scenario,
  bench: Bench,
  counted: number | undefined,
): Promise<Sample> {
  const { pid } = course.running;
  const originBefore = counted === undefined ? undefined : await originCounts(counted);
  const before = cpuMicroseconds(pid);
  const load = await runScenario(course.running, scenario, bench).catch((error: unknown) => {
    course.remarks.set('broken', `a round without result: ${message(error)}`);
    return nothing;
  });
  const sample = { ...load, cpuMicroseconds: cpuMicroseconds(pid) - before };
  if (counted !== undefined && originBefore !== undefined) {
    const after = await originCounts(counted);
    const asked = after.requests - originBefore.requests;
    const opened = after.connections - originBefore.connections;
    remarkOrigin(course, load, asked, opened);
  }
  // Each round opens its connections, which TLS makes dear.
  if (overTls(scenario.protocol) && scenario.keepAlive && load.requests < fewRequests * connections)
    course.remarks.set('few', 'so few requests a connection that opening those is much of the figure');
  return sample;
}

/** So that the rounds of all stay beside each other. */
const nothing: LoadResult = { requests: 0, perSecond: NaN, p50Ms: NaN, p99Ms: NaN, failed: 1 };

function runScenario({ setup }: Running, scenario: Scenario, bench: Bench): Promise<LoadResult> {
  const { seconds, otherOn } = bench;
  const { protocol, path, keepAlive } = scenario;
  const tls = overTls(protocol);
  if (protocol === 'ws' || protocol === 'wss')
    return runOwn('messages', otherOn, { port: setup.port, tls, connections, seconds });
  const url = `${tls ? 'https' : 'http'}://127.0.0.1:${setup.port}${path}`;
  return (protocol === 'h2' ? runH2Load : runWrk)({ on: otherOn, connections, seconds, url, keepAlive });
}

/** Did every request reach the origin, once, over connections that stay? */
function remarkOrigin({ remarks }: Course, load: LoadResult, asked: number, opened: number): void {
  // Those on their way at the end are not in the count of the load; checks and our own questions are not either.
  const doubtful = 2 * connections + 0.02 * load.requests + 10;
  if (Math.abs(asked - load.requests) > doubtful)
    remarks.set('asked', `the origin was asked ${percent(asked, load.requests)} as often as the proxy`);
  // Some connections more than streams are opened for the first time.
  if (opened > 0.02 * load.requests + 4 * connections)
    remarks.set('opened', `opened a connection to the origin for ${percent(opened, asked)} of the requests`);
}

async function remarkAll(courses: readonly Course[], { features }: Scenario): Promise<void> {
  remarkCiphers(courses);
  for (const { running, remarks } of courses)
    if (running.quota?.throttled() === 0) remarks.set('quota', 'never used up its share of the processor');
  if (features === 'bare') return;
  // Logs are written in pieces.
  await sleep(1000);
  for (const course of courses) remarkLog(course);
}

/** Was every request logged? */
function remarkLog({ running, remarks, requests }: Course): void {
  const lines = countLines(accessLog(running.setup));
  if (lines < 0.99 * requests) remarks.set('logged', `logged ${percent(lines, requests)} of the requests`);
}

function countLines(path: string): number {
  if (!existsSync(path)) return 0;
  const bytes = readFileSync(path);
  let lines = 0;
  for (let at = bytes.indexOf('\n'); at !== -1; at = bytes.indexOf('\n', at + 1)) lines += 1;
  return lines;
}

/** Is the encryption the same? The first is ours. */
function remarkCiphers(courses: readonly Course[]): void {
  const ours = courses[0]?.cipher;
  for (const { cipher, remarks } of courses)
    if (cipher !== ours) remarks.set('cipher', `with ${cipher ?? 'no encryption'}`);
}

function message(error: unknown): string {
  // One line: it goes into a table.
  return messageOf(error).replaceAll(/\s+/g, ' ').trim();
}

function percent(part: number, whole: number): string {
  return `${Math.round((100 * part) / Math.max(1, whole))} %`;
}
