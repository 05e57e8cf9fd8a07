// `log`, `option httplog`, `log-format` and captures -> `log`, which is one for all frontends here.
import { formatProblems } from '../../logging/log-format.ts';
import { placeholderOfSample } from '../../handling/samples.ts';
import { facilities } from '../../logging/target.ts';
import type { Draft } from '../draft.ts';
import type { Report, Spot } from '../report.ts';
import type { Proxy, Sections } from './sections.ts';
import type { Line, Word } from './words.ts';

type Entries = Record<string, unknown>;

/** A value and the line that says it. */
interface Said {
  readonly value: unknown;
  readonly spot: Spot;
}

/** `proxies`: those with traffic. */
export function convertLogs(sections: Sections, proxies: readonly Proxy[], draft: Draft, report: Report): void {
  const fronts = proxies.filter(({ kind }) => kind !== 'backend');
  const formats = fronts.flatMap((proxy) => formatOf(proxy, report) ?? []);
  const log = (spot: Spot): Entries => draft.record(draft.root, 'log', spot);
  targets(sections, formats.length > 0, log, draft, report);
  one('log-format', formats, report, ({ value, spot }) => {
    if (value !== 'httplog') draft.put(log(spot), 'format', value, spot);
  });
  const capture = (spot: Spot): Entries => draft.record(log(spot), 'capture', spot);
  for (const side of ['request', 'response'] as const) {
    const lists = fronts.flatMap((proxy) => captureList(proxy, side, report) ?? []);
    one(`captures of ${side}s`, lists, report, ({ value, spot }) => draft.put(capture(spot), side, value, spot));
  }
  const cookies = fronts.flatMap((proxy) => cookieOf(proxy) ?? []);
  one('capture cookie', cookies, report, ({ value, spot }) => draft.put(capture(spot), 'cookie', value, spot));
}

/** The first one holds; others that say something else are told. */
function one(what: string, said: readonly Said[], report: Report, use: (first: Said) => void): void {
  const [first, ...others] = said;
  if (!first) return;
  use(first);
  for (const { value, spot } of others) {
    if (JSON.stringify(value) !== JSON.stringify(first.value))
      report.warning(spot, `\`${what}\`: the access log is one for all frontends, the first that says so counts`);
  }
}

/** Levels that lines of requests, which are `info`, do not reach. */
const tooHigh: ReadonlySet<string> = new Set(['emerg', 'alert', 'crit', 'err', 'warning', 'notice']);

/** `log /dev/log local0`, `log 10.0.0.1:514 local1 notice`, `log stdout format raw daemon`. */
function targets(
  sections: Sections,
  wanted: boolean,
  log: (spot: Spot) => Entries,
  draft: Draft,
  report: Report,
): void {
  const lines = [...sections.global, ...new Set(sections.proxies.flatMap((proxy) => proxy.lines))].filter(
    ({ first, words }) => first.text === 'log' && words[1] !== undefined && words[1].text !== 'global',
  );
  const found = new Map<string, Spot>();
  for (const { first, words } of lines) {
    const [, address, ...rest] = words;
    const texts = rest.map(({ text }) => text);
    if (!address || texts.some((text) => tooHigh.has(text))) continue;
    const target = targetOf(address.text);
    if (target === undefined) {
      report.warning(address, `the access log cannot be sent to \`${address.text}\``, 'Set `log.access`.');
      continue;
    }
    const facility = texts.find((text) => (facilities as readonly string[]).includes(text));
    if (wanted && found.size === 0 && facility !== undefined && target !== 'stdout' && facility !== 'local0')
      draft.put(log(first), 'facility', facility, first);
    found.set(target, first);
  }
  const [first] = found.values();
  if (!first) return;
  if (wanted) {
    const list = [...found.keys()];
    draft.put(log(first), 'access', list.length === 1 ? list[0] : list, first);
  } else {
    report.info(first, 'no frontend says what is logged of requests', 'Write `option httplog`, or set `log.access`.');
  }
}

