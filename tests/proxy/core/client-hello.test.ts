// The first message of TLS as it comes in: read whole or in pieces, and whatever is not exactly one is none.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { connect } from 'node:tls';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type ClientHello, ClientHelloReader, type HelloState } from '../../../src/proxy/core/tls/client-hello.ts';
import { portOf } from '../../support/ports.ts';

/** What a real client says first. */
async function captured(options: object): Promise<Buffer> {
  const server = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect({ port: portOf(server), host: '127.0.0.1', rejectUnauthorized: false, ...options });
  client.on('error', () => undefined);
  const [socket] = (await once(server, 'connection')) as [import('node:net').Socket];
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  server.close();
  return bytes;
}

const vector = (size: 1 | 2 | 3, ...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts);
  const length = Buffer.alloc(size);
  length.writeUIntBE(body.length, 0, size);
  return Buffer.concat([length, body]);
};
const extension = (type: number, ...value: readonly Uint8Array[]): Buffer =>
  Buffer.concat([Buffer.from([type >> 8, type & 255]), vector(2, ...value)]);
const nameOf = (name: string): Buffer =>
  extension(0, vector(2, Buffer.concat([Buffer.from([0]), vector(2, Buffer.from(name))])));

/** A hello made by hand, in records of a size. */
function hello(extensions: readonly Uint8Array[] | undefined, recordBytes = 16_384): Buffer {
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    vector(1),
    vector(2, Buffer.from([0x13, 0x01, 0x0a, 0x0a])),
    vector(1, Buffer.from([0])),
    ...(extensions ? [vector(2, ...extensions)] : []),
  ]);
  return records(Buffer.concat([Buffer.from([1]), vector(3, body)]), recordBytes);
}

function records(message: Buffer, size: number): Buffer {
  const found: Buffer[] = [];
  for (let from = 0; from < message.length; from += size)
    found.push(Buffer.from([22, 3, 1]), vector(2, message.subarray(from, from + size)));
  return Buffer.concat(found);
}

function read(...pieces: readonly Uint8Array[]): HelloState {
  const reader = new ClientHelloReader();
  for (const piece of pieces) reader.push(piece);
  return reader.state;
}

let real: Buffer;
beforeAll(async () => {
  real = await captured({ servername: 'Shop.Example.org', ALPNProtocols: ['h2', 'http/1.1'] });
});

describe('a hello of a real client', () => {
  it('says the name, the protocols and the version', async () => {
    const expected: ClientHello = { sni: 'shop.example.org', alpn: ['h2', 'http/1.1'], version: 0x0304 };
    expect(read(real)).toEqual(expected);
    expect(read(await captured({ maxVersion: 'TLSv1.2' }))).toEqual({ sni: '', alpn: [], version: 0x0303 });
  });

  it('is the same split at every byte, and byte by byte, and not there a byte before its end', () => {
    const whole = read(real);
    for (let at = 0; at <= real.length; at += 1) expect(read(real.subarray(0, at), real.subarray(at))).toEqual(whole);
    expect(read(...Array.from(real, (byte) => Uint8Array.of(byte)))).toEqual(whole);
    for (let at = 0; at < real.length; at += 1) expect(read(real.subarray(0, at))).toBe('more');
  });

  it('may be spread over records of any size, with more behind it', () => {
    const whole = read(real);
    for (const size of [1, 2, 3, 4, 5, 50, 400])
      expect(read(Buffer.concat([records(real.subarray(5), size), Buffer.from('early data')]))).toEqual(whole);
  });
});

describe('hellos made by hand', () => {
  const plain = { sni: '', alpn: [], version: 0x0303 };
  const grease = extension(0x2a2a, Buffer.from([1]));
  const versions = extension(43, vector(1, Buffer.from([0x6a, 0x6a, 3, 4, 3, 3])));
  const alpn = (...names: string[]): Buffer =>
    extension(16, vector(2, ...names.map((name) => vector(1, Buffer.from(name, 'latin1')))));

  it.each<[string, Buffer[] | undefined, HelloState]>([
    ['no extensions', undefined, plain],
    ['an empty list of extensions', [], plain],
    ['GREASE everywhere', [grease, versions, alpn('\x3a\x3a', 'h2')], { sni: '', alpn: ['h2'], version: 0x0304 }],
    ['a name', [grease, nameOf('a.example.org')], { ...plain, sni: 'a.example.org' }],
    ['two names in one list', [extension(0, vector(2, ...twoNames()))], 'none'],
    ['the same extension twice', [nameOf('a'), nameOf('a')], 'none'],
    ['an empty name', [nameOf('')], 'none'],
    ['a name with a NUL', [nameOf('a\0.example.org')], 'none'],
    ['a name with a blank', [nameOf('a b')], 'none'],
    ['a name with more than 255 bytes', [nameOf('a'.repeat(256))], 'none'],
    ['a list of names that is cut', [extension(0, Buffer.from([0, 9, 0, 0, 1, 97]))], 'none'],
    ['a list of names with more behind it', [extension(0, Buffer.from([0, 4, 0, 0, 1, 97, 0]))], 'none'],
    ['an empty protocol', [alpn('')], 'none'],
    ['no versions', [extension(43, vector(1))], 'none'],
    ['an extension beyond the end', [Buffer.from([0, 0, 0, 200, 1])], 'none'],
  ])('%s', (_name, extensions, expected) => {
    expect(read(hello(extensions))).toEqual(expected);
  });

  it('is none where another protocol begins, as soon as that can be seen', () => {
    for (const text of ['GET / HTTP/1.1', 'SSH-2.0-x', '\x16\x02', '\x16\x03\x05', '\x15\x03\x01', '\x80\x2e\x01'])
      expect(read(Buffer.from(text, 'latin1'))).toBe('none');
    const ofServer = Buffer.from(real);
    ofServer[5] = 2;
    expect(read(ofServer)).toBe('none');
  });

  it('may have 16 KB and no more, and no record may be empty or larger', () => {
    const padded = (size: number): Buffer => hello([extension(21, Buffer.alloc(size))], 10_000);
    expect(read(padded(16_000))).toEqual(plain);
    expect(read(padded(16_384))).toBe('none');
    expect(read(Buffer.from([22, 3, 1, 0, 0]))).toBe('none');
    expect(read(Buffer.from([22, 3, 1, 0x40, 1]))).toBe('none');
  });

  it('never throws, and never depends on how bytes come', () => {
    const mangled = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }).map((edits) => {
      const bytes = Buffer.from(hello([grease, versions, alpn('h2'), nameOf('a.example.org')]));
      for (const [at, value] of edits) bytes[at % bytes.length] = value;
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(mangled, fc.uint8Array({ maxLength: 300 })), fc.array(fc.nat(300)), (bytes, cuts) => {
        const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
        const pieces = places.map((from, index) => bytes.subarray(from, places[index + 1] ?? bytes.length));
        expect(read(...pieces)).toEqual(read(bytes));
      }),
      { numRuns: 2000 },
    );
  });
});

function twoNames(): Buffer[] {
  const one = Buffer.concat([Buffer.from([0]), vector(2, Buffer.from('a'))]);
  return [one, one];
}
