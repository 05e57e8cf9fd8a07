// Plugins through a running proxy: the example of the documentation, results, failures, time, reloads.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { portOf } from '../../support/ports.ts';
import { request, type RunningProxy, startProxy, statusOf, until } from '../support/proxy.ts';

const folder = mkdtempSync(join(tmpdir(), 'veza-plugins-'));
const large = 'x'.repeat(300_000);
let backend: Server;
let backendPort: number;
let proxy: RunningProxy;

/** Writes a module and gives its entry in the configuration. */
function plugin(name: string, code: string, more: object = {}): object {
  writeFileSync(join(folder, `${name}.mjs`), code);
  return { module: join(folder, `${name}.mjs`), ...more };
}

/** The module that the documentation shows. */
function documented(): string {
  const text = readFileSync(new URL('../../../docs/proxy-plugins.md', import.meta.url), 'utf8');
  const code = /```js\n([\s\S]*?)```/.exec(text)?.[1];
  if (code === undefined) throw new Error('no example');
  return code;
}

function configOf(front: number, control: number, greeting: string): object {
  const rule = (pathPrefix: string, ...plugins: object[]): object => ({ pathPrefix, plugins, backend: 'api' });
  return {
    workers: 1,
    stats: { socket: [`127.0.0.1:${control}`] },
    frontends: [
      {
        name: 'http',
        bind: [`127.0.0.1:${front}`],
        rules: [
          rule('/docs', plugin('tenants', documented(), { options: { tenants: ['red'] } })),
          rule(
            '/order',
            plugin('second', marking('second'), { priority: 2 }),
            plugin('first', marking('first'), { priority: 1 }),
          ),
          rule('/throws', plugin('thrower', `export default { onRequest() { throw new Error('no way'); } };`)),
          rule(
            '/wrong',
            plugin(
              'wrong',
              `export default { onRequest: () => ({ action: 'modify', setHeaders: { a: 'b\\r\\nc: d' } }) };`,
            ),
          ),
          rule(
            '/late',
            plugin('late', `export default { onRequest: () => new Promise(() => {}) };`, { timeout: '200ms' }),
          ),
          rule(
            '/later',
            plugin('later', `export default { onResponse: () => new Promise(() => {}) };`, { timeout: '200ms' }),
          ),
          rule('/loose', plugin('loose', loose)),
          rule('/slowly', plugin('slowly', slowly)),
          rule('/instead', plugin('instead', instead)),
          rule('/greet', plugin('greeter', greeter(greeting))),
        ],
        defaultBackend: 'api',
      },
    ],
    backends: [{ name: 'api', servers: [{ name: 'a', address: '127.0.0.1', port: backendPort }] }],
  };
}

const marking = (name: string): string => `
export default () => ({
  onRequest: ({ headers }) => ({ action: 'modify', setHeaders: { 'X-Seen': (headers['x-seen'] ?? '') + '${name};' } }),
  onResponse: ({ headers }) => ({ action: 'modify', setHeaders: { 'X-Back': (headers['x-back'] ?? '') + '${name};' } }),
});`;
const loose = `
export default { onRequest() {
  setTimeout(() => { throw new Error('in a timer'); }, 1);
  void Promise.reject(new Error('in a promise'));
} };`;
const slowly = `
export default { async onResponse() {
  await new Promise((resolve) => setTimeout(resolve, 100));
  return { action: 'modify', status: 202, setHeaders: { 'X-Slow': 'yes' } };
} };`;
const instead = `
export default { onResponse: async ({ status }) => ({ action: 'stop', status: 418, headers: { 'X-Was': String(status) }, body: 'instead' }) };`;
const greeter = (greeting: string): string => `
let calls = 0;
export default (_options, { log }) => ({
  onRequest: () => ({ action: 'stop', status: 200, body: '${greeting} ' + (calls += 1) }),
  cleanup() { log('${greeting} is over'); },
});`;

beforeAll(async () => {
  backend = createServer((incoming, outgoing) => {
    incoming.resume();
    if (incoming.url?.endsWith('/large') === true) outgoing.end(large);
    else outgoing.end(JSON.stringify({ url: incoming.url, headers: incoming.headers }));
  }).listen(0, '127.0.0.1');
  await once(backend, 'listening');
  backendPort = portOf(backend);
  proxy = await startProxy((front, control) => configOf(front, control, 'hello'));
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  backend.closeAllConnections();
  backend.close();
  rmSync(folder, { recursive: true, force: true });
});

