// HAProxy's log-format (`%ci:%cp [%tr] %ft %{+Q}r %[src]`) -> a function that writes such lines. Compiled once: what is
// unknown is told then, and a line costs one walk over its parts.
import { nearestName } from '../../../lib/suggest.ts';
import { placeholderOfSample } from '../handling/samples.ts';
import {
  captures,
  commonDate,
  encoded,
  forHeader,
  forUrl,
  frontendOf,
  localDate,
  milliseconds,
  requestLine,
  retries,
  whole,
  zonedDate,
} from './access-fields.ts';
import type { AccessRecord } from './access-record.ts';

type Write = (record: AccessRecord) => string;
export type Formatter = (record: AccessRecord) => string;

/** Who writes, for `%H` and `%pid`. */
export interface Writer {
  readonly host: string;
  readonly pid: number;
}

export interface LogFormat {
  readonly format: Formatter;
  /** Texts with placeholders that `record.extra.texts` holds. */
  readonly texts: readonly string[];
}

/** A part of a format that does not exist. */
export interface FormatProblem {
  readonly part: string;
  readonly message: string;
  readonly hint: string | undefined;
}

const time = (ms: (record: AccessRecord) => number): Write => {
  return (record) => String(whole(ms(record)));
};

const variables: Readonly<Record<string, Write>> = {
  B: ({ bytes }) => String(bytes),
  CC: ({ extra }) => encoded(extra?.requestCookie ?? '', forUrl),
  CS: ({ extra }) => encoded(extra?.responseCookie ?? '', forUrl),
  HM: ({ method }) => method || '<BADREQ>',
  HP: ({ target }) => encoded(target.replace(/\?.*$/, ''), forUrl),
  HPO: ({ target }) => encoded(target.replace(/\?.*$/, '').replace(/^[a-z]+:\/\/[^/]*/i, ''), forUrl),
  HQ: ({ target }) => encoded(/\?.*$/.exec(target)?.[0] ?? '', forUrl),
  HU: ({ target, method }) => (method === '' ? '<BADREQ>' : encoded(target, forUrl)),
  HV: ({ protocol, method }) => (method === '' ? '<BADREQ>' : protocol),
  ID: ({ requestId }) => requestId,
  ST: ({ status }) => String(status),
  T: ({ atMs }) => commonDate(atMs),
  Tl: ({ atMs }) => zonedDate(atMs),
  Ts: ({ atMs }) => String(Math.floor(atMs / 1000)),
  Ta: time(({ totalMs }) => totalMs),
  Tc: time(({ connectMs }) => connectMs),
  Td: time(dataMs),
  Th: time(({ handshakeMs }) => handshakeMs),
  Ti: time(({ idleMs }) => idleMs),
  Tq: time((record) => (record.headMs < 0 ? -1 : beforeMs(record) + record.headMs)),
  TR: time(({ headMs }) => headMs),
  Tr: time(({ responseMs }) => responseMs),
  Tt: time((record) => beforeMs(record) + record.totalMs),
  Tw: time(({ queueMs }) => queueMs),
  U: ({ bytesIn }) => String(bytesIn),
  ac: ({ active }) => String(active),
  b: ({ backend }) => backend,
  bc: ({ backendConnections }) => String(backendConnections),
  bq: ({ backendQueue }) => String(backendQueue),
  ci: ({ clientAddress }) => clientAddress,
  cp: ({ clientPort }) => String(clientPort),
  f: ({ frontend }) => frontend,
  fc: ({ frontendConnections }) => String(frontendConnections),
  fi: ({ extra }) => extra?.localAddress ?? '',
  fp: ({ extra }) => String(extra?.localPort ?? ''),
  ft: frontendOf,
  hr: ({ requestCaptures }) => captures(requestCaptures),
  hs: ({ responseCaptures }) => captures(responseCaptures),
  ms: ({ atMs }) => milliseconds(atMs),
  r: requestLine,
  rc: retries,
  s: ({ server }) => server,
  sc: ({ serverConnections }) => String(serverConnections),
  si: ({ extra }) => extra?.serverAddress ?? '',
  sp: ({ extra }) => String(extra?.serverPort ?? ''),
  sq: ({ serverQueue }) => String(serverQueue),
  sslc: ({ tls }) => tls?.cipher ?? '',
  sslv: ({ tls }) => tls?.version ?? '',
  t: ({ atMs }) => localDate(atMs),
  tr: ({ atMs }) => localDate(atMs),
  trg: ({ atMs }) => commonDate(atMs),
  trl: ({ atMs }) => zonedDate(atMs),
  ts: ({ termination }) => termination.slice(0, 2),
  tsc: ({ termination }) => termination,
};

/** They are about the machine; where nothing is captured they take no room, not even a dash. */
const ofWriter = ['H', 'pid'];
const mayBeNothing: ReadonlySet<string> = new Set(['HQ', 'hr', 'hs']);

/** Numbers, dates and flags are never in quotes. */
const texts: ReadonlySet<string> = new Set([
  'CC', 'CS', 'H', 'HM', 'HP', 'HPO', 'HQ', 'HU', 'HV', 'ID', 'b', 'ci', 'f', 'fi', 'ft', 'hr', 'hs', 'r', 's', 'si',
  'sslc', 'sslv',
]); // prettier-ignore

/** From the end of what came before, or the start of the connection, to the first byte of the request. */
function beforeMs({ handshakeMs, idleMs }: AccessRecord): number {
  return handshakeMs + idleMs;
}

