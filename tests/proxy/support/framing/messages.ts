// Generated HTTP/1 bytes: valid messages, messages with one of the known tricks in them, and either with bytes changed.
import fc from 'fast-check';

/** A message seldom is wrong in more than one way: most parts are good ones. */
function mostly(good: readonly string[], odd: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 14, arbitrary: fc.constantFrom(...good) },
    { weight: 1, arbitrary: fc.constantFrom(...odd) },
  );
}

const method = mostly(
  ['GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH'],
  ['get', 'CONNECT', 'G ET', '', 'PROPFIND', 'PRI', 'G\x00T', 'TRACE'],
);
const target = mostly(
  ['/', '/a/b?c=d', '/%00%0d%0a', '/x;y=1'],
  [
    '*',
    'http://x/abs',
    'http://y/abs',
    'https://x',
    '/#f',
    'a',
    '',
    '//x',
    '/a b',
    '/\x7f',
    '/\xe9',
    '/{}|^`"<>\\',
    '/?',
    'http://',
  ],
);
const version = mostly(
  ['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0'],
  ['HTTP/1.2', 'HTTP/2.0', 'HTTP/0.9', 'http/1.1', 'HTTP/1.1 ', 'HTTP/11', 'HTTP/1.10', ''],
);
const host = mostly(
  ['Host: x'],
  ['host:x', 'Host : x', 'Host: x\r\nHost: x', 'Host: a,b', 'Host:', 'Host: x y', 'X: y', 'Host: [::1]:80'],
);
const lineEnd = fc.oneof(
  { weight: 40, arbitrary: fc.constant('\r\n') },
  { weight: 1, arbitrary: fc.constantFrom('\n', '\r', '\r\r\n', '\n\n', '\r\n ', '\0\r\n', '\x0b\r\n') },
);
const oddLine = fc.constantFrom(
  'Connection: close',
  'Connection: keep-alive',
  'Connection: transfer-encoding',
  'Connection: content-length, host',
  'Connection: Upgrade\r\nUpgrade: websocket',
  'Upgrade: h2c',
  'Expect: 100-continue',
  'TE: trailers',
  'Trailer: X-Later',
  'Transfer-Encoding: identity',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: chunked, identity',
  'Transfer-Encoding:\x0bchunked',
  'Transfer-Encoding : chunked',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding: chunked,',
  'Transfer-Encoding:',
  'Transfer_Encoding: chunked',
  'Content-Length: 3',
  'Content-Length: +3',
  'Content-Length: 3, 3',
  'Content-Length:',
  'Content-Length: 0x3',
  'Content-Length: 03',
  'Content-Length: 99999999999999999999',
  'Content-Length : 3',
  ' Content-Length: 3',
  'Content_Length: 3',
  'X: a\r\n folded',
  'X: \xff\x80',
  'X: \x01',
  ': empty',
  'no colon',
  'X\x00: y',
);
const goodLine = fc.constantFrom('Accept: */*', 'X-Empty:', 'X-Tab:\tv\t', 'Cookie: a=b; c=d', 'User-Agent: (a; "b")');
const lines = fc.array(fc.oneof({ weight: 8, arbitrary: goodLine }, { weight: 1, arbitrary: oddLine }), {
  maxLength: 3,
});
const content = fc.constantFrom('', 'a', 'hello', 'GET /inner HTTP/1.1\r\nHost: x\r\n\r\n', '0\r\n\r\n', '\r\n');

/** One chunk, with the tricks of sizes and their line ends. */
const chunk = fc
  .tuple(
    content.filter((text) => text !== ''),
    mostly(['', ''], ['0x', '+', '-', ' ', '00000000000000', 'fffffffffffffff0']),
    mostly([''], [';a=b', ' ;a', ' ', ';\n', ';"\r\n"', '\t', 'g']),
    mostly(['\r\n'], ['\n', '\r', '\r\r\n', '']),
    mostly(['\r\n'], ['\n', '', 'x\r\n', '\r\r\n']),
  )
  .map(([data, before, after, sizeEnd, end]) => `${before}${data.length.toString(16)}${after}${sizeEnd}${data}${end}`);
const lastChunk = mostly(
  ['0\r\n\r\n', '0\r\nX-Later: 1\r\n\r\n'],
  [
    '0\n\r\n',
    '0\r\n\n',
    '00\r\n\r\n',
    '0;x\r\n\r\n',
    '0\r\nbad\r\n\r\n',
    '0\r\nX : 1\r\n\r\n',
    '0\r\n folded\r\n\r\n',
    '0\r\nContent-Length: 3\r\n\r\n',
    '',
  ],
);
const chunkedBody = fc
  .tuple(fc.array(chunk, { maxLength: 3 }), lastChunk)
  .map(([chunks, last]) => `${chunks.join('')}${last}`);

