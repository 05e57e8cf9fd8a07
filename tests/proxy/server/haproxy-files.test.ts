// The same haproxy.cfg run by HAProxy and by `veza-proxy run`: both answer a table of requests in the same way.
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { portOf } from '../../support/ports.ts';
import { type Balancer, haproxyIsThere, startBalancer } from '../support/balancers.ts';
import { Authority, CertificateFolder } from '../support/certificates.ts';
import { comparableLine, LogLines } from '../support/log-lines.ts';
import { type Answer, type Case, type Pair, type Ports, send } from '../support/haproxy-request.ts';
import { until } from '../support/proxy.ts';

const folder = fileURLToPath(new URL('../convert/haproxy', import.meta.url));
const files = readdirSync(folder).filter((file) => file.endsWith('.requests.yml'));

const names = ['STATIC', 'API', 'WEB1', 'WEB2'] as const;
const servers: Server[] = [];
const environment: Record<string, string> = {};
const certificates = new CertificateFolder();
const clients = new Map<string, Pair>();

beforeAll(async () => {
  for (const name of names) environment[name] = await listen(createServer(answerAs(name)));
  await secure();
});

/** Says what it got. */
function answerAs(name: string): RequestListener {
  return (incoming, response) => {
    incoming.resume();
    response.setHeader('X-Powered-By', 'test');
    response.setHeader('X-Powered-With', 'Test');
    response.setHeader('Location', 'http://elsewhere.example.org/x');
    response.end(JSON.stringify({ name, method: incoming.method, url: incoming.url, headers: incoming.headers }));
  };
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  return String(portOf(server));
}

/** Certificates for tls.cfg, and a server with TLS that wants one of who asks. */
async function secure(): Promise<void> {
  const [authority, strangers] = [await Authority.create(), await Authority.create('Strangers')];
  const write = async (file: string, ...given: string[]): Promise<void> => {
    const { cert, key } = await authority.issue({ names: given });
    certificates.write(file, `${cert}${authority.pem}${key}`);
  };
  mkdirSync(join(certificates.path, 'more'));
  await write('site.pem', 'www.example.org');
  await write('named.pem', 'hidden.example.org');
  await write('more/other.pem', 'other.example.org');
  await write('more/wild.pem', '*.wild.example.org');
  const issued = (cn: string, issuer: Authority): Promise<Pair> =>
    issuer.issue({ names: [], subject: `O=Example, CN=${cn}`, use: 'client' });
  clients.set('staff', await issued('Somebody', authority));
  clients.set('boss', await issued('The Boss', authority));
  clients.set('forged', await issued('The Boss', strangers));
  const proxy = await issued('proxy', authority);
  certificates.write('proxy.pem', proxy.cert + proxy.key);
  for (const file of ['ca.pem', 'clients.pem']) certificates.write(file, authority.pem);
  const own = await authority.issue({ names: ['backend.example.org'] });
  const options = { cert: own.cert, key: own.key, ca: authority.pem, requestCert: true, rejectUnauthorized: true };
  environment['SECURE'] = await listen(createSecureServer(options, answerAs('SECURE')));
  environment['CERTS'] = certificates.path;
}

afterAll(() => {
  for (const server of servers) server.close();
  certificates[Symbol.dispose]();
});

interface Started {
  readonly ports: Ports;
  readonly balancer: Balancer;
  readonly log: LogLines;
}

const portsOf = ({ port, tlsPort }: Pick<Balancer, 'port' | 'tlsPort'>): Ports => ({ clear: port, tls: tlsPort });

