// What the answer to a health check means: by its status, by what it holds, or not to be said yet. Pure.
import type { CheckConfig } from './config/model.ts';
import { ChunkedDecoder } from './http/chunked.ts';

export interface CheckVerdict {
  readonly passed: boolean;
  /** In HAProxy's words: L4OK, L7OK, L7STS, L7RSP. */
  readonly code: string;
  readonly detail: string;
  readonly status: number | undefined;
  /** The server says that it is about to stop. */
  readonly stopping?: boolean;
}

/** Of an answer no more is looked at. */
export const maxAnswerBytes = 16_384;

/** What to send after connecting; '' = the connection alone is the check. */
export function checkRequest(check: CheckConfig): string {
  if (check.type === 'tcp') return check.send;
  const own = Object.entries(check.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return (
    `${check.method} ${check.path} HTTP/1.1\r\nHost: ${check.host}\r\nUser-Agent: veza-proxy-check\r\nAccept: */*\r\n` +
    `Connection: close\r\n${own.join('')}\r\n`
  );
}

/** Undefined while more of the answer can change it. `ended`: there will be no more. */
export function checkVerdict(check: CheckConfig, answer: Buffer, ended: boolean): CheckVerdict | undefined {
  const complete = ended || answer.length >= maxAnswerBytes;
  if (check.type === 'tcp') return bodyVerdict(check, answer.toString('latin1'), complete, undefined);
  const text = answer.toString('latin1');
  if (!text.includes('\r\n') && !complete) return undefined;
  const status = Number(/^HTTP\/1\.[01] ([1-5][0-9][0-9])/.exec(text)?.[1] ?? 0);
  if (status === 0) {
    const detail = text === '' ? 'connection closed without a response' : 'not an HTTP response';
    return { passed: false, code: 'L7RSP', detail, status: undefined };
  }
  if (status === 404 && check.disableOn404)
    return { passed: true, code: 'L7OKC', detail: 'status 404: about to stop', status, stopping: true };
  if (!check.expect.some(([low, high]) => status >= low && status <= high))
    return { passed: false, code: 'L7STS', detail: `status ${status}`, status };
  if (!check.body) return { passed: true, code: 'L7OK', detail: `status ${status}`, status };
  const end = text.indexOf('\r\n\r\n');
  return bodyVerdict(check, end < 0 ? '' : bodyOf(answer, text.slice(0, end + 2), end + 4), complete, status);
}

function bodyVerdict(
  { body }: CheckConfig,
  text: string,
  complete: boolean,
  status: number | undefined,
): CheckVerdict | undefined {
  if (!body) return { passed: true, code: 'L7OK', detail: 'answered', status };
  const found = body.regex === undefined ? text.includes(body.text) : new RegExp(body.regex).test(text);
  // An expression with an end anchor may hold now and not with more text.
  if (!complete && (!found || body.regex !== undefined)) return undefined;
  const passed = found !== body.not;
  const wanted = body.regex === undefined ? JSON.stringify(body.text) : `/${body.regex}/`;
  return { passed, code: passed ? 'L7OK' : 'L7RSP', detail: `${wanted} ${found ? 'found' : 'not found'}`, status };
}

function bodyOf(answer: Buffer, head: string, from: number): string {
  if (!/^transfer-encoding:[ \t]*chunked[ \t]*\r$/im.test(head)) return answer.toString('latin1', from);
  const ranges: number[] = [];
  new ChunkedDecoder().feed(answer, from, ranges);
  let text = '';
  for (let at = 0; at < ranges.length; at += 2) text += answer.toString('latin1', ranges[at], ranges[at + 1]);
  return text;
}
