// What comes back on a stream of Node's own HTTP/2 client.
import type { ClientHttp2Stream } from 'node:http2';
import { closed } from './proxy.ts';

export interface StreamAnswer {
  status: number;
  headers: Record<string, unknown>;
  text: string;
  trailers: Record<string, unknown>;
  informational: number[];
  reset: number;
}

/** All of it until the stream is closed. */
export async function answerOf(stream: ClientHttp2Stream): Promise<StreamAnswer> {
  const found: StreamAnswer = { status: 0, headers: {}, text: '', trailers: {}, informational: [], reset: 0 };
  stream.on('headers', (headers) => found.informational.push(Number(headers[':status'])));
  stream.on('response', (headers) => {
    found.status = Number(headers[':status']);
    found.headers = headers;
  });
  stream.on('trailers', (headers: Record<string, unknown>) => (found.trailers = headers));
  stream.on('data', (bytes: Buffer) => (found.text += bytes.toString('latin1')));
  await closed(stream);
  found.reset = stream.rstCode;
  return found;
}