/** Starts one of the two; resolves when it answers. */
async function start(name: Balancer['name'], config: string): Promise<Started> {
  const log = await LogLines.listen();
  const answers = (ports: Pick<Balancer, 'port' | 'tlsPort'>): Promise<boolean> =>
    send(portsOf(ports), { request: 'GET /', host: 'x' }).then(
      () => true,
      () => false,
    );
  const balancer = await startBalancer(name, config, { ...environment, LOG_PORT: String(log.port) }, answers);
  return { ports: portsOf(balancer), balancer, log };
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

/** Each listens on another port, which servers may be told. */
function withoutPort(answer: Answer, { ports }: Started): Answer {
  return {
    ...answer,
    body: answer.body.replaceAll(`"${ports.tls}"`, '"PORT"').replaceAll(`"${ports.clear}"`, '"PORT"'),
  };
}

/** What of an answer both must have: not the text of their own error pages, nor what belongs to a connection. */
function comparable({ status, headers, body, certificate }: Answer, each: Case): object {
  if (each.status === true) return { status };
  const fromServer = body.startsWith('{"name"');
  const own = fromServer ? ['content-type'] : each.body === true ? [] : ['content-type', 'retry-after'];
  const shown = Object.entries(headers).filter(([name]) => !ofConnection.has(name) && !own.includes(name));
  if (!fromServer)
    return { status, certificate, headers: Object.fromEntries(shown), ...(each.body === true && { body }) };
  const seen = JSON.parse(body) as { name: string; headers: Record<string, string> };
  // Ours says more about where a request comes from.
  const told = new Set(['x-forwarded-host', 'x-forwarded-proto', 'connection']);
  // HAProxy sets a header without a value where ours sets none.
  const toServer = Object.entries(seen.headers).filter(
    ([name, value]) => value !== '' && !told.has(name) && !ofConnection.has(name),
  );
  const isBalanced = seen.name.startsWith('WEB') && each.headers?.['Cookie'] === undefined;
  return {
    status,
    certificate,
    headers: Object.fromEntries(shown.filter(([name]) => name !== 'set-cookie' || !isBalanced)),
    server: { ...seen, name: isBalanced ? 'WEB' : seen.name, headers: Object.fromEntries(toServer) },
  };
}

/** Both wrote the same of these requests, in the order in which workers got to it. How it was found that they listen does not count. */
async function compareLogs(
  theirs: Started | undefined,
  ours: Started | undefined,
  cases: readonly Case[],
): Promise<void> {
  if (!theirs || !ours) throw new Error('both were started');
  const [expected, got] = [theirs, ours].map(
    ({ log }) =>
      () =>
        log.without('"GET / ').map(comparableLine).toSorted(),
  );
  await until(() => JSON.stringify(got?.()) === JSON.stringify(expected?.()), 15_000).catch(() => undefined);
  expect(got?.()).toEqual(expected?.());
  expect(got?.()).toHaveLength(cases.length);
}

describe.skipIf(!haproxyIsThere())('the same answers as HAProxy', () => {
  it.each(files)('%s', { timeout: 150_000 }, async (file) => {
    const cases = parse(readFileSync(join(folder, file), 'utf8')) as readonly Case[];
    const config = join(folder, file.replace('.requests.yml', '.cfg'));
    const started = await Promise.allSettled([start('haproxy', config), start('veza-proxy', config)]);
    try {
      const [theirs, ours] = started.map((each) => {
        if (each.status === 'rejected') throw each.reason;
        return each.value;
      });
      for (const each of cases) {
        const name = `${each.request} ${each.host} ${JSON.stringify([each.headers ?? {}, each.tls])}`;
        if (!theirs || !ours) throw new Error('both were started');
        const [expected, got] = [await send(theirs.ports, each, clients), await send(ours.ports, each, clients)];
        expect({ name, ...comparable(withoutPort(got, ours), each) }).toEqual({
          name,
          ...comparable(withoutPort(expected, theirs), each),
        });
      }
      if (readFileSync(config, 'utf8').includes('LOG_PORT')) await compareLogs(theirs, ours, cases);
    } finally {
      for (const each of started) {
        if (each.status !== 'fulfilled') continue;
        each.value.log[Symbol.dispose]();
        await each.value.balancer[Symbol.asyncDispose]();
      }
    }
  });
});
