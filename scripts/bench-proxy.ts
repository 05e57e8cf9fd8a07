// `npm run bench:proxy`: measures veza-proxy beside HAProxy, nginx and others, in one run, on loopback, and judges the
// gates of a release. It installs what is missing (see bench/proxy/install.ts) and stops what it started.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Bench, connections, type Section } from '../bench/proxy/bench.ts';
import { installDebian, installNpm } from '../bench/proxy/install.ts';
import { measureLatency } from '../bench/proxy/latency.ts';
import { measureGrowth, measureIdle } from '../bench/proxy/memory.ts';
import { npmPeers, peers } from '../bench/proxy/peers/all.ts';
import { packedFolder } from '../bench/proxy/peers/veza-proxy.ts';
import { killAll } from '../bench/proxy/processes.ts';
import { section } from '../bench/proxy/report.ts';
import { measureScaling } from '../bench/proxy/scaling.ts';
import { scenarios } from '../bench/proxy/scenarios.ts';
import { measureThroughput } from '../bench/proxy/throughput.ts';
import { packProxy } from './pack-proxy.ts';
import { messageOf } from '../src/lib/errors.ts';

const help = `npm run bench:proxy -- [options]
  --only NAME[,NAME]   only these measurements (see below)
  --idle               memory at 10,000 idle connections: as --only idle, beside others that are named
  --peers NAME[,NAME]  only these proxies
  --rounds N           measured rounds of each proxy, after one that warms up (5)
  --seconds N          of each round (2); wrk rounds up
  --gates              exit with 1 if a gate is not met
  --write              write docs/benchmarks-proxy.md (only of all measurements and all proxies)
`;
const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    idle: { type: 'boolean', default: false },
    peers: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    gates: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const measurements = new Map<string, (bench: Bench) => Promise<Section>>([
  // First: it alone is judged in milliseconds, and processors that others share slow down under minutes of load.
  ['latency', measureLatency],
  ...scenarios.map((scenario) => [scenario.name, (bench: Bench) => measureThroughput(scenario, bench)] as const),
  ['scaling', measureScaling],
  ['idle', measureIdle],
  ['growth', measureGrowth],
]);
if (values.help) {
  process.stdout.write(`${help}Measurements: ${[...measurements.keys()].join(', ')}\n`);
  process.stdout.write(`Proxies: ${peers.map(({ name }) => name).join(', ')}\n`);
  process.exit();
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const [rounds, seconds] = [positive('rounds'), positive('seconds')];
const named = [...(values.only?.split(',') ?? []), ...(values.idle ? ['idle'] : [])];
const wanted = choose(named.length === 0 ? undefined : named, [...measurements.keys()], '--only');
const chosen = choose(
  values.peers?.split(','),
  peers.map(({ name }) => name),
  '--peers',
);
if (values.write && (wanted.length < measurements.size || chosen.length < peers.length))
  refuse('--write goes without --only, --idle and --peers: the document has all of one run');

await installDebian(chosen, say);
installNpm(
  npmPeers.filter(({ name }) => chosen.includes(name)),
  say,
);
const here = peers.filter(({ name }) => chosen.includes(name));
const absent = here.flatMap((peer) => {
  const why = peer.missing();
  return why === undefined ? [] : [{ peer, why }];
});

/** Of the last minute: what else this machine does. */
const [load = NaN] = loadavg();
const folder = mkdtempSync(join(tmpdir(), 'bench-proxy-'));
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    killAll();
    rmSync(folder, { recursive: true, force: true });
    process.exit(130);
  });
}

