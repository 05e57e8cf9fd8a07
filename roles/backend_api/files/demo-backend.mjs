#!/usr/bin/env node
// Demo backend: shows and tests the balancer. Not a product: it echoes what it received and counts what it executed.
// Node builtins only, and longer than other files on purpose: the role installs one file, the binary of the service
// (`backend_api_binary_src`), and beside it on the host there is nothing to import. Serves the api pool, the stream pool and /ws.
//
// Environment: PORT (8080), HOST (0.0.0.0), NAME (host name), STATE_DIRECTORY (executions survive a crash; systemd sets it),
// LINGER_MS (1000), STOP_TIMEOUT_MS (10000).
/* global Buffer, TextDecoder, URL, console, process, setImmediate, setInterval, setTimeout */
import { createHash } from 'node:crypto';
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';
import { Server as TcpServer } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';

const env = process.env;
const name = env.NAME || hostname();
const limits = {
  /** Longer than any balancer keeps an idle connection, so that the balancer is the one who closes it. */
  keepAliveMs: 75_000,
  requestMs: 30_000,
  bodyBytes: 16 * 1024 * 1024,
  slowMs: 60_000,
  segmentBytes: 16 * 1024,
  executions: 500_000,
  /** How long kept-alive connections stay open after SIGTERM: each is told `Connection: close` in its next answer. */
  lingerMs: Number(env.LINGER_MS ?? 1000),
  stopMs: Number(env.STOP_TIMEOUT_MS ?? 10_000),
  tunnels: 1000,
  messageBytes: 1024 * 1024,
  closeHandshakeMs: 1000,
};

/** What was executed: by request id, and the ids by idempotency key. The log is written before the answer is sent. */
class Ledger {
  #counts = new Map();
  #keys = new Map();
  #file;

  constructor(directory) {
    if (!directory) return;
    mkdirSync(directory, { recursive: true });
    const path = join(directory, 'executions.log');
    this.#file = openSync(path, 'a');
    const text = readFileSync(path, 'utf8');
    for (const line of text.split('\n')) this.#replay(line);
    // A crash in the middle of a write leaves half a line: end it, so that it spoils no other.
    if (text !== '' && !text.endsWith('\n')) writeSync(this.#file, '\n');
  }

  #replay(line) {
    try {
      if (line) this.#count(...JSON.parse(line));
    } catch {
      // Half a line of a crash: it was never answered.
    }
  }

