// HAProxy's log-format texts (`%[src]`, `%ci`) -> our placeholders.
import { placeholderOfSample } from '../../handling/samples.ts';
import { type Aliases, unaliased } from './variables.ts';

const tags: Readonly<Record<string, string>> = {
  ci: 'remote_addr',
  cp: 'remote_port',
  HM: 'method',
  HP: 'path',
  HU: 'uri',
  ID: 'request_id',
  f: 'frontend',
  ft: 'frontend',
  b: 'backend',
  s: 'server',
  ST: 'status',
  sslv: 'tls_version',
};

const none: Aliases = new Map();

/** The text with placeholders, or the part for which there is none. */
export function convertFormat(
  text: string,
  aliases: Aliases = none,
): { readonly text: string } | { readonly unknown: string } {
  let result = '';
  let at = 0;
  while (at < text.length) {
    const percent = text.indexOf('%', at);
    if (percent < 0) return { text: result + text.slice(at) };
    result += text.slice(at, percent);
    const rest = text.slice(percent);
    if (rest.startsWith('%%')) {
      result += '%';
      at = percent + 2;
      continue;
    }
    const match = /^%\[((?:[^\][]|\[[^\]]*\])*)\]/.exec(rest) ?? /^%([A-Za-z]+)/.exec(rest);
    const key = unaliased(match?.[1]?.replaceAll(' ', '') ?? '', aliases);
    const name = rest.startsWith('%[') ? placeholderOfSample[key.replace(/,(?:lower|upper)$/, '')] : tags[key];
    if (!match || name === undefined || name === '' || /,upper$/.test(key)) return { unknown: match?.[0] ?? rest };
    result += `\${${name}}`;
    at = percent + match[0].length;
  }
  return { text: result };
}

/** `\\1` -> `$1`, as our texts name what an expression captured. */
export function grouped(text: string): string {
  return text
    .replaceAll('$', '$$$$')
    .replaceAll(/\\(.)/g, (_, char: string) => (/[0-9]/.test(char) ? `$${char}` : char));
}
