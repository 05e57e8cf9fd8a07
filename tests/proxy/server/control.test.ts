// The stats socket and the page of a running proxy; socket activation; the packed program.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packedName, packProxy } from '../../../scripts/pack-proxy.ts';
import { version } from '../../../src/proxy/server/version.ts';
import { freePort, portOf } from '../../support/ports.ts';
import { request, type RunningProxy, startProxy, until } from '../support/proxy.ts';
import { statsOf } from '../support/stats.ts';

let backend: Server;
let backendPort = 0;
let pagePort = 0;
let proxy: RunningProxy;

beforeAll(async () => {
  backend = createServer((_request, response) => response.end('ok')).listen(0, '127.0.0.1');
  backend.on('upgrade', (_request, socket) => {
    socket.on('error', () => socket.destroy());
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  });
  await once(backend, 'listening');
  backendPort = portOf(backend);
  pagePort = await freePort();
  proxy = await startProxy((port, control) => ({
    workers: 2,
    stats: { socket: [`127.0.0.1:${control}`], listen: `127.0.0.1:${pagePort}` },
    frontends: [{ name: 'http', bind: [`127.0.0.1:${port}`], defaultBackend: 'api' }],
    backends: [
      {
        name: 'api',
        cookie: { name: 'SERVERID' },
        check: {},
        servers: [
          { name: 'a', address: '127.0.0.1', port: backendPort },
          { name: 'b', address: '127.0.0.1', port: backendPort, weight: 3 },
        ],
      },
    ],
  }));
  await until(
    async () => (await column('a', 'check_status')) === 'L7OK' && (await column('b', 'check_status')) === 'L7OK',
  );
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  backend.closeAllConnections();
  backend.close();
});

async function column(server: string, name: string): Promise<string | undefined> {
  return (await statsOf(proxy, `api,${server}`, name))[0];
}

const hit = (cookie = ''): Promise<string> =>
  request(proxy.port, `GET / HTTP/1.1\r\nHost: x\r\n${cookie}Connection: close\r\n\r\n`);

