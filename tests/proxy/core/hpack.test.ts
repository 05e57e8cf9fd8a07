// HPACK, both sides: against the examples of RFC 7541 and against each other. The other side in tests/proxy/h2 is nghttp2.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HpackDecoder } from '../../../src/proxy/core/http2/hpack-decoder.ts';
import { HpackEncoder } from '../../../src/proxy/core/http2/hpack-encoder.ts';

const date = (second: number): string => `Mon, 21 Oct 2013 20:13:2${second} GMT`;
const cookie = 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1';
const get = [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'];
const redirect = [':status: 302', 'cache-control: private', `date: ${date(1)}`, 'location: https://www.example.com'];

/** Appendix C: blocks in hexadecimal digits that one decoder reads one after the other, and what is in them. */
const examples: readonly (readonly [string, readonly (readonly [string, readonly string[]])[]])[] = [
  [
    'C.2.1, a literal for the table',
    [['400a637573746f6d2d6b65790d637573746f6d2d686561646572', ['custom-key: custom-header']]],
  ],
  ['C.2.2, one that is not', [['040c2f73616d706c652f70617468', [':path: /sample/path']]]],
  ['C.2.3, one that never may be', [['100870617373776f726406736563726574', ['password: secret']]]],
  ['C.2.4, an index', [['82', [':method: GET']]]],
  [
    'C.3, requests',
    [
      ['828684410f7777772e6578616d706c652e636f6d', get],
      ['828684be58086e6f2d6361636865', [...get, 'cache-control: no-cache']],
      [
        '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565',
        [
          ':method: GET',
          ':scheme: https',
          ':path: /index.html',
          ':authority: www.example.com',
          'custom-key: custom-value',
        ],
      ],
    ],
  ],
  [
    'C.4, requests with the Huffman code',
    [
      ['828684418cf1e3c2e5f23a6ba0ab90f4ff', get],
      ['828684be5886a8eb10649cbf', [...get, 'cache-control: no-cache']],
      [
        '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf',
        [
          ':method: GET',
          ':scheme: https',
          ':path: /index.html',
          ':authority: www.example.com',
          'custom-key: custom-value',
        ],
      ],
    ],
  ],
  [
    'C.6, responses that push each other out of a table of 256 bytes',
    [
      [
        '3fe101488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3',
        redirect,
      ],
      ['4883640effc1c0bf', [':status: 307', ...redirect.slice(1)]],
      [
        '88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
        [
          ':status: 200',
          'cache-control: private',
          `date: ${date(2)}`,
          redirect[3] ?? '',
          'content-encoding: gzip',
          `set-cookie: ${cookie}`,
        ],
      ],
    ],
  ],
];

function read(decoder: HpackDecoder, block: Buffer, limit = Infinity): string[] | 'tooLarge' | undefined {
  const fields = decoder.decode(block, 0, block.length, limit);
  return Array.isArray(fields) ? fields.map(({ name, value }) => `${name}: ${value}`) : fields;
}

function write(encoder: HpackEncoder, status: string, lines: readonly string[]): Buffer {
  const text = lines.map((line) => `${line}\r\n`).join('');
  const out = Buffer.alloc(HpackEncoder.mostBytes(text));
  return out.subarray(0, encoder.write(status, text, out, 0));
}

describe('reading', () => {
  it.each(examples)('%s', (_name, blocks) => {
    const decoder = new HpackDecoder();
    for (const [hex, fields] of blocks) expect(read(decoder, Buffer.from(hex, 'hex'))).toEqual(fields);
  });

  it.each([
    ['an index of 0', '80'],
    ['an index beyond the table', 'be'],
    ['a number that ends too soon', 'ff'],
    ['a number without end', 'ffffffffffffffffffff01'],
    ['a text that ends too soon', '0003616263056162'],
    ['a text that is not there', '00'],
    ['padding of a code that is too long', '00016181ff'],
    ['padding of a code that is not all ones', '0001618118'],
    ['the end of a string within one', '00016184fffffffc'],
    ['a table larger than agreed', '3fe21f'],
    ['a size of the table behind fields', '8220'],
  ])('%s is an error', (_what, hex) => {
    expect(read(new HpackDecoder(), Buffer.from(hex, 'hex'))).toBeUndefined();
  });

  it('gives up what is too large, and keeps the table right', () => {
    const decoder = new HpackDecoder();
    // An entry of 4000 bytes, then a thousand times the same.
    const value = Buffer.alloc(3900, 'x');
    const bomb = Buffer.concat([Buffer.from('400161', 'hex'), Buffer.from([0x7f, 0xbd, 0x1d]), value]);
    expect(read(decoder, Buffer.concat([bomb, Buffer.alloc(1000, 0xbe)]), 16_384)).toBe('tooLarge');
    expect(read(decoder, Buffer.from([0xbe]), 16_384)).toEqual([`a: ${value.toString()}`]);
  });

  it('never throws, whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const fields = new HpackDecoder().decode(Buffer.from(bytes), 0, bytes.length, 1000);
        expect(fields === undefined || fields === 'tooLarge' || Array.isArray(fields)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('writing', () => {
  const line = fc.tuple(
    fc.constantFrom('server', 'date', 'content-length', 'x-a', 'x-b', 'set-cookie'),
    fc.string({ unit: fc.constantFrom('a', 'b', 'c d', '\u00ff', '\u00a0'), maxLength: 300 }),
  );
  const heads = fc.array(
    fc.record({
      status: fc.constantFrom('200', '404', '418', ''),
      lines: fc.array(line, { maxLength: 12 }),
      resize: fc.option(fc.integer({ min: 0, max: 8192 }), { freq: 8 }),
    }),
    { maxLength: 40 },
  );

  it('is read as it was, whatever came before', () => {
    fc.assert(
      fc.property(heads, (all) => {
        const encoder = new HpackEncoder();
        const decoder = new HpackDecoder();
        for (const { status, lines, resize } of all) {
          if (resize !== null) encoder.resize(resize);
          const texts = lines.map(([name, value]) => `${name}: ${value}`);
          const expected = status === '' ? texts : [`:status: ${status}`, ...texts];
          expect(read(decoder, write(encoder, status, texts))).toEqual(expected);
        }
      }),
    );
  });

  it('takes a byte for what comes again, but keeps secrets out of tables', () => {
    const encoder = new HpackEncoder();
    const lines = ['Server: x', 'Cache-Control: no-store'];
    for (let round = 0; round < 2; round += 1) write(encoder, '200', lines);
    expect(write(encoder, '200', lines)).toHaveLength(3);
    const secret = ['Set-Cookie: a=secret'];
    for (let round = 0; round < 3; round += 1) expect(write(encoder, '200', secret).toString()).toContain('a=secret');
  });

  it('leaves out what is of HTTP/1 connections', () => {
    const lines = ['Connection: close', 'Keep-Alive: 5', 'Transfer-Encoding: chunked', 'X-A: b'];
    expect(read(new HpackDecoder(), write(new HpackEncoder(), '', lines))).toEqual(['x-a: b']);
  });
});