const done: Section[] = [];
try {
  await packProxy(join(folder, packedFolder));
  const bench: Bench = {
    folder,
    certificate: makeCertificate(),
    peers: here.filter((peer) => peer.missing() === undefined),
    absent,
    rounds,
    seconds,
    proxyOn: '0',
    otherOn: String(Math.min(1, availableParallelism() - 1)),
  };
  for (const name of wanted) {
    const part = await measurements
      .get(name)?.(bench)
      .catch((error: unknown) => notMeasured(name, error));
    if (part === undefined) continue;
    say(part.markdown);
    done.push(part);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const verdicts = done.flatMap((part) => part.verdicts);
const missed = verdicts.filter(({ kept }) => !kept);
const summary = `${verdicts.length - missed.length} of ${verdicts.length} gates met`;
say(summary);
if (values.write) writeFileSync('docs/benchmarks-proxy.md', page());
if (values.gates && missed.length > 0) process.exitCode = 1;

/** The others go on. */
function notMeasured(name: string, error: unknown): Section {
  const text = `gate NOT met: ${name} was not measured: ${messageOf(error)}`;
  return section(name, '', [{ kept: false, text }]);
}

function refuse(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(2);
}

function choose(some: readonly string[] | undefined, all: readonly string[], option: string): readonly string[] {
  const unknown = (some ?? []).filter((name) => !all.includes(name));
  if (unknown.length > 0) refuse(`${option} knows no ${unknown.join(', ')}; there are ${all.join(', ')}`);
  return all.filter((name) => some?.includes(name) ?? true);
}

function positive(option: 'rounds' | 'seconds'): number {
  const number = Number(values[option]);
  const whole = option === 'rounds';
  if (number > 0 && (!whole || Number.isInteger(number))) return number;
  return refuse(`--${option} wants a ${whole ? 'whole ' : ''}number above 0, not ${values[option]}`);
}

/** ECDSA P-256, as most sites have: certificate and key in one file. */
function makeCertificate(): string {
  const file = (name: string): string => join(folder, name);
  const [cert, key, both] = [file('cert.pem'), file('key.pem'), file('both.pem')];
  const subject = ['-subj', '/CN=bench', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  const how = ['-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  execFileSync('openssl', ['req', ...how, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  writeFileSync(both, readFileSync(cert, 'utf8') + readFileSync(key, 'utf8'), { mode: 0o600 });
  return both;
}

function page(): string {
  const [cpu] = cpus();
  return `# veza-proxy beside others

Written by \`npm run bench:proxy -- --write\`: medians of ${rounds} rounds of ${seconds} s that take turns, after one that warms up.
${cpu?.model ?? 'Unknown processor'}, ${availableParallelism()} processors; Node ${process.versions.node}; ${versions()}.
${load > 1 ? `The machine was busy with other work (load ${load.toFixed(1)}): see the spread.` : 'The machine was quiet.'}

Each proxy is one process or worker on one processor; load (wrk, ${connections} connections, eight headers of about 600 bytes; h2load;
programs of our own for WebSocket and latency) and origin (nginx) share another. CPU time is user and system time of all
processes of a proxy divided by requests: it does not depend on who saturates first. Requests a second do, and on a machine
with few processors tell also what load and origin leave over. A ratio is HAProxy's CPU time a request divided by that of
the row in the same round: above 1 means less than HAProxy; in brackets the lowest and the highest of all rounds, which
is how noisy the machine was. Before each measurement every proxy is asked for the page, and status, length and cookie are
checked; after it, that the origin was asked as often as the proxy over connections that stay, that every request was
logged, and that the encryption is the same. What differs is said under remarks. Absolute figures hold for this machine only.

All features: access log (HAProxy: httplog over a Unix datagram socket to a reader that writes a file; veza-proxy: the same
format to a file), persistence cookie, two routing rules, a request rate counted per client, X-Forwarded-For, health checks,
retries, timeouts. Bare: none of these but timeouts. nginx, Caddy and the proxies from npm are measured bare only: they lack some of it.
With 40 % of a processor: a control group stops each proxy for the rest of every 100 ms once it has had 40 ms of time.

${summary}.

${done.map(({ markdown }) => markdown).join('\n')}${absentText()}`;
}

function absentText(): string {
  if (absent.length === 0) return '';
  return `\nNot measured here: ${absent.map(({ peer, why }) => `${peer.name} (${why})`).join(', ')}.\n`;
}

/** Of what was compared. */
function versions(): string {
  const first = (command: string, args: readonly string[], pattern: RegExp): string | undefined => {
    try {
      // nginx tells it on standard error.
      const text = execFileSync('sh', ['-c', `${[command, ...args].join(' ')} 2>&1`], { encoding: 'utf8' });
      return pattern.exec(text)?.[0];
    } catch {
      return undefined;
    }
  };
  const npm = npmPeers.map(({ name }) => {
    const path = join('bench/peers/node_modules', name, 'package.json');
    try {
      return `${name} ${(JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version}`;
    } catch {
      return undefined;
    }
  });
  const programs = [
    first('haproxy', ['-v'], /HAProxy version \d[\d.]*/),
    first('nginx', ['-v'], /nginx\/\d[\d.]*/),
    first('caddy', ['version'], /\d[\d.]*/)?.replace(/^/, 'Caddy '),
  ];
  return [...programs, ...npm].filter((text) => text !== undefined).join(', ');
}
