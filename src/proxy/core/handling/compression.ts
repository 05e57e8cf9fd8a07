// Whether a response is sent compressed, and how its head then reads. The compressing itself is the server's part.
import type { ResponseHead } from '../http/response-head.ts';
import type { RequestHead } from '../http/request-head.ts';
import { fieldValue, withoutFields } from '../http/scan.ts';

export type Coding = 'br' | 'gzip' | 'zstd';

export interface CompressionConfig {
  /** In the order of our liking. */
  readonly codings: readonly Coding[];
  readonly minBytes: number;
  /** `text/*` or whole types. */
  readonly types: readonly string[];
}

/** The coding for a response, or undefined where it must stay as it is. */
export function chooseCoding(config: CompressionConfig, request: RequestHead, head: ResponseHead): Coding | undefined {
  if (!isCompressible(config, request, head)) return undefined;
  const accepted = qualities(fieldValue(request.fields, 'accept-encoding') ?? '');
  const any = accepted.get('*') ?? 0;
  let best: Coding | undefined;
  let bestQuality = 0;
  for (const coding of config.codings) {
    const quality = accepted.get(coding) ?? any;
    if (quality > bestQuality) {
      best = coding;
      bestQuality = quality;
    }
  }
  // `identity` liked better than any coding.
  return bestQuality < (accepted.get('identity') ?? 0) ? undefined : best;
}

/** Would the response be compressed for a client that accepts it: then caches must be told. */
export function isCompressible(config: CompressionConfig, request: RequestHead, head: ResponseHead): boolean {
  const { fields, status, length } = head;
  if (request.minor === 0 || request.method === 'HEAD' || status === 206 || status < 200 || head.isEventStream)
    return false;
  if (length === 0 || (length > 0 && length < config.minBytes)) return false;
  if (fieldValue(fields, 'content-encoding') !== undefined || fieldValue(fields, 'content-range') !== undefined)
    return false;
  if (/\bno-transform\b/.test(head.cacheControl)) return false;
  const type = (fieldValue(fields, 'content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  return config.types.some((wanted) =>
    wanted.endsWith('/*') ? type.startsWith(wanted.slice(0, -1)) : type === wanted,
  );
}

function qualities(header: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const part of header.toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';').map((word) => word.trim());
    const quality = parameters.find((parameter) => parameter.startsWith('q='));
    const value = quality === undefined ? 1 : Number(quality.slice(2));
    if (name !== '') found.set(name === 'x-gzip' ? 'gzip' : name, value >= 0 && value <= 1 ? value : 0);
  }
  return found;
}

/** Header lines of the compressed response: its length is unknown, and it is no longer the same to the byte. */
export function compressedFields(fields: string, coding: Coding): string {
  const etag = fieldValue(fields, 'etag');
  const weak = etag === undefined || etag.startsWith('W/') ? etag : `W/${etag}`;
  const kept = withoutFields(fields, ['content-length', 'accept-ranges', 'etag']);
  return `${kept}${weak === undefined ? '' : `ETag: ${weak}\r\n`}Content-Encoding: ${coding}\r\n`;
}

/** Adds `Accept-Encoding` to Vary unless it is there. */
export function varyingFields(fields: string): string {
  const vary = fieldValue(fields, 'vary') ?? '';
  return /(?:^|,)\s*(?:\*|accept-encoding)\s*(?:,|$)/i.test(vary) ? fields : `${fields}Vary: Accept-Encoding\r\n`;
}
