// Streams that go both ways at once, as gRPC has them: over HTTP/2 to us, over HTTP/1.1 in chunks to the server.
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startClearHttp2 } from '../support/clear-http2.ts';
import { closed, type RunningProxy, sleep, until } from '../support/proxy.ts';

let proxy: RunningProxy;
let session: ClientHttp2Session;
/** The latest request at the server. */
let current: { request: IncomingMessage; response: ServerResponse } | undefined;

beforeAll(async () => {
  proxy = await startClearHttp2((request, response) => {
    current = { request, response };
    if (request.url === '/stuck') return;
    response.writeHead(200, { 'Content-Type': 'application/grpc', Trailer: 'grpc-status' });
    response.flushHeaders();
    request.pipe(response, { end: false });
    request.on('end', () => {
      response.addTrailers({ 'grpc-status': '0', 'grpc-message': request.trailers['x-last'] ?? 'none' });
      response.end();
    });
  });
});

afterAll(() => proxy[Symbol.asyncDispose]());

beforeEach(async () => {
  session = connect(`http://127.0.0.1:${proxy.port}`);
  session.on('error', () => undefined);
  await once(session, 'connect');
});

afterEach(() => session.destroy());

function call(path = '/echo', waitForTrailers = false): ReturnType<ClientHttp2Session['request']> {
  const stream = session.request(
    { ':path': path, ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' },
    { endStream: false, waitForTrailers },
  );
  stream.on('error', () => undefined);
  return stream;
}

describe('a call', () => {
  it('goes back and forth, message by message, and ends with trailers of both', async () => {
    const stream = call('/echo', true);
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-last': 'bye' }));
    const trailers = once(stream, 'trailers');
    let got = '';
    stream.on('data', (bytes: Buffer) => (got += bytes.toString()));
    let sent = '';
    for (const message of ['one', 'two', 'three']) {
      stream.write(message);
      sent += message;
      // The answer flows while the client goes on: nothing waits for the end of the request.
      await until(() => got === sent);
    }
    stream.end();
    const [fields] = (await trailers) as [Record<string, string>];
    expect(fields).toMatchObject({ 'grpc-status': '0', 'grpc-message': 'bye' });
  });

  it('is passed on whole however large, both ways at once', async () => {
    const stream = call();
    const piece = Buffer.alloc(100_000);
    for (let at = 0; at < piece.length; at += 1) piece[at] = (at * 7) % 251;
    let size = 0;
    let wrong = 0;
    stream.on('data', (bytes: Buffer) => {
      for (const byte of bytes) {
        const at = size % piece.length;
        if (byte !== piece[at]) wrong += 1;
        size += 1;
      }
    });
    const over = once(stream, 'close');
    for (let turn = 0; turn < 100; turn += 1) if (!stream.write(piece)) await once(stream, 'drain');
    stream.end();
    await over;
    expect([size, wrong]).toEqual([100 * piece.length, 0]);
  });

  it('whose server reads nothing stops its client, and no other call', async () => {
    const stuck = call('/stuck');
    const piece = Buffer.alloc(65_536);
    let taken = 0;
    let blocked = false;
    while (!blocked && taken < 30_000_000) {
      taken += piece.length;
      if (stuck.write(piece)) continue;
      blocked = await Promise.race([once(stuck, 'drain').then(() => false), sleep(2000).then(() => true)]);
    }
    expect(taken).toBeLessThan(30_000_000);
    const other = call();
    other.end('hello');
    let got = '';
    for await (const bytes of other) got += String(bytes);
    expect(got).toBe('hello');
    stuck.close(constants.NGHTTP2_CANCEL);
    await until(() => current !== undefined);
  });

  it('that its client gives up ends at the server', async () => {
    const stream = call();
    stream.write('hello');
    await once(stream, 'data');
    const gone = once(current?.response ?? session, 'close');
    stream.close(constants.NGHTTP2_CANCEL);
    await gone;
  });

  it('that its server gives up ends at the client', async () => {
    const stream = call();
    stream.write('hello');
    await once(stream, 'data');
    current?.response.destroy();
    await closed(stream);
    expect(stream.rstCode).toBe(constants.NGHTTP2_INTERNAL_ERROR);
  });
});
