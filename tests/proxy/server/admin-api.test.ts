// The admin interface of a running proxy: what changes, what is refused whole, what is told.
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { portOf } from '../../support/ports.ts';
import { type AdminProxy, type Call, ctl, startAdminProxy } from '../support/admin-proxy.ts';
import { proxyMain } from '../support/program.ts';
import { until, type RunningProxy } from '../support/proxy.ts';

let at: AdminProxy;
let call: Call;
let proxy: RunningProxy;
let admin = '';
let reader = '';
let base = '';
let folder = '';

beforeAll(async () => {
  at = await startAdminProxy();
  ({ proxy, admin, reader, base, folder, call } = at);
}, 60_000);

afterAll(() => at[Symbol.asyncDispose]());

describe('changes', () => {
  it('adds, changes and removes servers, and tells everybody who did it', async () => {
    const added = await call('POST', '/api/servers', admin, {
      backend: 'api',
      name: 'b',
      address: '127.0.0.1',
      port: 10,
      weight: 2,
    });
    expect(added.status).toBe(201);
    expect(await added.json()).toMatchObject({ name: 'b', state: 'ready', weight: 2 });
    expect(
      (await call('POST', '/api/servers', admin, { backend: 'api', name: 'b', address: '127.0.0.1', port: 10 })).status,
    ).toBe(409);
    const changed = await call('PATCH', '/api/servers/api/b', admin, {
      state: 'drain',
      weight: 5,
      maxconn: 7,
      port: 11,
    });
    expect(await changed.json()).toMatchObject({ state: 'drain', weight: 5, maxconn: 7, port: 11 });
    expect(await proxy.command('show servers state api')).toMatch(/ 2 b 127\.0\.0\.1 2 8 5 /);
    expect((await call('DELETE', '/api/servers/api/b', admin)).status).toBe(200);
    expect((await call('PATCH', '/api/servers/api/b', admin, { state: 'ready' })).status).toBe(404);
    const events = await (await call('GET', '/api/events?follow=0', reader)).text();
    const lines = events
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; actor?: string; action?: string });
    expect(lines.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['proxy_started', 'server_added', 'server_removed']),
    );
    expect(lines.find(({ action }) => action === 'add-server')?.actor).toBe('ops (127.0.0.1)');
  });

  it('shows where requests go, with all that a rule looks at', async () => {
    expect(await (await call('GET', '/api/locations')).json()).toEqual({
      items: [
        { service: 'web', pathPrefix: '/x', any: [{ headers: { 'X-V': '2' } }], action: 'backend', backend: 'api' },
        { service: 'web', action: 'backend', backend: 'api' },
      ],
    });
  });

  it('replaces all servers of a backend in one step', async () => {
    const set = {
      servers: [
        { name: 'a', address: '127.0.0.1', port: 9 },
        { name: 'c', address: '127.0.0.1', port: 12, weight: 3 },
      ],
    };
    const replaced = await call('PUT', '/api/backends/api/servers', admin, set);
    expect(((await replaced.json()) as { servers: { name: string }[] }).servers.map(({ name }) => name)).toEqual([
      'a',
      'c',
    ]);
    const bad = {
      servers: [
        { name: 'ok', address: '127.0.0.1', port: 9 },
        { name: 'bad', address: '999.1.1.1', port: 9 },
      ],
    };
    expect((await call('PUT', '/api/backends/api/servers', admin, bad)).status).toBe(409);
    const { items } = (await (await call('GET', '/api/servers', reader)).json()) as { items: { name: string }[] };
    expect(items.map(({ name }) => name)).toEqual(['a', 'c']);
    expect((await call('POST', '/api/reload', admin)).status).toBe(200);
  });

  it('tells all that is wrong with a body', async () => {
    const wrong = await call('POST', '/api/servers', admin, { backend: 'api', port: 'x', adress: '192.0.2.1' });
    const { error } = (await wrong.json()) as { error: { message: string } };
    expect(wrong.status).toBe(400);
    expect(error.message.split('; ').toSorted()).toEqual([
      '`adress` is unknown in the body (did you mean `address`?)',
      '`port` must be a whole number',
      'the body needs `address`',
      'the body needs `name`',
    ]);
  });

  it('refuses a configuration whole, with all that is wrong, and puts a good one into force and into the file', async () => {
    const read = await call('GET', '/api/config');
    const etag = read.headers.get('etag') ?? '';
    const text = await read.text();
    expect(text).toBe(readFileSync(proxy.configFile, 'utf8'));
    const broken = await call(
      'PUT',
      '/api/config',
      admin,
      text.replace('"api"', '"nobody"').replace('"workers"', '"worker"'),
    );
    expect(broken.status).toBe(422);
    expect(
      ((await broken.json()) as { error: { problems: { line: number }[] } }).error.problems[0]?.line,
    ).toBeGreaterThan(0);
    expect(readFileSync(proxy.configFile, 'utf8')).toBe(text);
    const better = text.replace('"name": "a"', '"name": "first"');
    expect((await call('PUT', '/api/config', admin, better, { 'If-Match': '"other"' })).status).toBe(412);
    const applied = await call('PUT', '/api/config', admin, better, { 'If-Match': etag });
    expect(applied.status).toBe(200);
    expect(applied.headers.get('etag')).not.toBe(etag);
    expect(readFileSync(proxy.configFile, 'utf8')).toBe(better);
    expect(readFileSync(`${proxy.configFile}.previous`, 'utf8')).toBe(text);
    expect(await proxy.command('show servers state api')).toContain(' first ');
  });

  it('streams events to who follows, also as SSE', async () => {
    const abort = new AbortController();
    const response = await fetch(`${base}/api/events`, {
      headers: { Authorization: `Bearer ${reader}`, Accept: 'text/event-stream' },
      signal: abort.signal,
    });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    let text = '';
    const reading = (async () => {
      for await (const piece of response.body ?? []) text += Buffer.from(piece as Uint8Array).toString();
    })().catch(() => undefined);
    await proxy.command('set server api/first weight 9');
    await until(() => /event: server_changed\ndata: \{[^\n]*"weight":9/.test(text), 10_000);
    abort.abort();
    await reading;
  });
});

