// Clients of HTTP/2 that make work for nothing: each is told so and lost, and nobody else notices.
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startClearHttp2 } from '../support/clear-http2.ts';
import { block, codes, flags, frame, FrameClient, number32, request, setting, type } from '../support/http2-frames.ts';
import { type RunningProxy, sleep, until } from '../support/proxy.ts';

let proxy: RunningProxy;
let client: FrameClient;
let seen = 0;
/** Requests that the backend saw end before their answer. */
let givenUp = 0;

const { endStream, endHeaders } = flags;
/** More than a busy connection adds, less than any of these floods would if it were kept. */
const spareBytes = 100_000_000;

beforeAll(async () => {
  proxy = await startClearHttp2(
    (incoming, response) => {
      seen += 1;
      response.on('close', () => (givenUp += response.writableFinished ? 0 : 1));
      incoming.resume();
      if (incoming.url === '/big') response.end(Buffer.alloc(20_000_000, 'x'));
      else if (incoming.url !== '/never') incoming.on('end', () => response.end('ok'));
    },
    { timeouts: { client: '1s', keepAlive: '1s' } },
  );
});

afterAll(() => proxy[Symbol.asyncDispose]());

beforeEach(async () => {
  client = await FrameClient.open(proxy.port);
});

afterEach(async () => {
  client[Symbol.dispose]();
  using other = await FrameClient.open(proxy.port);
  other.send(frame(type.headers, endStream | endHeaders, 1, request()));
  expect(await other.ended(1)).toBe(200);
});

/** Resident memory of the workers. */
function memoryBytes(): number {
  const parents = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name));
  return parents.reduce((sum, pid) => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'latin1');
      const isOurs = Number(/^PPid:\s+([0-9]+)/m.exec(status)?.[1]) === proxy.process.pid;
      return sum + (isOurs ? 1024 * Number(/^VmRSS:\s+([0-9]+)/m.exec(status)?.[1] ?? 0) : 0);
    } catch {
      // Gone meanwhile.
      return sum;
    }
  }, 0);
}

/** Sends without end what `make` makes, until it is told to stop. */
async function flood(make: (turn: number) => Buffer): Promise<void> {
  const isTold = (): boolean => client.isOver || client.frames.at(-1)?.type === type.goaway;
  for (let turn = 0; turn < 30_000 && !isTold(); turn += 1) {
    if (!client.socket.write(make(turn))) await Promise.race([once(client.socket, 'drain'), sleep(50)]);
    if (turn % 50 === 0) await sleep(1);
  }
}

describe('a flood', () => {
  const header = 'x'.repeat(3900);

  it.each([
    ['PING', () => frame(type.ping, 0, 0, '12345678')],
    ['SETTINGS', () => frame(type.settings, 0, 0, setting(4, 65_535))],
    ['acknowledgements', () => frame(type.settings, flags.ack, 0)],
    ['priorities', (turn: number) => frame(type.priority, 0, turn * 2 + 1, '\0\0\0\0\x10')],
    ['unknown frames', () => frame(0x42, 0, 0, 'x'.repeat(100))],
    ['empty DATA', (turn: number) => (turn === 0 ? open(1, '/never') : frame(type.data, 0, 1))],
    ['resets', (turn: number) => Buffer.concat([whole(turn * 2 + 1), frame(type.rst, 0, turn * 2 + 1, number32(8))])],
    [
      'resets of tunnels',
      (turn: number) => Buffer.concat([tunnel(turn * 2 + 1), frame(type.rst, 0, turn * 2 + 1, number32(8))]),
    ],
    ['streams that it breaks itself', (turn: number) => broken(turn * 2 + 1)],
    ['streams beyond the limit', (turn: number) => whole(turn * 2 + 1, '/never')],
    ['CONTINUATION', (turn: number) => frame(turn === 0 ? type.headers : type.more, turn === 0 ? endStream : 0, 1)],
    [
      'large CONTINUATION',
      (turn: number) => frame(turn === 0 ? type.headers : type.more, 0, 1, block([['x-a', header]])),
    ],
  ] as const)('of %s is told to calm down', async (_what, make) => {
    const before = memoryBytes();
    const came = seen;
    await flood(make);
    expect(await client.goaway()).toBe(codes.calm);
    await until(() => client.isOver, 20_000);
    expect(memoryBytes() - before).toBeLessThan(spareBytes);
    expect(seen - came).toBeLessThan(2000);
  });

  it('of ten thousand streams that are opened and reset in one go is told to calm down', async () => {
    const before = memoryBytes();
    const came = seen;
    const bytes: Buffer[] = [];
    for (let id = 1; id < 20_000; id += 2) bytes.push(whole(id), frame(type.rst, 0, id, number32(8)));
    client.send(...bytes);
    expect(await client.goaway()).toBe(codes.calm);
    await until(() => client.isOver, 20_000);
    expect(memoryBytes() - before).toBeLessThan(spareBytes);
    expect(seen - came).toBeLessThan(2000);
  });

  it('of indices that stand for much more than they are costs no memory, and is refused', async () => {
    const before = memoryBytes();
    // Into the table once, then ten thousand times by its index.
    const bomb = Buffer.concat([Buffer.from('400161', 'hex'), Buffer.from([0x7f, 0xbd, 0x1d]), Buffer.from(header)]);
    const refers = Buffer.alloc(10_000, 0xbe);
    for (let id = 1; id < 100; id += 2) {
      const first = id === 1 ? bomb : Buffer.alloc(0);
      client.send(frame(type.headers, endStream | endHeaders, id, Buffer.concat([request(), first, refers])));
      expect(await client.ended(id)).toBe(431);
    }
    expect(memoryBytes() - before).toBeLessThan(spareBytes);
  });
});