function dataMs({ totalMs, headMs, queueMs, connectMs, responseMs }: AccessRecord): number {
  const before = [headMs, queueMs, connectMs, responseMs];
  return before.some((ms) => ms < 0) ? -1 : Math.max(0, totalMs - before.reduce((sum, ms) => sum + ms, 0));
}

/** HAProxy's own format of HTTP, for those who begin with it. */
export const httplogFormat =
  '%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r';

/** All that is wrong with a format. */
export function formatProblems(text: string): readonly FormatProblem[] {
  return partsOf(text).flatMap((part) => (part.kind === 'problem' ? [part.problem] : []));
}

/** The format must be free of problems. */
export function compileLogFormat(text: string, writer: Writer): LogFormat {
  const filled: string[] = [];
  const writes = partsOf(text).flatMap((part): (string | Write)[] => {
    switch (part.kind) {
      case 'text':
        return [part.text];
      case 'space':
        return [' '];
      case 'problem':
        return [];
      case 'variable':
        return [shown(part, writeOf(part.name, filled, writer))];
      default:
        return part satisfies never;
    }
  });
  return { format: (record) => lineOf(writes, record), texts: filled };
}

/** Spaces that follow each other are one. */
function lineOf(writes: readonly (string | Write)[], record: AccessRecord): string {
  let line = '';
  for (const write of writes) {
    if (write === ' ') line += line === '' || line.endsWith(' ') ? '' : ' ';
    else line += typeof write === 'string' ? write : write(record);
  }
  return line;
}

function writeOf(name: string, filled: string[], { host, pid }: Writer): Write {
  if (name === 'H') return () => host;
  if (name === 'pid') return () => String(pid);
  const [, side, slot = ''] = /^\[capture\.(req|res)\.hdr\(([0-9]+)\)\]$/.exec(name) ?? [];
  if (side === 'req') return ({ requestCaptures }) => encoded(requestCaptures?.[Number(slot)] ?? '', forHeader);
  if (side === 'res') return ({ responseCaptures }) => encoded(responseCaptures?.[Number(slot)] ?? '', forHeader);
  const placeholder = placeholderOfSample[name.slice(1, -1)];
  if (placeholder === undefined || !name.startsWith('[')) return variables[name] ?? (() => '');
  const at = filled.push(`\${${placeholder}}`) - 1;
  return ({ extra }) => encoded(extra?.texts[at] ?? '', forUrl);
}

/** What is empty is a dash, in quotes nothing. */
function shown({ name, quoted }: { readonly name: string; readonly quoted: boolean }, write: Write): Write {
  if (quoted && (texts.has(name) || name.startsWith('['))) return (record) => `"${write(record)}"`;
  return mayBeNothing.has(name) ? write : (record) => write(record) || '-';
}

type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'space' }
  | { readonly kind: 'variable'; readonly name: string; readonly quoted: boolean }
  | { readonly kind: 'problem'; readonly problem: FormatProblem };

/** `%%`, `%{+Q}`, `%[sample]`, `%name`, spaces, anything else. */
const piece = /%%|%(?:\{([^}]*)\})?(?:\[((?:[^\][]|\[[^\]]*\])*)\]|([A-Za-z]+))|%\{[^}]*\}| +|[^% ]+|%/g;

function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  /** `%{+Q}o`: what holds for all that follow. */
  let quotesAll = false;
  for (const [whole_, options = '', sample, name] of text.matchAll(piece)) {
    if (name === 'o') quotesAll = /\+Q/i.test(options);
    else if (whole_ === '%%') parts.push({ kind: 'text', text: '%' });
    else if (whole_.startsWith(' ')) parts.push({ kind: 'space' });
    else if (!whole_.startsWith('%')) parts.push({ kind: 'text', text: whole_ });
    else parts.push(variable(whole_, options, sample, name, quotesAll));
  }
  return parts;
}

function variable(
  part: string,
  options: string,
  sample: string | undefined,
  name: string | undefined,
  quotesAll: boolean,
): Part {
  const problem = (message: string, hint?: string): Part => ({ kind: 'problem', problem: { part, message, hint } });
  const flags = options.split(',').filter((flag) => flag !== '');
  const strange = flags.find((flag) => !/^[+-][QE]$/.test(flag));
  if (strange !== undefined)
    return problem(`\`${strange}\` is no option of a variable here`, 'There is +Q: in quotes.');
  const quoted = flags.includes('+Q') || (quotesAll && !flags.includes('-Q'));
  if (sample !== undefined) {
    const bare = sample.replaceAll(' ', '');
    if (bare in placeholderOfSample || /^capture\.re[qs]\.hdr\([0-9]+\)$/.test(bare))
      return { kind: 'variable', name: `[${bare}]`, quoted };
    return problem(`\`%[${sample}]\` cannot be logged`, near(bare, Object.keys(placeholderOfSample), '%[', ']'));
  }
  if (name === undefined) return problem('`%` needs the name of a variable', 'Write `%%` for the sign itself.');
  if (name in variables || ofWriter.includes(name)) return { kind: 'variable', name, quoted };
  return problem(`there is no variable \`%${name}\``, near(name, [...Object.keys(variables), ...ofWriter], '%', ''));
}

function near(name: string, names: readonly string[], before: string, behind: string): string {
  const found = names.find((other) => other.toLowerCase() === name.toLowerCase()) ?? nearestName(name, names);
  if (found !== null) return `Did you mean \`${before}${found}${behind}\`?`;
  return `There are ${names.map((other) => `${before}${other}${behind}`).join(' ')}.`;
}
