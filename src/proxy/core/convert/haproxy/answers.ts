// Lines that answer in place of a server: redirect, deny, return, monitor-uri.
import type { Report } from '../report.ts';
import { convertFormat } from './formats.ts';
import type { Word } from './words.ts';

export interface Terminal {
  readonly do: 'answer';
  /** `redirect` or `respond` of a rule. */
  readonly answer: Readonly<Record<string, unknown>>;
  /** Header lines of the answer. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** `scheme https code 301`, `location /x`, `prefix http://x drop-query`. */
export function redirectOf(args: readonly Word[], spot: Word, report: Report): Terminal | undefined {
  let place: Record<string, unknown> | undefined;
  let code = 302;
  let dropQuery = false;
  const headers: [string, string][] = [];
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at];
    const value = args[at + 1];
    switch (word?.text) {
      case 'scheme':
      case 'location':
      case 'prefix': {
        const text = placeOf(word.text, value, report);
        if (text === undefined) return undefined;
        place = text;
        at += 1;
        break;
      }
      case 'code':
        code = Number(value?.text);
        at += 1;
        break;
      case 'drop-query':
        dropQuery = true;
        break;
      case 'set-cookie':
        headers.push(['Set-Cookie', `${value?.text ?? ''}; path=/;`]);
        at += 1;
        break;
      case 'clear-cookie':
        headers.push(['Set-Cookie', `${value?.text ?? ''}; path=/; Max-Age=0;`]);
        at += 1;
        break;
      default:
        report.error(word ?? spot, `\`${word?.text ?? ''}\` of a redirect cannot be carried over`);
        return undefined;
    }
  }
  if (!place) {
    report.error(spot, 'a redirect needs a location, a prefix or a scheme');
    return undefined;
  }
  const redirect = { ...place, ...(code !== 302 && { code }), ...(dropQuery && { dropQuery }) };
  return { do: 'answer', answer: { redirect }, headers };
}

function placeOf(kind: string, value: Word | undefined, report: Report): Record<string, unknown> | undefined {
  const format = convertFormat(value?.text ?? '');
  if (!value || 'unknown' in format) {
    if (value && 'unknown' in format) report.error(value, `\`${format.unknown}\` has no placeholder here`);
    return undefined;
  }
  // As HAProxy does it: with the port that the client named.
  if (kind === 'scheme') return { location: `${format.text}://\${host}\${uri}` };
  if (kind === 'location') return { location: format.text };
  if (!format.text.includes('${')) return { prefix: format.text };
  return { location: `${format.text}\${uri}` };
}

const defaults: Readonly<Record<string, number>> = {
  deny: 403,
  reject: 403,
  'silent-drop': 403,
  tarpit: 500,
  return: 200,
};

/** `deny deny_status 429`, `return status 200 content-type text/plain string OK hdr X-A b`. */
export function answerOf(action: string, args: readonly Word[], spot: Word, report: Report): Terminal | undefined {
  const respond: Record<string, unknown> = { status: defaults[action] ?? 403 };
  const headers: [string, string][] = [];
  if (action === 'tarpit') report.warning(spot, 'the client is answered at once, not after a while');
  if (action === 'reject' || action === 'silent-drop')
    report.warning(spot, 'the client gets 403 where HAProxy only closes');
  for (let at = 0; at < args.length; at += 2) {
    const word = args[at];
    const value = args[at + 1]?.text ?? '';
    switch (word?.text) {
      case 'deny_status':
      case 'status':
        respond['status'] = Number(value);
        break;
      case 'content-type':
        respond['contentType'] = value;
        break;
      case 'string':
      case 'lf-string': {
        const format = word.text === 'string' ? { text: value } : convertFormat(value);
        if ('unknown' in format) {
          report.error(word, `\`${format.unknown}\` has no placeholder here`);
          return undefined;
        }
        respond['body'] = format.text;
        break;
      }
      case 'hdr': {
        const format = convertFormat(args[at + 2]?.text ?? '');
        if ('unknown' in format) report.error(word, `\`${format.unknown}\` has no placeholder here`);
        else headers.push([value, format.text]);
        at += 1;
        break;
      }
      case 'default-errorfiles':
        at -= 1;
        break;
      default:
        report.warning(word ?? spot, `\`${word?.text ?? ''}\`: the answer has a text of its own instead`);
    }
  }
  return { do: 'answer', answer: { respond }, headers };
}
