// What HTTP/2 forbids, frame by frame (RFC 9113, as h2spec goes through it).
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startClearHttp2 } from '../support/clear-http2.ts';
import {
  block,
  codes,
  flags,
  frame,
  FrameClient,
  number32,
  preface,
  request,
  setting,
  type,
} from '../support/http2-frames.ts';
import { type RunningProxy, until } from '../support/proxy.ts';

let proxy: RunningProxy;
let client: FrameClient;
/** Requests whose body the backend got as a whole. */
let whole: string[] = [];

const { endStream, endHeaders } = flags;
const get = frame(type.headers, endStream | endHeaders, 1, request());
/** It has no answer. */
const never = frame(type.headers, endStream | endHeaders, 1, request('/never'));
const post = frame(type.headers, endHeaders, 1, request('/', 'POST'));

beforeAll(async () => {
  proxy = await startClearHttp2((incoming, response) => {
    if (incoming.url === '/never') return;
    incoming.resume();
    incoming.on('end', () => {
      whole.push(incoming.url ?? '');
      response.end(incoming.url === '/big' ? Buffer.alloc(10_000) : 'ok');
    });
  });
});

afterAll(() => proxy[Symbol.asyncDispose]());

beforeEach(async () => {
  whole = [];
  client = await FrameClient.open(proxy.port);
});

afterEach(() => client[Symbol.dispose]());

describe('a connection ends at', () => {
  it.each([
    ['DATA of no stream', [frame(type.data, 0, 0, 'x')], codes.protocol],
    ['DATA of a stream that was never opened', [frame(type.data, 0, 1, 'x')], codes.protocol],
    ['DATA with more padding than payload', [post, frame(type.data, flags.padded, 1, '\x05xx')], codes.protocol],
    ['HEADERS of no stream', [frame(type.headers, endStream | endHeaders, 0, request())], codes.protocol],
    ['HEADERS of an even stream', [frame(type.headers, endStream | endHeaders, 2, request())], codes.protocol],
    ['HEADERS with more padding than payload', [frame(type.headers, 0x0d, 1, '\xff\x82')], codes.protocol],
    ['a stream that depends on itself', [frame(type.priority, 0, 1, '\0\0\0\x01\0')], codes.protocol],
    ['a PRIORITY that is too short', [frame(type.priority, 0, 1, '\0\0\0\x03')], codes.size],
    ['a PRIORITY of nothing', [frame(type.priority, 0, 1, '')], codes.size],
    ['a RST_STREAM of no stream', [frame(type.rst, 0, 0, number32(8))], codes.protocol],
    ['a RST_STREAM of a stream that was never opened', [frame(type.rst, 0, 1, number32(8))], codes.protocol],
    ['a RST_STREAM of five bytes', [get, frame(type.rst, 0, 1, 'xxxxx')], codes.size],
    ['SETTINGS of a stream', [frame(type.settings, 0, 1)], codes.protocol],
    ['SETTINGS of five bytes', [frame(type.settings, 0, 0, 'xxxxx')], codes.size],
    ['an acknowledgement with a payload', [frame(type.settings, 1, 0, setting(1, 0))], codes.size],
    ['ENABLE_PUSH beyond 1', [frame(type.settings, 0, 0, setting(2, 2))], codes.protocol],
    ['a window beyond 2^31', [frame(type.settings, 0, 0, setting(4, 2 ** 31))], codes.flow],
    ['frames that are too small', [frame(type.settings, 0, 0, setting(5, 16_383))], codes.protocol],
    ['PUSH_PROMISE', [get, frame(type.push, endHeaders, 1, Buffer.concat([number32(2), request()]))], codes.protocol],
    ['a PING of a stream', [frame(type.ping, 0, 1, '12345678')], codes.protocol],
    ['a PING of seven bytes', [frame(type.ping, 0, 0, '1234567')], codes.size],
    ['GOAWAY of a stream', [frame(type.goaway, 0, 1, '12345678')], codes.protocol],
    ['a window that grows by nothing', [frame(type.window, 0, 0, number32(0))], codes.protocol],
    ['a window that grows beyond 2^31', [frame(type.window, 0, 0, number32(2 ** 31 - 1))], codes.flow],
    ['a WINDOW_UPDATE of a stream never opened', [frame(type.window, 0, 5, number32(1))], codes.protocol],
    ['CONTINUATION of nothing', [frame(type.more, endHeaders, 1, request())], codes.protocol],
    ['HEADERS in a head', [frame(type.headers, endStream, 1, request()), get], codes.protocol],
    ['CONTINUATION of another stream', [frame(type.headers, 0, 1), frame(type.more, 4, 3)], codes.protocol],
    ['a frame larger than allowed', [frame(type.data, 0, 1, Buffer.alloc(16_385))], codes.size],
    [
      'a head that cannot be read',
      [frame(type.headers, endStream | endHeaders, 1, '\xff\xff\xff\xff\xff\xff')],
      codes.compression,
    ],
    ['an index that is not there', [frame(type.headers, endStream | endHeaders, 1, '\xbf')], codes.compression],
    [
      'a table larger than allowed',
      [frame(type.headers, endStream | endHeaders, 1, '\x3f\xe2\x1f')],
      codes.compression,
    ],
    [
      'streams that go back',
      [frame(type.headers, 5, 3, request()), frame(type.headers, 5, 1, request())],
      codes.closed,
    ],
  ] as const)('%s', async (_what, frames, code) => {
    client.send(...frames);
    expect(await client.goaway()).toBe(code);
    await until(() => client.isOver, 20_000);
  });

  it('windows that open by the byte, for as long as there is something to send', async () => {
    const ids = Array.from({ length: 50 }, (_id, index) => 2 * index + 1);
    client.send(frame(type.settings, 0, 0, setting(4, 0)));
    client.send(...ids.map((id) => frame(type.headers, endStream | endHeaders, id, request('/big'))));
    const count = (): number => client.frames.filter((each) => each.type === type.data).length;
    const isOver = (): boolean => client.frames.at(-1)?.type === type.goaway || client.isOver;
    for (let round = 1; round < 100 && !isOver(); round += 1) {
      client.send(...ids.map((id) => frame(type.window, 0, id, number32(1))));
      await until(() => count() >= round * ids.length || isOver(), 20_000);
    }
    expect(await client.goaway()).toBe(codes.calm);
  });

  it('what is no preface', async () => {
    using other = await FrameClient.open(proxy.port);
    other.send(preface);
    expect([codes.size, codes.protocol]).toContain(await other.goaway());
  });

  it.each([
    ['DATA', frame(type.data, endStream, 1)],
    ['HEADERS', frame(type.headers, endStream | endHeaders, 1, block([['x-a', 'b']]))],
  ])('%s of a stream that is over', async (_what, late) => {
    client.send(get);
    await client.ended(1);
    client.send(late);
    expect(await client.goaway()).toBe(codes.closed);
  });
});

