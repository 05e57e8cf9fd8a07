// The exported classes behave as documented, and the example of the documentation type checks against them.
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import {
  checkAll,
  checkTarget,
  Config,
  HealthMonitor,
  Pool,
  RateLimiter,
  Rewriter,
  Router,
  StateTracker,
} from '../../../src/proxy/library/index.ts';
import { portOf } from '../../support/ports.ts';
import { Authority } from '../support/certificates.ts';

const root = join(import.meta.dirname, '../../..');

describe('Pool', () => {
  const urls = ['http://192.0.2.1:80', 'http://192.0.2.2:80', 'http://192.0.2.3:80'];

  it('picks in turn, by weight, and leaves out who is not alive', () => {
    const pool = new Pool();
    urls.forEach((url, index) => pool.addBackend({ url, weight: index === 0 ? 2 : 1 }));
    const picks = Array.from({ length: 40 }, () => pool.getNextPeer(1)?.url);
    expect(urls.map((url) => picks.filter((pick) => pick === url).length)).toEqual([20, 10, 10]);
    expect(pool.markBackendStatus(urls[0] ?? '', false)).toBe(true);
    expect(new Set(Array.from({ length: 10 }, () => pool.getNextPeer(1)?.url))).toEqual(new Set(urls.slice(1)));
    expect(pool.markBackendStatus('http://nobody', false)).toBe(false);
  });

  it('respects limits, and leastconn prefers who has less', () => {
    const pool = new Pool('leastconn');
    const [one, two] = [
      pool.addBackend({ url: urls[0] ?? '', maxConnections: 1 }),
      pool.addBackend({ url: urls[1] ?? '' }),
    ];
    expect([one.incrementConnections(), one.incrementConnections()]).toEqual([true, false]);
    expect(pool.getNextPeer(1)).toBe(two);
    for (let index = 0; index < 3; index += 1) two.incrementConnections();
    one.decrementConnections();
    expect(pool.getNextPeer(1)).toBe(one);
  });

  it('has one algorithm and one limit for all, which stay as they are where a change is wrong', () => {
    const pool = new Pool();
    const [one] = [pool.addBackend({ url: urls[0] ?? '' }), pool.addBackend({ url: urls[1] ?? '', maxConnections: 5 })];
    pool.updateConfig({ maxConnections: 1 });
    expect([one.incrementConnections(), one.incrementConnections()]).toEqual([true, false]);
    expect(pool.getBackendByUrl(urls[1] ?? '')?.quota.slots).toBe(5);
    const wrong = 'leastcon' as 'leastconn';
    expect(() => pool.setAlgorithm(wrong)).toThrow(expect.objectContaining({ hint: 'Did you mean `leastconn`?' }));
    expect(() => new Pool(wrong)).toThrow('no algorithm');
    expect(() => pool.setMaxConnections(-1)).toThrow('maxConnections');
    expect(pool.getConfig()).toEqual({ algorithm: 'roundrobin', maxConnections: 1 });
    pool.addBackend({ url: urls[2] ?? '' });
    pool.setMaxConnections(0);
    expect(one.incrementConnections()).toBe(true);
  });

  it('keeps backends over an update, and changes nothing for a bad one', () => {
    const pool = new Pool();
    const kept = pool.addBackend({ url: urls[0] ?? '' });
    kept.incrementConnections();
    pool.updateBackends([{ url: urls[1] ?? '' }, { url: urls[0] ?? '', weight: 5 }]);
    expect(pool.getBackendByUrl(urls[0] ?? '')).toBe(kept);
    expect([kept.weight, kept.getConnectionCount()]).toEqual([5, 1]);
    expect(() => pool.updateBackends([{ url: 'nonsense' }])).toThrow('nonsense');
    expect(() => pool.addBackend({ url: urls[0] ?? '' })).toThrow('already');
    expect(() => pool.removeBackend('http://nobody')).toThrow('backend not found');
    expect(pool.getAllBackends()).toHaveLength(2);
    pool.removeBackend(urls[0] ?? '');
    pool.removeBackend(urls[1] ?? '');
    expect(pool.getNextPeer(1)).toBeUndefined();
  });
});

