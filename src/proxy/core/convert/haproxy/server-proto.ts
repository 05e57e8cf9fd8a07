// `proto` and `alpn` behind `server` -> `http2` of the server.
import type { Report, Spot } from '../report.ts';
import type { ServerOptions } from './server-options.ts';

/** Undefined: HTTP/1.1, as it is without a word. */
export function http2Of({ values }: ServerOptions, report: Report): { value: true | 'only'; spot: Spot } | undefined {
  const proto = values.get('proto');
  const secure = values.has('ssl');
  if (proto && proto.text !== 'h1' && proto.text !== 'h2') {
    report.error(proto.spot, `\`proto ${proto.text}\` cannot be carried over`);
    return undefined;
  }
  // Said outright, nothing is asked of the server.
  if (proto) return proto.text === 'h2' ? { value: secure ? 'only' : true, spot: proto.spot } : undefined;
  const alpn = secure ? values.get('alpn') : undefined;
  const offered = alpn?.text.split(',') ?? [];
  if (!alpn || !offered.includes('h2')) return undefined;
  return { value: offered.includes('http/1.1') ? true : 'only', spot: alpn.spot };
}
