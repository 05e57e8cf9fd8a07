// `npm run bench:proxy`: measures veza-proxy beside HAProxy, nginx and others, in one run, on loopback.
// Rounds are short and take turns, so that what else the machine does meets all alike. Options: scenario names,
// --rounds N, --seconds N, --peers a,b, --write (docs/benchmarks-proxy.md), --idle (memory at 10,000 connections).
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureIdle } from '../bench/proxy/idle.ts';
import { runH2Load, runLoad } from '../bench/proxy/load.ts';
import { originCommand, type Peer, peers, programPath } from '../bench/proxy/peers.ts';
import { freePort } from '../tests/support/ports.ts';
import { cpuMicroseconds, type Started, startPinned } from '../bench/proxy/processes.ts';
import { type Sample, scenarioTable, summarize } from '../bench/proxy/report.ts';
import { type Scenario, scenarios } from '../bench/proxy/scenarios.ts';
import { packProxy } from './pack-proxy.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    peers: { type: 'string' },
    write: { type: 'boolean', default: false },
    idle: { type: 'boolean', default: false },
  },
});
const proxyCpu = 0;
const otherCpu = Math.min(1, availableParallelism() - 1);
const connections = 64;

const missing = ['wrk', 'h2load', 'nginx', 'openssl', 'taskset'].filter((name) => programPath(name) === undefined);
if (missing.length > 0)
  throw new Error(`needs ${missing.join(', ')} (Debian: apt-get install wrk nghttp2-client nginx-light openssl)`);

const unknown = positionals.filter((name) => !scenarios.some((scenario) => scenario.name === name));
if (unknown.length > 0)
  throw new Error(`no scenario ${unknown.join(', ')}; there are ${scenarios.map(({ name }) => name).join(', ')}`);

const wanted = scenarios.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const chosen = values.peers?.split(',');
const absent = peers.flatMap((peer) => (peer.missing() === undefined ? [] : [`${peer.name}: ${peer.missing() ?? ''}`]));
const present = peers.filter((peer) => peer.missing() === undefined && (chosen?.includes(peer.name) ?? true));

const folder = mkdtempSync(join(tmpdir(), 'bench-proxy-'));
// The worker of nginx is another user.
chmodSync(folder, 0o755);
mkdirSync(join(folder, 'origin'));
const certificate = makeCertificate();
await packProxy(join(folder, 'veza-proxy.mjs'));
try {
  const originPort = await freePort();
  await using _origin = await startPinned(otherCpu, originCommand(folder, originPort), originPort);
  const sections: string[] = [];
  for (const scenario of wanted) {
    const table = scenarioTable(scenario, summarize(await measure(scenario, originPort)));
    process.stdout.write(`${table}\n`);
    sections.push(table);
  }
  if (values.idle) {
    const table = await measureIdle(present, { folder, originPort, cpu: proxyCpu, certificate });
    process.stdout.write(`${table}\n`);
    sections.push(table);
  }
  if (absent.length > 0) process.stdout.write(`Not measured: ${absent.join('; ')}\n`);
  if (values.write) writeFileSync('docs/benchmarks-proxy.md', page(sections));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measure(scenario: Scenario, originPort: number): Promise<Map<string, Sample[]>> {
  await using running = new AsyncDisposableStack();
  const started: { readonly peer: Peer; readonly process: Started }[] = [];
  const { protocol = 'http' } = scenario;
  for (const peer of present) {
    if (!peer.features.includes(scenario.features) || !peer.protocols.includes(protocol)) continue;
    const port = await freePort();
    const own = mkdtempSync(join(folder, 'peer-'));
    const command = peer.command({ folder: own, port, originPort, features: scenario.features, protocol, certificate });
    started.push({ peer, process: running.use(await startPinned(proxyCpu, command, port)) });
  }
  const samples = new Map<string, Sample[]>(started.map(({ peer }) => [peer.name, []]));
  // The first round warms up: compilers, pools, caches.
  for (let round = 0; round <= Number(values.rounds); round += 1) {
    for (const { peer, process } of started) {
      const before = cpuMicroseconds(process.pid);
      const load = await (protocol === 'h2' ? runH2Load : runLoad)({
        cpu: otherCpu,
        connections,
        seconds: Number(values.seconds),
        url: `${protocol === 'http' ? 'http' : 'https'}://127.0.0.1:${process.port}${scenario.path}`,
        keepAlive: scenario.keepAlive,
      });
      if (round === 0) continue;
      samples.get(peer.name)?.push({ ...load, cpuMicroseconds: cpuMicroseconds(process.pid) - before });
    }
  }
  return samples;
}

/** ECDSA P-256, as most sites have: certificate and key in one file. */
function makeCertificate(): string {
  const [cert, key, both] = ['cert.pem', 'key.pem', 'both.pem'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const subject = ['-subj', '/CN=bench', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  const how = ['-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  execFileSync('openssl', ['req', ...how, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  writeFileSync(both, readFileSync(cert, 'utf8') + readFileSync(key, 'utf8'), { mode: 0o600 });
  return both;
}

function page(sections: readonly string[]): string {
  const [cpu] = cpus();
  return `# veza-proxy beside others

Written by \`npm run bench:proxy -- --write\` (median of ${values.rounds} rounds of ${values.seconds} s that take turns; ${cpu?.model ?? ''}, Node
${process.versions.node}). Each proxy is one process or worker on one CPU, load (wrk, ${connections} connections) and origin (nginx) on
another. The CPU time is user and system time of all processes of a proxy divided by requests: it does not depend on who
saturates first. A ratio above 1 means less CPU time than HAProxy. Absolute figures hold for this machine only.

${sections.join('\n')}${absent.length === 0 ? '' : `\nNot measured here: ${absent.join('; ')}.\n`}`;
}