describe('StateTracker and HealthMonitor', () => {
  it('fall failures in a row make unhealthy, rise successes healthy again', () => {
    const tracker = new StateTracker(3, 2);
    expect(tracker.syncTargets([{ id: 'a' }])).toBe(true);
    expect(tracker.syncTargets([{ id: 'a' }])).toBe(false);
    const results = [false, false, true, false, false, false, true, false, true, true];
    expect(results.map((passed) => tracker.recordResult('a', passed))).toEqual([
      false,
      false,
      false,
      false,
      false,
      true,
      false,
      false,
      false,
      true,
    ]);
    expect([tracker.getState('a'), tracker.getState('b'), tracker.recordResult('b', true)]).toEqual([
      'healthy',
      'unhealthy',
      false,
    ]);
    expect(tracker.getStats()).toEqual({ total: 1, healthy: 1, unhealthy: 0 });
  });

  it('tells a change once a round, and a check that never ends is a failure', async () => {
    const told: string[][] = [];
    const monitor = new HealthMonitor({
      targets: () => [{ id: 'good' }, { id: 'bad' }, { id: 'silent' }],
      check: ({ id }) =>
        id === 'silent'
          ? new Promise<boolean>(() => undefined)
          : id === 'bad'
            ? Promise.reject(new Error())
            : Promise.resolve(true),
      onHealthChange: (healthy) => told.push(healthy.map(({ id }) => id)),
      timeoutMs: 20,
      fall: 2,
    });
    await monitor.forceCheck();
    expect(told).toEqual([]);
    monitor.start();
    await monitor.forceCheck();
    await monitor.forceCheck();
    await monitor.stop();
    expect(told).toEqual([['good', 'bad', 'silent'], ['good']]);
  });
});

describe('HealthMonitor', () => {
  it('tells again what could not be applied, merges rounds that are asked for at once, and forgets who is gone', async () => {
    let targets = [{ id: 'a' }, { id: 'b' }];
    let checks = 0;
    const told: string[][] = [];
    const monitor = new HealthMonitor({
      targets: () => targets,
      check: () => Promise.resolve((checks += 1) > 0),
      onHealthChange: (healthy) => {
        told.push(healthy.map(({ id }) => id));
        return told.length === 1 ? Promise.reject(new Error('not now')) : Promise.resolve();
      },
    });
    monitor.start();
    await Promise.all([monitor.forceCheck(), monitor.forceCheck(), monitor.forceCheck()]);
    expect([checks, told]).toEqual([2, [['a', 'b']]]);
    await monitor.forceCheck();
    await monitor.forceCheck();
    expect(told).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    targets = [];
    await monitor.forceCheck();
    await monitor.stop();
    expect([told.at(-1), monitor.tracker.getAllTargets()]).toEqual([[], []]);
  });
});

describe('checks', () => {
  it('are made over HTTP, TCP and TLS, with the well-known authorities unless others are given', async () => {
    const ca = await Authority.create();
    const leaf = await ca.issue({ names: ['api.internal'] });
    const handler: RequestListener = (incoming, response) =>
      response.writeHead(incoming.url === '/a?b' ? 204 : 503).end();
    const [plain, secure] = [createServer(handler), createSecureServer({ cert: leaf.cert, key: leaf.key }, handler)];
    for (const server of [plain, secure]) await once(server.listen(0, '127.0.0.1'), 'listening');
    const [clear, tls] = [portOf(plain), portOf(secure)];
    const own = { ca: ca.pem, serverName: 'api.internal' };
    const results = await checkAll([
      checkTarget(`http://127.0.0.1:${clear}/a?b`),
      checkTarget(`http://127.0.0.1:${clear}/`, { check: { expect: '500-599' } }),
      checkTarget(`http://127.0.0.1:${clear}/`),
      checkTarget(`https://127.0.0.1:${tls}/a?b`, own),
      checkTarget(`https://127.0.0.1:${tls}/a?b`),
      checkTarget(`tcp://127.0.0.1:${clear}`),
      checkTarget(`tls://127.0.0.1:${tls}`, own),
    ]);
    for (const server of [plain, secure]) server.close();
    expect(results.map(({ passed, code, status }) => [passed, code, status])).toEqual([
      [true, 'L7OK', 204],
      [true, 'L7OK', 503],
      [false, 'L7STS', 503],
      [true, 'L7OK', 204],
      [false, 'L6RSP', undefined],
      [true, 'L4OK', undefined],
      [true, 'L6OK', undefined],
    ]);
    expect(() => checkTarget('tcp://127.0.0.1')).toThrow('nothing can be checked');
    expect(() => checkTarget('http://h', { check: { intervall: '5s' } })).toThrow('unknown key');
  });
});