describe('streams', () => {
  it('are a hundred at most, and the next is one that may be asked again', async () => {
    for (let id = 1; id <= 201; id += 2) client.send(whole(id, '/never'));
    expect(await client.reset(201)).toBe(codes.refused);
    expect(client.frames.filter((each) => each.type === type.rst)).toHaveLength(1);
    const [first] = client.frames;
    expect(first?.type).toBe(type.settings);
    expect(first?.payload.toString('hex')).toContain('000300000064');
  });

  it('whose window stays closed end after a while, with their requests', async () => {
    const before = givenUp;
    client.send(frame(type.settings, 0, 0, setting(4, 0)), whole(1, '/big'), whole(3));
    expect(await client.status(1)).toBe(200);
    expect(await client.reset(1)).toBe(codes.cancel);
    expect(await client.reset(3)).toBe(codes.cancel);
    await until(() => givenUp > before, 20_000);
    client.send(frame(type.settings, 0, 0, setting(4, 65_535)), whole(5));
    expect(await client.ended(5)).toBe(200);
  });

  it('of a client that reads nothing end, and so does its connection', async () => {
    const before = memoryBytes();
    const earlier = givenUp;
    client.socket.pause();
    client.send(frame(type.settings, 0, 0, setting(4, 2 ** 31 - 1)), frame(type.window, 0, 0, number32(2 ** 30)));
    for (let id = 1; id < 60; id += 2) client.send(whole(id, '/big'));
    await until(() => givenUp >= earlier + 30, 30_000);
    expect(memoryBytes() - before).toBeLessThan(spareBytes);
    await until(async () => !(await proxy.command('show sess')).includes(`:${client.socket.localPort ?? 0}`), 30_000);
  });

  it('whose body does not come are answered so', async () => {
    client.send(open(1, '/'), frame(type.data, 0, 1, 'some'));
    expect(await client.ended(1)).toBe(408);
    expect(await client.reset(1)).toBe(codes.none);
  });
});

function whole(id: number, path = '/'): Buffer {
  return frame(type.headers, endStream | endHeaders, id, request(path));
}

function open(id: number, path: string): Buffer {
  return frame(type.headers, endHeaders, id, request(path, 'POST'));
}

function tunnel(id: number): Buffer {
  return frame(type.headers, endHeaders, id, request('/never', 'CONNECT', [[':protocol', 'websocket']]));
}

/** A request of which the server must say that it breaks the protocol. */
function broken(id: number): Buffer {
  return Buffer.concat([open(id, '/never'), frame(type.window, 0, id, number32(0))]);
}
