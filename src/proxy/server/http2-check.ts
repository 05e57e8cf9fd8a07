// The request of a health check over HTTP/2; the answer is told as text of HTTP/1, which the verdict is found from.
import type { Socket } from 'node:net';
import { builtins } from '../../lib/builtins.ts';
import { http2Request } from '../core/http/http2-request.ts';
import { linesOf } from '../core/http/http2-response.ts';

export interface CheckAnswer {
  /** More of the answer. */
  took(bytes: Buffer): void;
  /** All of it is here. */
  ended(): void;
  failed(why: string): void;
}

/** `request`: as HTTP/1 has it. The socket is connected; whoever opened it closes it and hears of its errors. */
export function askHttp2(socket: Socket, scheme: 'http' | 'https', request: string, answer: CheckAnswer): void {
  const session = builtins.http2.connect(`${scheme}://server`, {
    createConnection: () => socket,
    settings: { enablePush: false },
  });
  session.on('error', (error: Error) => answer.failed(`no HTTP/2: ${error.message}`));
  const stream = session.request(http2Request(request.slice(0, -2), scheme), { endStream: true });
  stream.on('response', (headers, _flags, fields) => {
    answer.took(Buffer.from(`HTTP/1.1 ${headers[':status'] ?? 0} \r\n${linesOf(fields)}\r\n`, 'latin1'));
    stream.on('data', (bytes: Buffer) => answer.took(bytes));
    stream.on('end', () => {
      if (stream.rstCode === 0) answer.ended();
    });
  });
  stream.on('error', () => undefined);
  stream.on('close', () => answer.failed(`the stream was closed with code ${stream.rstCode}`));
}