describe('the OpenAPI document', () => {
  it('refers to nothing that is not there, and tells what answers really are', async () => {
    const document = (await (await call('GET', '/api/openapi.json', '')).json()) as {
      openapi: string;
      paths: Record<
        string,
        Record<
          string,
          {
            operationId: string;
            responses: Record<string, { content?: Record<string, { schema: { $ref?: string } }> }>;
          }
        >
      >;
      components: { schemas: Record<string, object> };
    };
    expect(document.openapi).toBe('3.1.0');
    for (const [, name = ''] of JSON.stringify(document).matchAll(/#\/components\/schemas\/([A-Za-z]+)/g)) {
      expect(Object.keys(document.components.schemas)).toContain(name);
    }
    const ids = Object.values(document.paths).flatMap((path) =>
      Object.values(path).map(({ operationId }) => operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
    const ajv = new Ajv({ strict: false });
    ajv.addSchema({ $id: 'api', ...document });
    for (const [path, { get }] of Object.entries(document.paths)) {
      const schema = get?.responses['200']?.content?.['application/json']?.schema.$ref;
      if (!get || schema === undefined) continue;
      const answer = await call('GET', path.replace('{backend}', 'api'));
      expect(answer.status, path).toBe(200);
      const validate = ajv.compile({ $ref: `api${schema}` });
      expect(validate(await answer.json()), `${path}: ${ajv.errorsText(validate.errors)}`).toBe(true);
    }
  });
});

describe('ctl', () => {
  it('says commands to a stats socket', () => {
    expect(ctl('get', 'weight', 'api/first', '--socket', `127.0.0.1:${proxy.controlPort}`)).toBe('9 (initial 1)');
    writeFileSync(join(folder, 'none'), '');
    expect(() => ctl('token', 'list', '--file', join(folder, 'none'))).toThrow();
  });

  it.each([
    ['set server nosuch/nosuch state maint', 1, 'No such backend.\n'],
    ['disable server api/nosuch;get weight api/first', 1, 'No such server.\n\n9 (initial 1)\n'],
    ['nonsense', 1, expect.stringMatching(/^Unknown command\. /)],
    ['set server api/first weight 9', 0, ''],
    ['enable frontend web;get weight api/first', 0, 'All sockets are already enabled.\n\n9 (initial 1)\n'],
  ])('tells by its status whether it was done: %s', (command, status, stdout) => {
    const words = [...command.split(' '), '--socket', `127.0.0.1:${proxy.controlPort}`];
    const result = spawnSync(process.execPath, [proxyMain, 'ctl', ...words], { encoding: 'utf8' });
    expect([result.status, result.stdout, result.stderr]).toEqual([status, stdout, '']);
  });

  it('shows what a process of an older version answers', async () => {
    const older = createServer((socket) => {
      socket.once('data', () => socket.end('Not a command of veza-proxy: why.\n\n9 (initial 1)\n\n'));
    }).listen(0, '127.0.0.1');
    await once(older, 'listening');
    const words = ['get', 'weight', 'api/first', '--socket', `127.0.0.1:${portOf(older)}`];
    const { stdout } = await promisify(execFile)(process.execPath, [proxyMain, 'ctl', ...words]);
    older.close();
    expect(stdout).toBe('9 (initial 1)\n');
  });
});
