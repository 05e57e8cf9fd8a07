// What a response without Content-Type is, by the ending of the path: for servers that never say it, and only where asked for.
import { fieldValue } from '../http/scan.ts';
import { pathOf } from './incoming.ts';

const types: Readonly<Record<string, string>> = {
  avif: 'image/avif',
  css: 'text/css; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  gif: 'image/gif',
  htm: 'text/html; charset=utf-8',
  html: 'text/html; charset=utf-8',
  ico: 'image/x-icon',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json',
  map: 'application/json',
  mjs: 'text/javascript; charset=utf-8',
  mp3: 'audio/mpeg',
  mp4: 'video/mp4',
  pdf: 'application/pdf',
  png: 'image/png',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
  wasm: 'application/wasm',
  webm: 'video/webm',
  webp: 'image/webp',
  woff: 'font/woff',
  woff2: 'font/woff2',
  xml: 'application/xml',
  zip: 'application/zip',
};

/** The line to add; '' where there is one already. What is not known is bytes, which browsers do not run. */
export function contentTypeLine(fields: string, target: string): string {
  if (fieldValue(fields, 'content-type') !== undefined) return '';
  const ending = /\.([A-Za-z0-9]+)$/.exec(pathOf(target))?.[1]?.toLowerCase() ?? '';
  const type = Object.hasOwn(types, ending) ? types[ending] : undefined;
  return `Content-Type: ${type ?? 'application/octet-stream'}\r\n`;
}