  #count(id, key) {
    const entry = this.#counts.get(id) ?? { count: 0, key };
    entry.count += 1;
    this.#counts.set(id, entry);
    if (key) this.#keys.set(key, id);
    return entry.count;
  }

  get full() {
    return this.#counts.size >= limits.executions;
  }

  /** Executes once for each idempotency key; a request without a key as often as it arrives. */
  execute(id, key) {
    const first = key && this.#keys.get(key);
    if (first) return { count: this.#counts.get(first)?.count ?? 0, repeated: true };
    if (this.#file !== undefined) writeSync(this.#file, `${JSON.stringify([id, key ?? null])}\n`);
    return { count: this.#count(id, key), repeated: false };
  }

  list(prefix) {
    const all = [...this.#counts].filter(([id]) => id.startsWith(prefix));
    return all.map(([id, { count, key }]) => ({ id, count, key: key ?? null }));
  }

  clear() {
    this.#counts.clear();
    this.#keys.clear();
    if (this.#file !== undefined) ftruncateSync(this.#file);
  }

  close() {
    if (this.#file !== undefined) closeSync(this.#file);
  }
}

const ledger = new Ledger(env.STATE_DIRECTORY);
const tunnels = new Set();
let stopping = false;

const server = createServer({ keepAliveTimeout: limits.keepAliveMs, requestTimeout: limits.requestMs });
server.on('request', (request, response) => {
  handle(request, response).catch(() => response.destroy());
});
server.on('upgrade', upgrade);
server.listen(Number(env.PORT ?? 8080), env.HOST ?? '0.0.0.0', () => {
  const { address, port } = server.address();
  console.log(`demo backend ${name} listens on ${address}:${port}`);
});
process.on('SIGTERM', stop);
process.on('SIGINT', stop);

async function handle(request, response) {
  const url = URL.canParse(request.url, 'http://demo') ? new URL(request.url, 'http://demo') : null;
  const body = await readBody(request);
  if (!url) return answer(response, 400, { error: 'bad request target' });
  if (!body) return answer(response, 413, { error: 'body too large' });
  const path = url.pathname;
  if (path === '/api/v1/health') {
    return answer(response, stopping ? 503 : 200, { status: stopping ? 'stopping' : 'ok', name });
  }
  if (path === '/__demo/executions') {
    if (request.method === 'DELETE') ledger.clear();
    return answer(response, 200, { name, executions: ledger.list(url.searchParams.get('prefix') ?? '') });
  }
  if (path.startsWith('/stream/')) return segment(response, path);
  if (path.startsWith('/api/')) return echo(request, response, url, body);
  return answer(response, 404, { error: 'not found', name });
}

async function echo(request, response, url, body) {
  const execution = request.method === 'POST' ? execute(request) : null;
  if (execution?.refused) return answer(response, 507, { error: 'too many executions: DELETE /__demo/executions' });
  if (url.pathname === '/api/slow') {
    const ms = Math.min(Number(url.searchParams.get('ms')) || 0, limits.slowMs);
    await new Promise((resolve) => setTimeout(resolve, ms));
  }
  const { method, url: path, headers } = request;
  return answer(response, 200, { name, method, path, headers, ...body, execution });
}

function execute(request) {
  const key = request.headers['idempotency-key'];
  const id = request.headers['x-request-id'] ?? key;
  if (id === undefined) return null;
  return ledger.full ? { refused: true } : ledger.execute(id, key);
}

/** A part of a track: the same bytes on every server, so that a client can check them. */
function segment(response, path) {
  const data = Buffer.alloc(limits.segmentBytes, `${path}\n`);
  head(response, 200, 'application/octet-stream', data.length);
  response.end(response.req.method === 'HEAD' ? undefined : data);
}

function answer(response, status, value) {
  const text = Buffer.from(`${JSON.stringify(value)}\n`);
  head(response, status, 'application/json', text.length);
  response.end(response.req.method === 'HEAD' ? undefined : text);
}

function head(response, status, type, length) {
  const close = stopping || status === 413 ? { Connection: 'close' } : {};
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': length, 'X-Demo-Backend': name, ...close });
}

async function readBody(request) {
  const hash = createHash('sha256');
  let bodySize = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bodySize += chunk.length;
    if (bodySize > limits.bodyBytes) return null;
    hash.update(chunk);
  }
  return { bodySize, bodySha256: hash.digest('hex') };
}

/** Graceful stop: no new connections, what is under way ends, tunnels are told 1001. */
function stop() {
  if (stopping) return;
  stopping = true;
  // A few turns later: connections that the kernel has already accepted for us are taken first, not reset.
  afterTurns(3, () => {
    // Not http's own close(): it cuts idle connections at once, while a request may be on its way in one of them.
    TcpServer.prototype.close.call(server, () => {
      ledger.close();
      process.exit(0);
    });
    for (const tunnel of tunnels) tunnel.close(1001, 'going away');
    setTimeout(() => setInterval(() => server.closeIdleConnections(), 50), limits.lingerMs);
    setTimeout(() => {
      server.closeAllConnections();
      for (const tunnel of tunnels) tunnel.destroy();
    }, limits.stopMs);
  });
}

function afterTurns(turns, work) {
  if (turns === 0) work();
  else setImmediate(() => afterTurns(turns - 1, work));
}

function upgrade(request, socket, first) {
  socket.on('error', () => socket.destroy());
  const key = request.headers['sec-websocket-key'] ?? '';
  const refusal = refuse(request, key);
  if (refusal) {
    const extra = refusal.startsWith('426') ? 'Sec-WebSocket-Version: 13\r\n' : '';
    socket.end(
      `HTTP/1.1 ${refusal}\r\n${extra}Connection: close\r\nContent-Length: 0\r\nX-Demo-Backend: ${name}\r\n\r\n`,
    );
    return;
  }
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${accept}\r\nX-Demo-Backend: ${name}\r\n\r\n`,
  );
  new Tunnel(socket).receive(first);
}

function refuse(request, key) {
  if (!/^\/ws(?:\?|$)/.test(request.url)) return '404 Not Found';
  if (stopping || tunnels.size >= limits.tunnels) return '503 Service Unavailable';
  if (request.method !== 'GET' || request.headers.upgrade?.toLowerCase() !== 'websocket') return '400 Bad Request';
  if (request.headers['sec-websocket-version'] !== '13') return '426 Upgrade Required';
  return Buffer.from(key, 'base64').length === 16 ? null : '400 Bad Request';
}

/** A WebSocket (RFC 6455) that sends every message back. */
class Tunnel {
  #socket;
  #buffer = Buffer.alloc(0);
  #parts = [];
  #size = 0;
  #opcode = 0;
  #closeSent = false;

  constructor(socket) {
    this.#socket = socket;
    tunnels.add(this);
    socket.setNoDelay(true);
    socket.setTimeout(0);
    socket.on('data', (chunk) => this.receive(chunk));
    socket.on('drain', () => socket.resume());
    socket.on('end', () => socket.end());
    socket.on('close', () => tunnels.delete(this));
  }

  receive(chunk) {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    for (let frame = this.#next(); frame; frame = this.#next()) this.#handle(frame);
  }

  /** Takes one whole frame from the buffer; null when more bytes are needed or the peer broke the rules. */
  #next() {
    const buffer = this.#buffer;
    if (this.#socket.writableEnded || buffer.length < 2) return null;
    const [first, second] = buffer;
    const opcode = first & 0x0f;
    const final = first >= 0x80;
    const short = second & 0x7f;
    const known = opcode <= 2 || (opcode >= 8 && opcode <= 10);
    if ((first & 0x70) !== 0 || !known || second < 0x80) return this.#fail(1002, 'bad frame');
    if (opcode >= 8 && (!final || short > 125)) return this.#fail(1002, 'bad control frame');
    const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
    if (buffer.length < 6 + extra) return null;
    const length = extra === 0 ? short : extra === 2 ? buffer.readUInt16BE(2) : Number(buffer.readBigUInt64BE(2));
    if (length + this.#size > limits.messageBytes) return this.#fail(1009, 'message too large');
    const start = 6 + extra;
    if (buffer.length < start + length) return null;
    const mask = buffer.subarray(start - 4, start);
    const payload = Buffer.from(buffer.subarray(start, start + length));
    for (let index = 0; index < length; index += 1) payload[index] ^= mask[index & 3];
    this.#buffer = buffer.subarray(start + length);
    return { opcode, final, payload };
  }

  #handle({ opcode, final, payload }) {
    if (opcode === 8) return this.#peerCloses(payload);
    if (opcode === 9) return this.#send(10, payload);
    if (opcode === 10) return;
    if ((opcode === 0) !== this.#parts.length > 0) return this.#fail(1002, 'unexpected continuation');
    if (opcode !== 0) this.#opcode = opcode;
    this.#parts.push(payload);
    this.#size += payload.length;
    if (!final) return;
    const message = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#size = 0;
    if (this.#opcode === 1 && !isUtf8(message)) return this.#fail(1007, 'not UTF-8');
    this.#send(this.#opcode, message);
  }

  #peerCloses(payload) {
    const code = payload.length >= 2 ? payload.readUInt16BE(0) : 1000;
    const valid =
      (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999);
    if (payload.length === 1 || !valid || !isUtf8(payload.subarray(2))) return this.#fail(1002, 'bad close frame');
    if (!this.#closeSent) this.#send(8, payload);
    this.#socket.end();
  }

  #fail(code, reason) {
    this.close(code, reason);
    this.#socket.end();
    return null;
  }

  close(code, reason) {
    if (this.#closeSent) return;
    const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
    payload.writeUInt16BE(code);
    payload.write(reason, 2);
    this.#send(8, payload);
    setTimeout(() => this.destroy(), limits.closeHandshakeMs).unref();
  }

  destroy() {
    this.#socket.destroy();
  }

  #send(opcode, payload) {
    if (this.#closeSent || !this.#socket.writable) return;
    if (opcode === 8) this.#closeSent = true;
    const length = payload.length;
    const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
    header[0] = 0x80 | opcode;
    header[1] = length < 126 ? length : length < 65_536 ? 126 : 127;
    if (header.length === 4) header.writeUInt16BE(length, 2);
    if (header.length === 10) header.writeBigUInt64BE(BigInt(length), 2);
    if (!this.#socket.write(Buffer.concat([header, payload]))) this.#socket.pause();
  }
}

function isUtf8(bytes) {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
