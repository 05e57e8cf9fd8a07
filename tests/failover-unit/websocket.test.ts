// Both WebSocket ends of ours against the `ws` package: the demo backend's server, and the load's client.
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { connectWebSocket } from '../../src/failover/websocket-client.ts';
import { FrameReader, encodeFrame, opcodes } from '../../src/failover/websocket-frames.ts';
import { DemoBackend } from './support.ts';
import { portOf } from '../support/ports.ts';

describe('the WebSocket of the demo backend', () => {
  let backend: DemoBackend;
  beforeAll(async () => {
    backend = await DemoBackend.start('demo-1');
  });
  afterAll(() => backend[Symbol.asyncDispose]());

  const open = async (): Promise<WebSocket> => {
    const socket = new WebSocket(`ws://${backend.address.host}:${backend.address.port}/ws`);
    await once(socket, 'open');
    return socket;
  };
  const raw = async (frame: Buffer): Promise<number> => {
    const socket = connect(backend.address.port, backend.address.host);
    socket.write(
      'GET /ws HTTP/1.1\r\nHost: demo\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
    const [head] = (await once(socket, 'data')) as [Buffer];
    expect(head.toString()).toMatch(/^HTTP\/1\.1 101 [^]*\r\n\r\n$/);
    socket.write(frame);
    const [close] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect((close[0] ?? 0) & 0x0f).toBe(opcodes.close);
    return close.readUInt16BE(2);
  };
  const mask = Buffer.from([1, 2, 3, 4]);

  it.each([0, 1, 125, 126, 65_535, 65_536, 300_000])('echoes %i bytes', async (size) => {
    const socket = await open();
    socket.send(Buffer.alloc(size, 7));
    const [data, isBinary] = (await once(socket, 'message')) as [Buffer, boolean];
    expect(isBinary).toBe(true);
    expect(data.equals(Buffer.alloc(size, 7))).toBe(true);
    socket.terminate();
  });

  it('echoes text in fragments, with a ping in between', async () => {
    const socket = await open();
    const pong = once(socket, 'pong');
    const message = once(socket, 'message');
    socket.send('gr\u00fc', { fin: false });
    socket.ping('hello');
    socket.send('\u00dfe', { fin: true });
    expect(String((await pong)[0])).toBe('hello');
    const [data, isBinary] = (await message) as [Buffer, boolean];
    expect([data.toString(), isBinary]).toEqual(['gr\u00fc\u00dfe', false]);
    socket.terminate();
  });

  it('answers a close with the same code', async () => {
    const socket = await open();
    socket.close(4001, 'enough');
    const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
    expect([code, reason.toString()]).toEqual([4001, 'enough']);
  });

  it.each([
    ['a frame without mask', Buffer.from([0x81, 0x01, 0x61]), 1002],
    ['reserved bits', encode(opcodes.text, 'a', (frame) => (frame[0] = 0xc1)), 1002],
    ['an unknown opcode', encode(3, 'a'), 1002],
    ['a continuation of nothing', encode(opcodes.continuation, 'a'), 1002],
    ['a fragmented ping', encode(opcodes.ping, 'a', (frame) => (frame[0] = 0x09)), 1002],
    ['a ping of 126 bytes', encode(opcodes.ping, 'a'.repeat(126)), 1002],
    ['a close code that is not for the wire', encode(opcodes.close, '\u0003\u00ee'), 1002],
    ['text that is not UTF-8', encodeFrame(opcodes.text, Buffer.from([0xff]), mask), 1007],
    ['a message that is too large', encode(opcodes.text, 'a'.repeat(1024 * 1024 + 1)), 1009],
  ])('closes on %s', async (_name, frame, code) => {
    expect(await raw(frame)).toBe(code);
  });

  it('refuses a handshake of another version, path or kind', async () => {
    const base = `http://${backend.address.host}:${backend.address.port}`;
    const status = async (path: string, version: number): Promise<unknown> => {
      const socket = new WebSocket(`${base.replace('http', 'ws')}${path}`, { headers: {}, protocolVersion: version });
      const [error] = (await once(socket, 'error').catch((thrown: unknown) => [thrown])) as [Error];
      return error.message;
    };
    expect(await status('/elsewhere', 13)).toMatch('404');
    expect(await status('/ws', 8)).toMatch('426');
    expect((await fetch(`${base}/ws`)).status).toBe(404);
  });

  function encode(opcode: number, text: string, change: (frame: Buffer) => void = () => undefined): Buffer {
    const frame = encodeFrame(opcode, Buffer.from(text, 'latin1'), Buffer.from([1, 2, 3, 4]));
    change(frame);
    return frame;
  }
});

describe('the WebSocket client of the load', () => {
  it('talks to an independent server: messages, pings, fragments, cookies and the closing code', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    const port = portOf(server);
    const pongs: string[] = [];
    server.on('connection', (peer, request) => {
      peer.on('pong', (data) => pongs.push(data.toString()));
      peer.on('message', (data: Buffer) => {
        peer.ping('are you there');
        peer.send(`${request.headers.cookie ?? ''} `, { fin: false });
        peer.send(data.toString(), { fin: true }, () => peer.close(4002));
      });
    });
    const heard: string[] = [];
    const code = await new Promise<number>((resolve, reject) => {
      connectWebSocket(
        { host: '127.0.0.1', port },
        { path: '/ws', cookie: 'SERVERID=a', timeoutMs: 1000 },
        { onMessage: (text) => heard.push(text), onClose: resolve },
      ).then((connection) => connection.send('x'.repeat(70_000)), reject);
    });
    server.close();
    expect(heard).toEqual([`SERVERID=a ${'x'.repeat(70_000)}`]);
    expect([code, pongs]).toEqual([4002, ['are you there']]);
  });

  it('says why a handshake failed', async () => {
    await using backend = await DemoBackend.start('demo-1');
    const handlers = { onMessage: () => undefined, onClose: () => undefined };
    const options = { path: '/nowhere', cookie: '', timeoutMs: 1000 };
    await expect(connectWebSocket(backend.address, options, handlers)).rejects.toThrow('404');
    await backend.end('SIGKILL');
    await expect(connectWebSocket(backend.address, options, handlers)).rejects.toThrow('ECONNREFUSED');
  });
});

describe('frames', () => {
  it('are read from any pieces', () => {
    const frames = Buffer.concat([
      Buffer.from([0x81, 0x02, 0x68, 0x69]),
      Buffer.from([0x82, 0x7e, 0x00, 0x80]),
      Buffer.alloc(128),
    ]);
    const reader = new FrameReader();
    const read = [...frames].flatMap((byte) => reader.push(Buffer.from([byte])));
    expect(read.map(({ opcode, payload }) => [opcode, payload.length])).toEqual([
      [opcodes.text, 2],
      [opcodes.binary, 128],
    ]);
  });

  it('that a server must not send are refused', () => {
    expect(() => new FrameReader().push(Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0]))).toThrow('mask');
    expect(() => new FrameReader().push(Buffer.from([0xc1, 0x01, 0x61]))).toThrow('reserved');
  });
});