/** The header line of a body, and the body. */
const framedBody = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ line: '', body: '' }) },
  { weight: 3, arbitrary: content.map((body) => ({ line: `Content-Length: ${body.length}`, body })) },
  { weight: 3, arbitrary: chunkedBody.map((body) => ({ line: 'Transfer-Encoding: chunked', body })) },
);

function withLines(first: string, all: readonly string[], end: string, body: string): string {
  return `${first}\r\n${all
    .filter((line) => line !== '')
    .map((line, index) => `${line}${index === 0 ? end : '\r\n'}`)
    .join('')}\r\n${body}`;
}

const aRequest = fc
  .record({ method, target, version, host, lines, end: lineEnd, framed: framedBody })
  .map((parts) =>
    withLines(
      `${parts.method} ${parts.target} ${parts.version}`,
      [parts.host, ...parts.lines, parts.framed.line],
      parts.end,
      parts.framed.body,
    ),
  );

const statusLine = mostly(
  [
    'HTTP/1.1 200 OK',
    'HTTP/1.1 404 Not Found',
    'HTTP/1.0 200 OK',
    'HTTP/1.1 204 No Content',
    'HTTP/1.1 304 ',
    'HTTP/1.1 500 E',
  ],
  [
    'HTTP/1.1 103 Early',
    'HTTP/1.1 100 C',
    'HTTP/1.1 200',
    'HTTP/1.1  200 OK',
    'HTTP/2.0 200 OK',
    'HTTP/1.1 20 OK',
    'HTTP/1.1 2000 OK',
    'ICY 200 OK',
    'HTTP/1.1 \x00',
    'HTTP/1.1 200 O\x01K',
    'http/1.1 200 OK',
    'HTTP/1.2 200 OK',
    'HTTP/1.1 999 No',
  ],
);

const aResponse = fc
  .record({ first: statusLine, lines, end: lineEnd, framed: framedBody })
  .map((parts) => withLines(parts.first, [...parts.lines, parts.framed.line], parts.end, parts.framed.body));

interface Edit {
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
}

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  remove: fc.constantFrom(0, 0, 1, 1, 2, 8),
  insert: fc.constantFrom(
    '',
    '\r',
    '\n',
    '\r\n',
    '\0',
    ' ',
    '\t',
    ':',
    ',',
    ';',
    '0',
    '1',
    'f',
    '\x80',
    '\xff',
    '\x0b',
    '"',
    '\r\n\r\n',
    'chunked',
  ),
});

function edited(text: string, edits: readonly Edit[]): string {
  let result = text;
  for (const { at, remove, insert } of edits) {
    const place = Math.floor(at * result.length);
    result = `${result.slice(0, place)}${insert}${result.slice(place + remove)}`;
  }
  return result;
}

const edits = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Edit[]>([]) },
  { weight: 1, arbitrary: fc.array(edit, { minLength: 1, maxLength: 3 }) },
);

/** Places between 0 and 1 at which the bytes come in pieces. */
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 });

export interface Sent {
  /** Latin-1: one character a byte. */
  readonly text: string;
  readonly cuts: readonly number[];
}

/** What a client sends on one connection: some requests, one behind the other. */
export const requests: fc.Arbitrary<Sent> = fc
  .record({ all: fc.array(aRequest, { minLength: 1, maxLength: 3 }), edits, cuts })
  .map(({ all, edits: changes, cuts: places }) => ({ text: edited(all.join(''), changes), cuts: places }));

/** What a server sends on one connection before it closes it. */
export const responses: fc.Arbitrary<Sent> = fc
  .record({
    hints: fc.array(fc.constant('HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n'), { maxLength: 1 }),
    one: aResponse,
    edits,
    cuts,
  })
  .map(({ hints, one, edits: changes, cuts: places }) => ({
    text: edited(hints.join('') + one, changes),
    cuts: places,
  }));

/** The bytes, cut into pieces as they come from a network. */
export function pieces({ text, cuts: places }: Sent): Buffer[] {
  const bytes = Buffer.from(text, 'latin1');
  const at = [
    0,
    ...places.map((place) => Math.floor(place * bytes.length)).toSorted((one, other) => one - other),
    bytes.length,
  ];
  return at
    .slice(1)
    .map((end, index) => bytes.subarray(at[index], end))
    .filter((piece) => piece.length > 0);
}
