// Answers that the proxy gives itself.

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  414: 'URI Too Long',
  417: 'Expectation Failed',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
};

const known = new Map<string, string>();

/** A whole response: status, one line of text but for HEAD. 503 says when to come back. */
export function errorResponse(status: number, keepAlive: boolean, bodiless = false): string {
  const key = `${status}${keepAlive ? '+' : '-'}${bodiless ? 'h' : ''}`;
  const text = known.get(key) ?? build(status, keepAlive, bodiless);
  known.set(key, text);
  return text;
}

function build(status: number, keepAlive: boolean, bodiless: boolean): string {
  const reason = reasons[status] ?? 'Error';
  const body = `${status} ${reason}\n`;
  return (
    `HTTP/1.1 ${status} ${reason}\r\n` +
    `Content-Type: text/plain; charset=utf-8\r\nCache-Control: no-cache\r\nContent-Length: ${body.length}\r\n` +
    (status === 503 ? 'Retry-After: 5\r\n' : '') +
    (keepAlive ? '' : 'Connection: close\r\n') +
    `\r\n${bodiless ? '' : body}`
  );
}
