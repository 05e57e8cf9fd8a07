// The stats socket of the same haproxy.cfg under HAProxy and `veza-proxy run`: both answer the same commands in the same words.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { freePort, portOf } from '../../support/ports.ts';
import { type Balancer, haproxyIsThere, startBalancer } from '../support/balancers.ts';
import { request, until } from '../support/proxy.ts';

const cases = parse(readFileSync(join(import.meta.dirname, 'haproxy-socket.yml'), 'utf8')) as readonly string[];

const configuration = `
global
    maxconn 2000
    stats socket "ipv4@127.0.0.1:\${CONTROL}" level admin
defaults
    mode http
    timeout connect 2s
    timeout client 5s
    timeout server 5s
    timeout check 5s
frontend web
    bind "127.0.0.1:\${PORT}"
    default_backend app
backend app
    cookie SRV insert indirect
    option httpchk GET /
    server a1 "127.0.0.1:\${BACKEND}" check inter 500 cookie a1 weight 10
    server a2 "127.0.0.1:\${BACKEND}" check inter 500 cookie a2 maxconn 50 disabled
    server a3 127.0.0.1:9 check inter 500 cookie a3 backup
backend plain
    server p1 "127.0.0.1:\${BACKEND}"
backend follower
    server f1 "127.0.0.1:\${BACKEND}" track app/a1
`;

interface Started {
  readonly control: number;
  readonly balancer: Balancer;
}

const folder = mkdtempSync(join(tmpdir(), 'veza-proxy-socket-'));
const file = join(folder, 'haproxy.cfg');
let backend: Server;
let both: readonly Started[] = [];

describe.skipIf(!haproxyIsThere())('the stats socket of a haproxy.cfg', () => {
  beforeAll(async () => {
    writeFileSync(file, configuration);
    backend = createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1');
    await once(backend, 'listening');
    both = await Promise.all([start('haproxy'), start('veza-proxy')]);
    for (const { balancer } of both) for (let count = 0; count < 3; count += 1) await until(() => hit(balancer.port));
  });

  afterAll(async () => {
    for (const { balancer } of both) await balancer[Symbol.asyncDispose]();
    backend.closeAllConnections();
    backend.close();
    rmSync(folder, { recursive: true });
  });

  it('has the columns of show stat, and in each row a value where HAProxy has one', async () => {
    const [theirs, ours] = await ask('show stat', csvRows);
    expect(ours.head).toBe(theirs.head);
    expect(ours.rows.map(identity)).toEqual(theirs.rows.map(identity));
    for (const [index, row] of theirs.rows.entries()) {
      const own = ours.rows[index] ?? [];
      const names = theirs.head.split(',');
      const differ = names.filter((name, at) => (row[at] === '') !== (own[at] === '') && !uncounted.test(name));
      expect([identity(row), differ]).toEqual([identity(row), []]);
      expect(same.map((name) => own[names.indexOf(name)])).toEqual(same.map((name) => row[names.indexOf(name)]));
    }
  });

  it('says of each value in show stat typed what HAProxy says of it', async () => {
    const [theirs, ours] = await ask('show stat typed', tagsOf);
    for (const [name, tag] of ours) expect([name, tag]).toEqual([name, theirs.get(name)]);
  });

  it('prints show servers state as HAProxy does', async () => {
    const untimed = (text: string): string[][] => text.split('\n').map((line) => line.split(' ').toSpliced(9, 1));
    // HAProxy counts a health for who is not checked.
    const known = (rows: string[][]): string[][] => rows.map((row) => (row[9] === '1' ? row.toSpliced(11, 1) : row));
    let [theirs, ours] = await ask('show servers state', untimed);
    // While a check is under way HAProxy tells that instead of its last result.
    for (let more = 50; more > 0 && theirs.some((row) => row[10] === '0' && row[12] === '7'); more -= 1)
      [theirs, ours] = await ask('show servers state', untimed);
    expect(known(ours)).toEqual(known(theirs));
  });

  it('answers every command of the table in the same words', async () => {
    const differ: object[] = [];
    for (const command of cases) {
      // HAProxy leaves out the empty line behind some of its answers, and the full stop of others.
      const [theirs, ours] = await ask(command.replaceAll(String.raw`\n`, '\n'), (text) =>
        text.trimEnd().replace(/\.$/, ''),
      );
      if (theirs !== ours) differ.push({ command, theirs, ours });
    }
    expect(differ).toEqual([]);
  });

  it.each(['number', 'string'])('tells the severity of every message as HAProxy does, as a %s', async (output) => {
    const differ: object[] = [];
    const severity = /^\[\w+\]: /m;
    for (const command of cases) {
      const line = `set severity-output ${output};${command.replaceAll(String.raw`\n`, '\n')}`;
      const [theirs, ours] = await ask(line, (text) => text.trimEnd().replace(/\.$/, ''));
      const isErrorHere = silentFailures.has(command) && /^\[(?:3|err)\]: /m.test(ours);
      const wanted = isErrorHere ? [theirs, ours].map((text) => text.replace(severity, '')) : [theirs, ours];
      if (wanted[0] !== wanted[1]) differ.push({ command, theirs, ours });
    }
    expect(differ).toEqual([]);
  });
});