describe('a stream alone ends at', () => {
  const after = async (): Promise<void> => {
    client.send(frame(type.headers, endStream | endHeaders, 101, request()));
    expect(await client.ended(101)).toBe(200);
  };

  it.each([
    ['a header in upper case', [['X-A', 'b']]],
    ['a header of HTTP/1 connections', [['connection', 'close']]],
    ['keep-alive', [['keep-alive', 'timeout=5']]],
    ['transfer-encoding', [['transfer-encoding', 'chunked']]],
    ['upgrade', [['upgrade', 'h2c']]],
    ['te that is not for trailers', [['te', 'gzip']]],
    ['a name with a space', [['x a', 'b']]],
    ['an unknown pseudo-header', [[':x', 'b']]],
    ['a pseudo-header that comes twice', [[':path', '/other']]],
    ['a pseudo-header of responses', [[':status', '200']]],
    [
      'a pseudo-header after others',
      [
        ['x-a', 'b'],
        [':authority', 'b.test'],
      ],
    ],
  ] as [string, [string, string][]][])('%s', async (_what, fields) => {
    client.send(frame(type.headers, endStream | endHeaders, 1, request('/', 'GET', fields)));
    expect(await client.reset(1)).toBe(codes.protocol);
    await after();
  });

  it.each([':method', ':scheme', ':path'])('a head without %s', async (missing) => {
    const fields = [
      [':method', 'GET'],
      [':scheme', 'http'],
      [':path', '/'],
      [':authority', 'a.test'],
    ] as const;
    client.send(frame(type.headers, 5, 1, block(fields.filter(([name]) => name !== missing))));
    expect(await client.reset(1)).toBe(codes.protocol);
    await after();
  });

  it.each([
    ['DATA after its end', [never, frame(type.data, 0, 1, 'x')], codes.closed],
    ['HEADERS after its end', [never, frame(type.headers, 5, 1, request())], codes.closed],
    ['trailers that do not end it', [post, frame(type.headers, endHeaders, 1, block([['x-a', 'b']]))], codes.protocol],
    ['trailers with a pseudo-header', [post, frame(type.headers, 5, 1, block([[':path', '/']]))], codes.protocol],
    ['a window that grows by nothing', [post, frame(type.window, 0, 1, number32(0))], codes.protocol],
    ['a window beyond 2^31', [post, frame(type.window, 0, 1, number32(2 ** 31 - 1))], codes.flow],
  ] as const)('%s', async (_what, [head, wrong], code) => {
    client.send(head, wrong);
    expect(await client.reset(1)).toBe(code);
    await after();
  });

  it.each([
    ['less', '5', ['abc', '']],
    ['more', '2', ['abc']],
    ['nothing at all', '2', undefined],
  ] as const)('%s than its Content-Length', async (_what, length, pieces) => {
    const head = request('/sized', 'POST', [['content-length', length]]);
    client.send(frame(type.headers, pieces ? endHeaders : 5, 1, head));
    for (const [index, piece] of (pieces ?? []).entries())
      client.send(frame(type.data, index === (pieces?.length ?? 0) - 1 ? endStream : 0, 1, piece));
    expect(await client.reset(1)).toBe(codes.protocol);
    await after();
    expect(whole).not.toContain('/sized');
  });
});
