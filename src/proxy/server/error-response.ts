// Answers that the proxy gives itself.

/** Reason phrases of what the proxy says itself. */
export const reasons: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  204: 'No Content',
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  410: 'Gone',
  414: 'URI Too Long',
  417: 'Expectation Failed',
  429: 'Too Many Requests',
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
