// Frames of HTTP/2: read whole however their bytes come, written as they are read.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameReader } from '../../../src/proxy/core/http2/frame-reader.ts';
import { FrameWriter, goawayFrame, settingsFrame } from '../../../src/proxy/core/http2/frame-writer.ts';
import { HpackDecoder } from '../../../src/proxy/core/http2/hpack-decoder.ts';
import { HpackEncoder } from '../../../src/proxy/core/http2/hpack-encoder.ts';
import { errorCode, frameType, preface } from '../../../src/proxy/core/http2/protocol.ts';

interface Read {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: string;
}

function reader(): { frames: (Read | 'preface' | 'oversized')[]; feed: (bytes: Buffer) => void } {
  const frames: (Read | 'preface' | 'oversized')[] = [];
  const made = new FrameReader({
    onFrame: (type, flags, stream, bytes, from, to) =>
      void frames.push({ type, flags, stream, payload: bytes.toString('latin1', from, to) }),
    onBadPreface: () => void frames.push('preface'),
    onOversized: () => void frames.push('oversized'),
  });
  return { frames, feed: (bytes) => made.feed(bytes) };
}

function written(write: (writer: FrameWriter) => void): Buffer {
  const writer = new FrameWriter();
  write(writer);
  const { size } = writer;
  const bytes = Buffer.concat(writer.take());
  expect(bytes).toHaveLength(size);
  return bytes;
}

describe('frames', () => {
  const data = fc.array(fc.string({ unit: 'binary-ascii', maxLength: 20_000 }), { maxLength: 6 });

  it('are read as they were written, in whatever pieces they come', () => {
    fc.assert(
      fc.property(data, fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1 }), (texts, sizes) => {
        const payloads = texts.map((text) => text.slice(0, 16_384));
        const bytes = written((writer) => {
          writer.frame(preface);
          for (const [index, payload] of payloads.entries()) {
            writer.dataHead(payload.length, index * 2 + 1, index % 2 === 0);
            if (index % 3 === 0) writer.bytes(Buffer.from(payload, 'latin1'));
            else writer.text(payload);
          }
        });
        const { frames, feed } = reader();
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          feed(bytes.subarray(at, at + size));
          at += size;
        }
        const wanted = payloads.map((payload, index) => ({
          type: frameType.data,
          flags: index % 2 === 0 ? 1 : 0,
          stream: index * 2 + 1,
          payload,
        }));
        expect(frames).toEqual(wanted);
      }),
      { numRuns: 60 },
    );
  });

  it('of a large head are one HEADERS and more CONTINUATION', () => {
    const value = 'x'.repeat(40_000);
    const { frames, feed } = reader();
    feed(preface);
    feed(written((writer) => writer.headers(new HpackEncoder(), 7, '200', `X-A: ${value}\r\n`, true)));
    const read = frames as Read[];
    expect(read.map(({ type, flags, stream }) => [type, flags, stream])).toEqual([
      [frameType.headers, 1, 7],
      [frameType.continuation, 0, 7],
      [frameType.continuation, 4, 7],
    ]);
    const block = Buffer.from(read.map(({ payload }) => payload).join(''), 'latin1');
    const fields = new HpackDecoder().decode(block, 0, block.length, Infinity);
    expect(fields).toMatchObject([{ name: ':status' }, { name: 'x-a', value }]);
  });

  it('of the connection are as RFC 9113 has them', () => {
    expect(goawayFrame(5, errorCode.enhanceYourCalm).toString('hex')).toBe('000008070000000000000000050000000b');
    expect(settingsFrame([[3, 100]]).toString('hex')).toBe('000006040000000000000300000064');
  });
});

describe('a reader stops at', () => {
  it('another preface, a byte after the other', () => {
    const { frames, feed } = reader();
    for (const byte of Buffer.from('PRI * HTTP/1.1\r\n')) feed(Buffer.from([byte]));
    expect(frames).toEqual(['preface']);
  });

  it.each([true, false])('a frame that is too large (its head in one piece: %s)', (inOne) => {
    const { frames, feed } = reader();
    const head = Buffer.from('004001000000000001', 'hex');
    feed(preface);
    for (const piece of inOne ? [head] : [head.subarray(0, 4), head.subarray(4)]) feed(piece);
    feed(Buffer.alloc(100));
    expect(frames).toEqual(['oversized']);
  });
});