/** Of these HAProxy warns only, or says nothing of how grave it is; here what was not done is an error. */
const silentFailures: ReadonlySet<string> = new Set([
  'set server app/a1 agent-addr 127.0.0.1',
  'set server app/a1 agent-port 22',
  'set server app/a1 check-port x',
  'set server plain/p1 check-port 5',
  'set server app/a1 addr nonsense',
  'show sess 0x1',
]);

/** Whether somebody listens and answers. */
function hit(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/`).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** Both answers, each read. */
async function ask<Answer>(command: string, read: (text: string) => Answer): Promise<readonly [Answer, Answer]> {
  const [theirs, ours] = await Promise.all(both.map(({ control }) => request(control, `${command}\n`, 30_000)));
  return [read(theirs ?? ''), read(ours ?? '')];
}

/** Starts one of the two; resolves when it has seen who is UP, and who is not. */
async function start(name: Balancer['name']): Promise<Started> {
  const control = await freePort();
  const environment = { CONTROL: String(control), BACKEND: String(portOf(backend)) };
  const settled = /^app,a1,.*L7OK,200(?:.*\n)+app,a3,.*,DOWN,/m;
  const state = (): Promise<string> => request(control, 'show stat\n', 30_000);
  const balancer = await startBalancer(name, file, environment, async () => settled.test(await state()));
  return { control, balancer };
}

/** What is not counted here, has no sense here, or differs by what it is. */
const uncounted =
  /^(?:cache_|ssl_|h1_|h2_|agg_|dses|wrew|eint|safe_conn|need_conn|src_ilim|last_chk|hanafail|hrsp|check_)/;
const same = [
  'pxname',
  'svname',
  'stot',
  'slim',
  'status',
  'weight',
  'act',
  'bck',
  'iid',
  'sid',
  'type',
  'mode',
  'cookie',
  'addr',
];

interface Table {
  readonly head: string;
  readonly rows: readonly (readonly string[])[];
}

function csvRows(text: string): Table {
  const [head = '', ...rows] = text.trimEnd().split('\n');
  return { head: head.replace(/^# /, ''), rows: rows.map((row) => row.split(',')) };
}

function identity(row: readonly string[]): string {
  return `${row[0] ?? ''}/${row[1] ?? ''}`;
}

/** Kind of row and name -> position, tag, type. */
function tagsOf(text: string): ReadonlyMap<string, string> {
  const lines = text.matchAll(/^([FBS])\.\d+\.\d+\.(\d+)\.([^.]+)\.1:(\w+):(\w+):/gm);
  return new Map(
    [...lines].map(([, kind = '', at = '', name = '', tag = '', type = '']) => [
      `${kind}.${name}`,
      `${at} ${tag} ${type}`,
    ]),
  );
}