describe('Config, Router, Rewriter and RateLimiter', () => {
  const text = `frontends: [{ name: f, bind: [':80'], rules: [{ host: a.example, pathPrefix: /x, backend: b }], defaultBackend: c }]
backends:
  - { name: b, servers: [{ name: s, address: h, port: 1 }] }
  - { name: c, servers: [{ name: s, address: h, port: 1 }] }
`;

  it('find the backend of a request, strictly', () => {
    const router = new Router(Config.parse(text), 'f');
    expect(router.match({ host: 'A.example:80', target: '/x/y?z' })).toEqual({ rule: 0, backend: 'b' });
    expect(router.match({ host: 'a.example', target: '/xy' })).toEqual({ rule: -1, backend: 'c' });
    expect(() => router.match({ host: 'a b', target: '/' })).toThrow('not a request');
    expect(() => new Router(Config.parse(text), 'g')).toThrow('no frontend');
  });

  it('tell problems with their place, and differences', () => {
    expect(Config.problems('frontends: []\n', 'x.yml').join('\n')).toContain('x.yml:1:12');
    expect(() => Config.parse('frontends: 1')).toThrow();
    const other = Config.parse(text.replace('port: 1 ', 'port: 2 '));
    expect(Config.parse(text).diff(other)).toContain('port: 1 -> 2');
    expect(other.diff(other)).toBeUndefined();
  });

  it('rewrite and limit', () => {
    const rewriter = new Rewriter({ stripPrefix: '/api', addPrefix: '/v2' });
    expect(rewriter.rewriteTarget('/api/a?b')).toBe('/v2/a?b');
    expect(rewriter.rewriteLocation('http://10.0.0.1:80/v2/a', ['10.0.0.1:80'])).toBe('/api/a');
    const limiter = new RateLimiter({ requests: 2, perMs: 1000 });
    expect([limiter.allow('a', 0), limiter.allow('a', 0), limiter.allow('a', 0), limiter.allow('b', 0)]).toEqual([
      true,
      true,
      false,
      true,
    ]);
    expect(limiter.take('a', 0)).toBe(500);
  });
});

describe('the documentation', () => {
  it('has examples that type check under the names of the package', () => {
    const documentation = readFileSync(join(root, 'docs/proxy-library.md'), 'utf8');
    const examples = [...documentation.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, example = '']) => example);
    expect(examples).toHaveLength(2);
    const folder = mkdtempSync(join(import.meta.dirname, 'example-'));
    try {
      const files = examples.map((example, index) => {
        const file = join(folder, `example-${index}.ts`);
        writeFileSync(file, example);
        return file;
      });
      const program = ts.createProgram(files, {
        target: ts.ScriptTarget.ES2024,
        lib: ['lib.es2024.d.ts', 'lib.esnext.disposable.d.ts'],
        module: ts.ModuleKind.NodeNext,
        moduleResolution: ts.ModuleResolutionKind.NodeNext,
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        allowImportingTsExtensions: true,
        noEmit: true,
        skipLibCheck: true,
        types: ['node'],
        typeRoots: [join(root, 'node_modules/@types')],
        paths: {
          'veza-run/proxy': [join(root, 'src/proxy/library/index.ts')],
          'veza-run/infra': [join(root, 'src/infra/library/index.ts')],
        },
      });
      const sources = files.map((file) => program.getSourceFile(file));
      const problems = sources.flatMap((source) => [
        ...program.getSemanticDiagnostics(source),
        ...program.getSyntacticDiagnostics(source),
      ]);
      expect(problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 60_000);

  it('and the package exports what the build writes', () => {
    const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      exports: Record<string, { default: string }>;
    };
    expect(exports['./proxy']?.default).toBe('./dist/proxy/library/index.js');
    expect(exports['./infra']?.default).toBe('./dist/infra/library/index.js');
  });
});