function targetOf(address: string): string | undefined {
  if (address === 'stdout' || address === 'stderr') return address;
  if (address === '/dev/log') return 'syslog';
  if (address.startsWith('/')) return `unix:${address}`;
  const bare = address.replace(/^(?:udp@|ipv4@|ipv6@|udp4@|udp6@)/, '');
  const [, host, port = '514'] = /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+)(?::([0-9]+))?$/.exec(bare) ?? [];
  return host === undefined ? undefined : `udp://${host}:${port}`;
}

/** The last line that says how requests are logged. */
function formatOf({ lines }: Proxy, report: Report): Said | undefined {
  let found: Said | undefined;
  for (const { first, words } of lines) {
    const [, second, third] = words;
    if (first.text === 'log-format' && second) {
      for (const { message, hint } of formatProblems(second.text)) report.error(second, message, hint);
      found = { value: second.text, spot: second };
    } else if (first.text === 'option' && second?.text === 'httplog') {
      found = { value: third?.text === 'clf' ? 'clf' : 'httplog', spot: second };
    } else if (first.text === 'option' && second?.text === 'tcplog') {
      found = { value: 'httplog', spot: second };
    } else if (first.text === 'option' && second?.text === 'httpslog') {
      report.warning(second, '`option httpslog`: lines are those of httplog', 'Set `log.format` for more.');
      found = { value: 'httplog', spot: second };
    }
  }
  return found;
}

/** Slots in the order of their lines. */
function captureList({ lines }: Proxy, side: 'request' | 'response', report: Report): Said | undefined {
  const slots: Entries[] = [];
  let spot: Spot | undefined;
  for (const line of lines) {
    const slot = declared(line, side) ?? captured(line, side, slots, report);
    if (!slot) continue;
    slots.push(slot);
    spot ??= line.first;
  }
  return spot && { value: slots, spot };
}

/** `capture request header NAME len N`, `declare capture request len N`. */
function declared({ first, words }: Line, side: string): Entries | undefined {
  const texts = words.map(({ text }) => text);
  const length = Number(texts[texts.indexOf('len') + 1] ?? 0);
  if (first.text === 'capture' && texts[1] === side && texts[2] === 'header') return { header: texts[3], length };
  // Filled by `http-request capture ... id N`; until then it is empty.
  if (first.text === 'declare' && texts[1] === 'capture' && texts[2] === side)
    return { header: 'X-Not-Captured', length };
  return undefined;
}

/** `http-request capture SAMPLE len N`; with `id N` it fills a slot that was declared. */
function captured({ first, words }: Line, side: string, slots: Entries[], report: Report): Entries | undefined {
  const [, action, sample, how, number] = words;
  if (first.text !== `http-${side}` || action?.text !== 'capture' || !sample) return undefined;
  const what = sampleOf(sample, side, report);
  if (!what) return undefined;
  const condition = words.find(({ text }) => text === 'if' || text === 'unless');
  if (condition) report.warning(condition, 'what is captured is captured of all requests');
  if (how?.text !== 'id') return { ...what, length: Number(number?.text ?? 0) };
  const slot = slots[Number(number?.text)];
  if (slot) {
    delete slot['header'];
    Object.assign(slot, what);
  } else {
    report.error(number ?? sample, 'no `declare capture` above this line makes this slot');
  }
  return undefined;
}

function sampleOf(sample: Word, side: string, report: Report): Entries | undefined {
  const header = /^(?:req\.|res\.|s)?f?hdr\(([^),]+)(?:,-?1)?\)$/.exec(sample.text)?.[1];
  if (header !== undefined) return { header };
  const placeholder = placeholderOfSample[sample.text.replaceAll(' ', '')];
  if (placeholder !== undefined && side === 'request') return { text: `\${${placeholder}}` };
  report.error(sample, `\`${sample.text}\` cannot be captured`);
  return undefined;
}

function cookieOf({ lines }: Proxy): Said | undefined {
  const line = lines.findLast(({ first, words }) => first.text === 'capture' && words[1]?.text === 'cookie');
  const [, , name, , length] = line?.words ?? [];
  return line && name && { value: { name: name.text, length: Number(length?.text ?? 64) }, spot: line.first };
}
