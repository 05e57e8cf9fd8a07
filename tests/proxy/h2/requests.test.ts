// What becomes of requests in HTTP/2: which are refused, and what is allowed though few clients do it.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startClearHttp2 } from '../support/clear-http2.ts';
import { block, flags, frame, FrameClient, number32, request, setting, type } from '../support/http2-frames.ts';
import { type RunningProxy, until } from '../support/proxy.ts';

let proxy: RunningProxy;
let client: FrameClient;
/** Requests whose body the backend got as a whole. */
let whole: string[] = [];

const { endStream, endHeaders } = flags;
const get = frame(type.headers, endStream | endHeaders, 1, request());
const post = frame(type.headers, endHeaders, 1, request('/', 'POST'));

beforeAll(async () => {
  proxy = await startClearHttp2((incoming, response) => {
    let body = '';
    incoming.on('data', (bytes: Buffer) => (body += bytes.toString('latin1')));
    incoming.on('end', () => {
      whole.push(incoming.url ?? '');
      const { headers, trailers } = incoming;
      response.end(JSON.stringify({ headers, trailers, body }));
    });
  });
});

afterAll(() => proxy[Symbol.asyncDispose]());

beforeEach(async () => {
  whole = [];
  client = await FrameClient.open(proxy.port);
});

afterEach(() => client[Symbol.dispose]());

function echoed(stream = 1): { headers: Record<string, string>; trailers: Record<string, string>; body: string } {
  return JSON.parse(client.body(stream)) as never;
}

describe('a request is refused for', () => {
  it.each([
    ['a line break in its path', '/a\r\nx-evil: 1'],
    ['a space in its path', '/a b'],
    ['a NUL in its path', '/a\0'],
    ['a fragment', '/a#b'],
    ['a whole URL as its path', 'http://b.test/'],
    ['a path that is none', 'a'],
  ])('%s', async (_what, path) => {
    client.send(frame(type.headers, 5, 1, request(path)));
    expect(await client.ended(1)).toBe(400);
    expect(whole).toEqual([]);
  });

  it.each([
    ['a line break in a header', [['x-a', 'b\r\nx-evil: 1']], 400],
    ['a malformed authority', [['host', 'a.test, b.test']], 400],
    [
      'two lengths',
      [
        ['content-length', '0'],
        ['content-length', '0'],
      ],
      400,
    ],
    [
      'headers that are too large',
      [
        ['x-a', 'b'.repeat(16_000)],
        ['x-b', 'b'.repeat(1000)],
      ],
      431,
    ],
  ] as [string, [string, string][], number][])('%s', async (_what, fields, status) => {
    const head = request('/', 'GET', fields);
    client.send(
      frame(type.headers, endStream, 1, head.subarray(0, 100)),
      frame(type.more, 0, 1, head.subarray(100, 16_000)),
      frame(type.more, endHeaders, 1, head.subarray(16_000)),
    );
    expect(await client.ended(1)).toBe(status);
    expect(whole).toEqual([]);
  });

  it('CONNECT', async () => {
    client.send(
      frame(
        type.headers,
        5,
        1,
        block([
          [':method', 'CONNECT'],
          [':authority', 'b.test:443'],
        ]),
      ),
    );
    expect(await client.ended(1)).toBe(405);
  });
});

describe('allowed are', () => {
  it('unknown frames and settings, priorities, and padding', async () => {
    const padded = Buffer.concat([Buffer.from([3, 0, 0, 0, 0, 15]), request('/', 'POST'), Buffer.alloc(3)]);
    client.send(
      frame(0x42, 0xff, 7, 'whatever'),
      frame(type.settings, 0, 0, setting(0x42, 1)),
      frame(type.priority, 0, 9, '\0\0\0\x07\x10'),
      frame(type.headers, endHeaders | flags.padded | flags.priority, 1, padded),
      frame(type.data, flags.padded | endStream, 1, '\x04body\0\0\0\0'),
      frame(type.ping, 0, 0, '12345678'),
    );
    expect(await client.ended(1)).toBe(200);
    expect(echoed().body).toBe('body');
    const pong = await client.frame((each) => each.type === type.ping);
    expect([pong.flags, pong.payload.toString()]).toEqual([flags.ack, '12345678']);
  });

  it('a head in many frames, and bytes that come one by one', async () => {
    const head = request('/', 'GET', [['x-a', 'b']]);
    const bytes = Buffer.concat([
      frame(type.headers, endStream, 1, head.subarray(0, 10)),
      frame(type.more, 0, 1, head.subarray(10, 20)),
      frame(type.more, endHeaders, 1, head.subarray(20)),
    ]);
    for (const byte of bytes) {
      client.send(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    expect(await client.ended(1)).toBe(200);
    expect(echoed().headers['x-a']).toBe('b');
  });

  it('crumbs of cookies, which servers get as one', async () => {
    client.send(
      frame(
        type.headers,
        5,
        1,
        request('/', 'GET', [
          ['cookie', 'a=1'],
          ['x-a', 'b'],
          ['cookie', 'b=2'],
        ]),
      ),
    );
    await client.ended(1);
    expect(echoed().headers['cookie']).toBe('a=1; b=2');
  });

  it('trailers, which servers get after a body in chunks, without those that none may be', async () => {
    const trailers = block([
      ['x-sum', '42'],
      ['content-length', '7'],
      ['host', 'evil'],
    ]);
    client.send(post, frame(type.data, 0, 1, 'body'), frame(type.headers, endStream | endHeaders, 1, trailers));
    expect(await client.ended(1)).toBe(200);
    expect(echoed()).toMatchObject({ body: 'body', trailers: { 'x-sum': '42' } });
    expect(Object.keys(echoed().trailers)).toEqual(['x-sum']);
  });

  it('windows that open by the byte, and close below nothing', async () => {
    client.send(frame(type.settings, 0, 0, setting(4, 1)), get);
    await client.frame((each) => each.type === type.data && each.payload.length === 1);
    client.send(frame(type.settings, 0, 0, setting(4, 0)), frame(type.window, 0, 1, number32(1)));
    client.send(frame(type.window, 0, 1, number32(1)));
    await until(() => client.body(1).length === 2);
    client.send(frame(type.settings, 0, 0, setting(4, 65_535)));
    expect(await client.ended(1)).toBe(200);
    expect(echoed().headers['host']).toBe('a.test');
  });

  it('a table of no size, and one that grows again', async () => {
    for (const [index, size] of [0, 4096, 100, 0].entries()) {
      client.send(frame(type.settings, 0, 0, setting(1, size)));
      for (const more of [0, 2, 4]) {
        const id = index * 6 + more + 1;
        client.send(frame(type.headers, 5, id, request()));
        expect(await client.ended(id)).toBe(200);
        expect(client.heads(id)[0]).toHaveProperty('date');
      }
    }
  });
});
