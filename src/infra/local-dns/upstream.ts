// Hands a question on to another DNS server, as bytes, over the transport that it came by, and brings its answer back.
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';

export interface Upstream {
  readonly host: string;
  readonly port: number;
}

export const usualUpstream: Upstream = { host: '1.1.1.1', port: 53 };

/** Rejects with an Error that says why there is no answer. The answer has the id of the question. */
export async function forward(
  question: Buffer,
  upstream: Upstream,
  transport: 'udp' | 'tcp',
  timeoutMs: number,
): Promise<Buffer> {
  const asked = Buffer.from(question);
  // Our own id: what the client chose is not for others to guess by.
  asked.writeUInt16BE(randomInt(0x1_0000), 0);
  const answer = await (transport === 'udp' ? overUdp : overTcp)(asked, upstream, timeoutMs);
  const mine = Buffer.from(answer);
  question.copy(mine, 0, 0, 2);
  return mine;
}

/** `1.1.1.1`, `1.1.1.1:53`, `[2606:4700::1111]:53`; null where it is none of them. */
export function readUpstream(text: string): Upstream | null {
  const [, bracketed, host = bracketed, port = '53'] =
    /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s[\]:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (host !== undefined) return Number(port) >= 1 && Number(port) <= 65_535 ? { host, port: Number(port) } : null;
  return isIPv6(text) ? { host: text, port: 53 } : null;
}

function overUdp(asked: Buffer, { host, port }: Upstream, timeoutMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    const end = (outcome: () => void) => {
      clearTimeout(timer);
      socket.removeAllListeners();
      // An error that comes late has nobody left to hear it.
      socket.on('error', () => undefined);
      socket.close();
      outcome();
    };
    const fail = (error: Error) => end(() => reject(new Error(`${host}:${port} (UDP): ${error.message}`)));
    const timer = setTimeout(() => fail(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    socket.on('error', fail);
    // Connected, so that the kernel takes answers of this server only; others' ids are not ours.
    socket.on('message', (answer) => {
      if (answer.length >= 12 && answer.readUInt16BE(0) === asked.readUInt16BE(0)) end(() => resolve(answer));
    });
    socket.connect(port, host, () => socket.send(asked));
  });
}

function overTcp(asked: Buffer, { host, port }: Upstream, timeoutMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    let received: Buffer = Buffer.alloc(0);
    const end = (outcome: () => void) => {
      clearTimeout(timer);
      socket.destroy();
      outcome();
    };
    const fail = (error: Error) => end(() => reject(new Error(`${host}:${port} (TCP): ${error.message}`)));
    const timer = setTimeout(() => fail(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(asked.length);
    socket.on('error', fail);
    socket.on('close', () => fail(new Error('it closed the connection without an answer')));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      const answer = received.subarray(2, 2 + received.readUInt16BE(0));
      if (answer.length >= 12 && answer.readUInt16BE(0) === asked.readUInt16BE(0)) end(() => resolve(answer));
      else fail(new Error('its answer is to another question'));
    });
    socket.write(Buffer.concat([length, asked]));
  });
}
