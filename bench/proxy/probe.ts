// One request to a proxy before it is measured: is the answer what the origin sent, whole?
import { once } from 'node:events';
import { connect as connectH2 } from 'node:http2';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { request as requestTls } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { bodies } from './peers/nginx.ts';
import type { Scenario } from './scenarios.ts';

export interface Answer {
  readonly status: number;
  readonly bytes: number;
  readonly setsCookie: boolean;
  /** Undefined without TLS. */
  readonly cipher: string | undefined;
}

/** Asks once. Throws if nothing answers within seconds. */
export async function ask(port: number, { protocol, path }: Pick<Scenario, 'protocol' | 'path'>): Promise<Answer> {
  if (protocol === 'h2') return askH2(port, path);
  const options = { host: '127.0.0.1', port, path, timeout: 5000, agent: false, rejectUnauthorized: false };
  const sent: ClientRequest = protocol === 'https' || protocol === 'wss' ? requestTls(options) : request(options);
  sent.on('timeout', () => sent.destroy(new Error('no answer within 5 s')));
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  // Before the end, after which it is gone.
  const cipher = 'encrypted' in response.socket ? (response.socket as TLSSocket).getCipher().name : undefined;
  let bytes = 0;
  for await (const chunk of response) bytes += (chunk as Buffer).length;
  return {
    status: response.statusCode ?? 0,
    bytes,
    setsCookie: response.headers['set-cookie'] !== undefined,
    cipher,
  };
}

async function askH2(port: number, path: string): Promise<Answer> {
  const session = connectH2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  try {
    const stream = session.request({ ':path': path });
    stream.setTimeout(5000, () => stream.destroy(new Error('no answer within 5 s')));
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
    let bytes = 0;
    for await (const chunk of stream) bytes += (chunk as Buffer).length;
    return {
      status: Number(headers[':status']),
      bytes,
      setsCookie: headers['set-cookie'] !== undefined,
      cipher: (session.socket as TLSSocket).getCipher().name,
    };
  } finally {
    session.destroy();
  }
}

/** What is wrong with an answer, or undefined. WebSocket loads compare every message themselves. */
export function wrongness(answer: Answer, { protocol, path, features }: Scenario): string | undefined {
  if (answer.status !== 200) return `answered ${answer.status}`;
  const tunnel = protocol === 'ws' || protocol === 'wss';
  if (!tunnel && answer.bytes !== bodies[path]) return `answered ${answer.bytes} bytes instead of ${bodies[path]}`;
  if (features === 'full' && !answer.setsCookie) return 'set no cookie';
  return undefined;
}