const get = (path: string, headers = ''): Promise<string> =>
  request(proxy.port, `GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}Connection: close\r\n\r\n`, 10_000);

/** The log goes its own way: it may come behind the response. */
const logged = (line: RegExp): Promise<void> => until(() => line.test(proxy.log()), 20_000);

describe('plugins', () => {
  it('work as the documentation shows', async () => {
    const refused = await get('/docs/a');
    expect(statusOf(refused)).toBe(403);
    expect(refused).toContain('no tenant');
    const passed = await get('/docs/a?b=1', 'X-Tenant: red\r\n');
    expect(passed).toContain('"url":"/red/docs/a?b=1"');
    expect(passed).not.toContain('"x-tenant"');
    expect(passed).toContain('X-Served: red a 1\r\n');
    await logged(/plugin tenants: 1 tenants/);
  });

  it('are asked by priority, with responses the other way round', async () => {
    const response = await get('/order');
    expect(response).toContain('"x-seen":"first;second;"');
    expect(response).toContain('X-Back: second;first;\r\n');
  });

  it('that throw or return nonsense are 500, with their name in the log', async () => {
    expect(statusOf(await get('/throws'))).toBe(500);
    await logged(/plugin thrower: onRequest failed: no way \(at .*thrower\.mjs/);
    const split = await get('/wrong');
    expect(statusOf(split)).toBe(500);
    expect(split).not.toContain('c: d');
    await logged(/plugin wrong: onRequest failed: the value of header/);
  });

  it('that take too long are 504', async () => {
    expect(statusOf(await get('/late'))).toBe(504);
    expect(statusOf(await get('/later'))).toBe(504);
    expect(statusOf(await get('/later/large'))).toBe(504);
    await logged(/plugin later: onResponse took more than 200 ms/);
  });

  it('whose loose ends fail take no worker down', async () => {
    expect(statusOf(await get('/loose'))).toBe(200);
    await logged(/plugin loose: an error that nobody caught: in a timer/);
    await logged(/plugin loose: an error that nobody caught: in a promise/);
    expect(statusOf(await get('/'))).toBe(200);
    expect(proxy.log()).not.toContain('starting another');
  });

  it('may take their time with responses, small and large, and lose nothing of them', async () => {
    const small = await get('/slowly');
    expect(statusOf(small)).toBe(202);
    expect(small).toContain('X-Slow: yes');
    expect(small).toContain('"url":"/slowly"');
    const whole = await get('/slowly/large');
    expect(statusOf(whole)).toBe(202);
    expect(whole.split(large)).toHaveLength(2);
    // The connections to the server are as good as before.
    const [one, two] = await Promise.all([get('/slowly/large'), get('/slowly/large')]);
    expect(one.includes(large) && two.includes(large)).toBe(true);
    expect(statusOf(await get('/'))).toBe(200);
  });

  it('may answer in place of the server when it has answered', async () => {
    for (const path of ['/instead', '/instead/large']) {
      const response = await get(path);
      expect(statusOf(response)).toBe(418);
      expect(response).toContain('X-Was: 200');
      expect(response.endsWith('instead')).toBe(true);
    }
  });

  it('go on over a reload with their state, are replaced when their text changes, and clean up', async () => {
    expect(await get('/greet')).toContain('hello 1');
    await proxy.command('show info');
    proxy.process.kill('SIGHUP');
    await until(() => proxy.log().split('reloaded').length === 2, 20_000);
    expect(await get('/greet')).toContain('hello 2');
    writeFileSync(join(folder, 'greeter.mjs'), greeter('bye'));
    proxy.process.kill('SIGHUP');
    await until(() => proxy.log().includes('plugin greeter: hello is over'), 20_000);
    expect(await get('/greet')).toContain('bye 1');
  });

  it('that cannot be loaded refuse the reload, and the old ones go on', async () => {
    writeFileSync(join(folder, 'greeter.mjs'), 'export default 5;');
    proxy.process.kill('SIGHUP');
    await until(() => proxy.log().includes('reload refused'), 20_000);
    expect(proxy.log()).toContain('plugin `greeter`');
    expect(await get('/greet')).toContain('bye 2');
    rmSync(join(folder, 'greeter.mjs'));
    proxy.process.kill('SIGHUP');
    await until(() => proxy.log().split('reload refused').length === 3, 20_000);
    expect(proxy.log()).toMatch(/cannot read the plugin `.*greeter\.mjs`/);
    expect(await get('/greet')).toContain('bye 3');
  });
});
