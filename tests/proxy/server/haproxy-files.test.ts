// The same haproxy.cfg run by HAProxy and by `veza-proxy run`: both answer a table of requests in the same way.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { freePort, portOf } from '../../support/ports.ts';
import { until } from '../support/proxy.ts';

const main = fileURLToPath(new URL('../../../src/proxy/main.ts', import.meta.url));
const folder = fileURLToPath(new URL('../convert/haproxy', import.meta.url));
const files = readdirSync(folder).filter((file) => file.endsWith('.requests.yml'));
const available = spawnSync('haproxy', ['-v']).status === 0;
if (!available && process.env['CI'] !== undefined) throw new Error('haproxy is needed here');

interface Case {
  readonly request: string;
  readonly host: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The body is ours, and to be compared. */
  readonly body?: boolean;
  /** Only the status is compared. */
  readonly status?: boolean;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

const names = ['STATIC', 'API', 'WEB1', 'WEB2'] as const;
const servers: Server[] = [];
const environment: Record<string, string> = {};
const run = mkdtempSync(join(tmpdir(), 'veza-proxy-haproxy-'));

beforeAll(async () => {
  for (const name of names) {
    const server = createServer((incoming, response) => {
      incoming.resume();
      response.setHeader('X-Powered-By', 'test');
      response.end(JSON.stringify({ name, method: incoming.method, url: incoming.url, headers: incoming.headers }));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    environment[name] = String(portOf(server));
    servers.push(server);
  }
});

afterAll(() => {
  for (const server of servers) server.close();
  rmSync(run, { recursive: true, force: true });
});

/** Starts one of the two on a port of its own; resolves when it answers. */
async function start(
  command: string,
  args: readonly string[],
  kind: string,
): Promise<{ port: number; child: ChildProcess }> {
  const port = await freePort();
  const own = mkdtempSync(join(run, kind));
  const child = spawn(command, [...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: folder,
    env: { ...process.env, ...environment, PORT: String(port), RUN: own },
  });
  let log = '';
  child.stdout.on('data', (bytes: Buffer) => (log += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (log += bytes.toString()));
  await until(
    async () =>
      child.exitCode !== null ||
      (await send(port, { request: 'GET /', host: 'x' }).then(
        () => true,
        () => false,
      )),
    20_000,
  );
  if (child.exitCode !== null) throw new Error(`${command} did not start:\n${log}`);
  return { port, child };
}

function send(port: number, { request: line, host, headers }: Case): Promise<Answer> {
  const [method = 'GET', path = '/'] = line.split(' ');
  return new Promise((resolve, reject) => {
    const outgoing = request({
      port,
      host: '127.0.0.1',
      method,
      path,
      headers: { Host: host, ...headers },
      agent: false,
    });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      let body = '';
      response.on('data', (bytes: Buffer) => (body += bytes.toString('utf8')));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      response.on('error', reject);
    });
    outgoing.end();
  });
}

const ofConnection = new Set([
  'connection',
  'keep-alive',
  'content-length',
  'transfer-encoding',
  'date',
  'cache-control',
  'accept-ranges',
]);

/** What of an answer both must have: not the text of their own error pages, nor what belongs to a connection. */
function comparable({ status, headers, body }: Answer, each: Case): object {
  if (each.status === true) return { status };
  const fromServer = body.startsWith('{"name"');
  const own = fromServer ? ['content-type'] : each.body === true ? [] : ['content-type', 'retry-after'];
  const shown = Object.entries(headers).filter(([name]) => !ofConnection.has(name) && !own.includes(name));
  if (!fromServer) return { status, headers: Object.fromEntries(shown), ...(each.body === true && { body }) };
  const seen = JSON.parse(body) as { name: string; headers: Record<string, string> };
  // Ours says more about where a request comes from.
  const told = new Set(['x-forwarded-host', 'x-forwarded-proto', 'connection']);
  const toServer = Object.entries(seen.headers).filter(([name]) => !told.has(name) && !ofConnection.has(name));
  const isBalanced = seen.name.startsWith('WEB') && each.headers?.['Cookie'] === undefined;
  return {
    status,
    headers: Object.fromEntries(shown.filter(([name]) => name !== 'set-cookie' || !isBalanced)),
    server: { ...seen, name: isBalanced ? 'WEB' : seen.name, headers: Object.fromEntries(toServer) },
  };
}

describe.skipIf(!available)('the same answers as HAProxy', () => {
  it.each(files)('%s', async (file) => {
    const cases = parse(readFileSync(join(folder, file), 'utf8')) as readonly Case[];
    const config = join(folder, file.replace('.requests.yml', '.cfg'));
    const started = await Promise.allSettled([
      start('haproxy', ['-db', '-f', config], 'haproxy'),
      start(process.execPath, [main, 'run', config], 'veza'),
    ]);
    try {
      const [theirs, ours] = started.map((each) => {
        if (each.status === 'rejected') throw each.reason;
        return each.value.port;
      });
      for (const each of cases) {
        const name = `${each.request} ${each.host} ${JSON.stringify(each.headers ?? {})}`;
        const [expected, got] = [await send(theirs ?? 0, each), await send(ours ?? 0, each)];
        expect({ name, ...comparable(got, each) }).toEqual({ name, ...comparable(expected, each) });
      }
    } finally {
      for (const each of started) {
        if (each.status !== 'fulfilled') continue;
        const { child } = each.value;
        const gone = once(child, 'exit');
        child.kill('SIGTERM');
        const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
        await gone;
        clearTimeout(timer);
      }
    }
  });
});
