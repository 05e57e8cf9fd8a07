// The request that all loads send.

/** Roughly what a browser sends: with the host eight headers, 600 bytes. */
export const browserHeaders: readonly string[] = [
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'Accept-Language: en-US,en;q=0.9,fr;q=0.8',
  'Accept-Encoding: identity',
  'Referer: http://www.example.org/some/page/that/links/here.html?with=a&few=parameters&page=12&order=desc',
  'Cookie: session=0123456789abcdef0123456789abcdef; _ga=GA1.1.1234567890.1720000000; _gid=GA1.1.987654321.1720000000; theme=dark; consent=yes',
  'Cache-Control: no-cache',
];

/** The bytes of a GET on a connection that stays. */
export function requestBytes(path: string): Buffer {
  return Buffer.from([`GET ${path} HTTP/1.1`, 'Host: 127.0.0.1', ...browserHeaders, '', ''].join('\r\n'), 'latin1');
}