describe('the stats socket', () => {
  it('prints show stat with the columns where HAProxy has them', async () => {
    const [head = '', ...rows] = (await proxy.command('show stat')).split('\n');
    const names = head.replace(/^# /, '').split(',');
    const places = {
      pxname: 0,
      svname: 1,
      qcur: 2,
      scur: 4,
      stot: 7,
      econ: 13,
      eresp: 14,
      wretr: 15,
      wredis: 16,
      status: 17,
    };
    const more = { weight: 18, chkfail: 21, chkdown: 22, lastchg: 23, downtime: 24, throttle: 29, lbtot: 30, type: 32 };
    const last = {
      check_status: 36,
      check_code: 37,
      hrsp_1xx: 39,
      hrsp_other: 44,
      last_chk: 56,
      ttime: 61,
      addr: 73,
      uweight: 99,
    };
    for (const [name, place] of Object.entries({ ...places, ...more, ...last })) expect(names[place]).toBe(name);
    expect(rows.filter((row) => row !== '').map((row) => row.split(',').slice(0, 2).join('/'))).toEqual([
      'http/FRONTEND',
      'api/a',
      'api/b',
      'api/BACKEND',
    ]);
    for (const row of rows.filter((line) => line !== '')) expect(row.split(',')).toHaveLength(names.length);
  });

  it('drains, and cookie-bound clients still come', async () => {
    expect(await proxy.command('set server api/a state drain')).toBe('\n');
    expect(await column('a', 'status')).toBe('DRAIN');
    const before = Number(await column('a', 'lbtot'));
    for (let count = 0; count < 6; count += 1) await hit();
    expect(Number(await column('a', 'lbtot'))).toBe(before);
    expect(await hit('Cookie: SERVERID=a\r\n')).not.toContain('Set-Cookie');
    expect(Number(await column('a', 'lbtot'))).toBe(before + 1);
    await proxy.command('set server api/a state maint');
    expect(await column('a', 'status')).toBe('MAINT');
    expect(await hit('Cookie: SERVERID=a\r\n')).toContain('Set-Cookie: SERVERID=b; path=/; HttpOnly\r\n');
    await proxy.command('enable server api/a');
    expect(await column('a', 'status')).toBe('UP');
  });

  it('sets weights, absolute and relative', async () => {
    await proxy.command('set server api/b weight 50%');
    expect(await proxy.command('get weight api/b')).toBe('1 (initial 3)\n\n');
    await proxy.command('set weight api/b 3');
    expect(await column('b', 'weight')).toBe('3');
  });

  it('takes several commands in one line, and says what it does not know', async () => {
    const answer = await proxy.command('show backend; get weight api/x; nonsense');
    expect(answer).toContain('# name\napi\n');
    expect(answer).toContain('No such server.');
    expect(answer).toContain('Unknown command');
  });

  it('prints show info and show servers state', async () => {
    expect(await proxy.command('show info')).toMatch(/^Name: veza-proxy\nVersion: [\d.]+\n/);
    const [first, head, line] = (await proxy.command('show servers state api')).split('\n');
    expect(first).toBe('1');
    expect(head).toMatch(/^# be_id be_name srv_id srv_name srv_addr srv_op_state/);
    expect(line).toMatch(/^3 api 1 a 127\.0\.0\.1 2 0 1 1 /);
  });

  it.runIf(process.platform === 'linux')('tells in show info how many files may be open, as HAProxy does', async () => {
    const [, limit] = /^Ulimit-n: (\d+)$/m.exec(await proxy.command('show info')) ?? [];
    // Node.js raises the limit as far as it may when it starts; the tests run in it, too.
    expect(Number(limit)).toBeGreaterThan(0);
    expect(readFileSync('/proc/self/limits', 'latin1')).toMatch(new RegExp(`^Max open files +${limit} `, 'm'));
  });

  it('stays open in prompt mode until quit', async () => {
    const answer = await request(proxy.controlPort, 'prompt\nget weight api/a\nquit\n', 1500);
    expect(answer).toBe('\n> 1 (initial 1)\n\n> ');
  });

  it.each([
    'set server api/nosuch state maint',
    'set server nosuch/a weight 3',
    'set server api/a weight heavy',
    'set server api/a addr nonsense',
    'set server api/a',
    'add server api/c 127.0.0.1',
    'del server api/a',
    'set maxconn frontend http 0',
    'shutdown session 0x0',
    'show stat nosuch 1 1',
    'show servers conn nosuch',
    'show sess 0x0',
    'show errors nosuch',
    'show env NO_SUCH_VARIABLE',
    'show table nosuch',
    'set table nosuch key x',
    'show peers nosuch',
    'show ssl cert nosuch',
    'commit ssl cert nosuch',
    'clear map nosuch',
    'del acl #1 nothing',
    'get weight api/nosuch',
    'show pools',
    'nonsense',
  ])('says of what was not done that it is an error, if it is to: %s', async (command) => {
    const [plain, marked] = [
      await proxy.command(command),
      await proxy.command(`set severity-output number;${command}`),
    ];
    expect(plain).not.toBe('\n');
    expect(marked).toBe(`\n[3]: ${plain}`);
  });

  it('clears counters', async () => {
    await hit();
    expect(Number(await column('BACKEND', 'stot'))).toBeGreaterThan(0);
    // As HAProxy: without `all` only maxima.
    await proxy.command('clear counters');
    expect(Number(await column('BACKEND', 'smax'))).toBe(0);
    expect(Number(await column('BACKEND', 'stot'))).toBeGreaterThan(0);
    await proxy.command('clear counters all');
    expect(Number(await column('BACKEND', 'stot'))).toBe(0);
  });
});

describe('the statistics page', () => {
  it('needs nothing from elsewhere, refreshes itself without JavaScript, and has a CSV', async () => {
    const page = await fetch(`http://127.0.0.1:${pagePort}/stats`);
    const html = await page.text();
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(html).toContain('<noscript><meta http-equiv="refresh" content="5"></noscript>');
    expect(html).not.toMatch(/@import|https?:\/\/|<style| style=| on[a-z]+=/);
    expect([...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, link]) => link)).toEqual([
      '/stats;style.css',
      '/stats;script.js',
      '/stats;csv',
      '/metrics',
    ]);
    expect(html).toContain('<th scope="row">BACKEND</th>');
    const csv = await (await fetch(`http://127.0.0.1:${pagePort}/stats;csv`)).text();
    expect(csv).toMatch(/^# pxname,svname,qcur,/);
    expect((await fetch(`http://127.0.0.1:${pagePort}/`)).status).toBe(404);
  });
});

describe('the program', () => {
  it('says its version as package.json does', () => {
    const { version: expected } = JSON.parse(
      readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
    ) as { version: string };
    expect(version).toBe(expected);
  });

  it('packed validates and explains', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'veza-proxy-pack-'));
    const file = join(folder, 'packed', packedName);
    await packProxy(join(folder, 'packed'));
    const bad = join(folder, 'bad.yml');
    writeFileSync(bad, 'frontends:\n  - nam: x\nbackends: []\n');
    const run = async (...args: string[]): Promise<{ code: number; text: string }> => {
      const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder });
      let text = '';
      child.stdout.on('data', (bytes: Buffer) => (text += bytes.toString()));
      child.stderr.on('data', (bytes: Buffer) => (text += bytes.toString()));
      return { code: Number((await once(child, 'close'))[0]), text };
    };
    expect(await run('version')).toMatchObject({ code: 0, text: expect.stringContaining(version) as string });
    const refused = await run('validate', bad);
    expect(refused.code).toBe(1);
    expect(refused.text).toContain('bad.yml:2:5: error: unknown key `nam`');
    expect(refused.text).toContain('Did you mean `name`?');
    expect((await run('run', join(folder, 'none.yml'))).text).toContain('cannot read');
    expect((await run('serve')).code).toBe(1);
    rmSync(folder, { recursive: true });
  });
});
