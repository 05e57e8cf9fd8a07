// Errors that the proxy answers itself, as the client likes to read them: JSON, HTML or a line of text; or a page of the user's.
import { fieldValue, withoutFields } from '../http/scan.ts';
import { protectedHeaders } from './header-edits.ts';
import type { Answer, Incoming } from './incoming.ts';

export interface ErrorPage {
  /** That of the file, if it is a whole response as HAProxy's error files are. */
  readonly status: number | undefined;
  /** Header lines, Content-Type among them. */
  readonly fields: string;
  readonly body: string;
}

/** By status. */
export type ErrorPages = Readonly<Record<string, ErrorPage>>;

type Kind = 'html' | 'json' | 'text';

const kinds: Readonly<Record<string, Kind>> = {
  'text/html': 'html',
  'application/xhtml+xml': 'html',
  'application/json': 'json',
  'text/json': 'json',
  'application/problem+json': 'json',
  'application/*': 'json',
  'text/plain': 'text',
  'text/*': 'text',
  '*/*': 'text',
};

/** An answer without a body gets one, if it is an error. */
export function withErrorPage(given: Answer, incoming: Incoming, pages: ErrorPages | undefined): Answer {
  const { status, fields, body } = given;
  if (status < 400 || body !== '') return given;
  const own = pages?.[status];
  const kept = withoutFields(fields, ['content-type']);
  if (own) return { status: own.status ?? status, fields: kept + own.fields, body: own.body };
  const kind = wantedKind(fieldValue(incoming.head.fields, 'accept') ?? '');
  const page = pageOf(kind, status, reasonOf(status), incoming.requestId);
  return { status, fields: `${kept}Content-Type: ${page.type}\r\n`, body: page.body };
}

/** What an Accept header likes best; text where it does not care, or names nothing that there is. */
export function wantedKind(accept: string): Kind {
  let best: Kind = 'text';
  let weight = 0;
  for (const part of accept.split(',')) {
    const [type = '', ...parameters] = part.split(';').map((each) => each.trim().toLowerCase());
    const kind = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
    const quality = Number(parameters.find((each) => each.startsWith('q='))?.slice(2) ?? '1');
    if (kind !== undefined && quality > weight) [best, weight] = [kind, quality];
  }
  return best;
}

function pageOf(kind: Kind, status: number, reason: string, requestId: string): { type: string; body: string } {
  switch (kind) {
    case 'json': {
      const error = { status, message: reason, ...(requestId !== '' && { requestId }) };
      return { type: 'application/json', body: `${JSON.stringify({ error })}\n` };
    }
    case 'html': {
      const id = requestId === '' ? '' : `<p>Request ${escaped(requestId)}</p>`;
      const head = `<meta charset="utf-8"><title>${status} ${reason}</title>`;
      return {
        type: 'text/html; charset=utf-8',
        body: `<!doctype html><html lang="en">${head}<h1>${status} ${reason}</h1>${id}</html>\n`,
      };
    }
    case 'text': {
      const id = requestId === '' ? '' : ` (request ${requestId})`;
      return { type: 'text/plain; charset=utf-8', body: `${status} ${reason}${id}\n` };
    }
  }
}

function escaped(text: string): string {
  return text.replace(/[<>&"]/g, (char) => `&#${char.charCodeAt(0)};`);
}

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  htm: 'text/html; charset=utf-8',
  json: 'application/json',
  txt: 'text/plain; charset=utf-8',
};

/** A file as a page: a whole HTTP response as HAProxy has them, or a body whose kind its ending says. Text says why not. */
export function readErrorPage(name: string, text: string): ErrorPage | string {
  if (!text.startsWith('HTTP/')) {
    const ending = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? '';
    const type = types[ending] ?? 'text/plain; charset=utf-8';
    return { status: undefined, fields: `Content-Type: ${type}\r\n`, body: text };
  }
  const [, head = '', body = ''] = /^([\s\S]*?)\r?\n\r?\n([\s\S]*)$/.exec(text) ?? [];
  const [first = '', ...lines] = head.split(/\r?\n/);
  const status = Number(/^HTTP\/[0-9.]+ ([2-5][0-9][0-9])(?: |$)/.exec(first)?.[1] ?? 0);
  if (status === 0) return 'its first line is no status line';
  const wrong = lines.find((line) => !/^[A-Za-z0-9!#$%&'*+.^_`|~-]+:[\t -~\u0080-\u00ff]*$/.test(line));
  if (wrong !== undefined) return `\`${wrong}\` is no header line`;
  const fields = lines.map((line) => `${line}\r\n`).join('');
  return { status, fields: withoutFields(fields, [...protectedHeaders]), body };
}

/** Reason phrases (IANA's registry, RFC 9110) of what the proxy says itself, or rules and plugins have it say. */
const reasons: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  203: 'Non-Authoritative Information',
  204: 'No Content',
  205: 'Reset Content',
  206: 'Partial Content',
  300: 'Multiple Choices',
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  304: 'Not Modified',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  407: 'Proxy Authentication Required',
  408: 'Request Timeout',
  409: 'Conflict',
  410: 'Gone',
  411: 'Length Required',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  416: 'Range Not Satisfiable',
  417: 'Expectation Failed',
  421: 'Misdirected Request',
  422: 'Unprocessable Content',
  423: 'Locked',
  424: 'Failed Dependency',
  425: 'Too Early',
  426: 'Upgrade Required',
  428: 'Precondition Required',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  451: 'Unavailable For Legal Reasons',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
  507: 'Insufficient Storage',
  511: 'Network Authentication Required',
};

/** The phrase of a status. */
export function reasonOf(status: number): string {
  return reasons[status] ?? (status >= 400 ? 'Error' : 'Status');
}
