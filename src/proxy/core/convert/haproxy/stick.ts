// `stick-table` and `stick on|match|store-request` of a backend -> its `stick`. Tables that only count are read elsewhere.
import { stickDataNames } from '../../config/stick-model.ts';
import type { Draft } from '../draft.ts';
import type { Report } from '../report.ts';
import type { Proxy } from './sections.ts';
import { durationOf } from './units.ts';
import type { Line, Word } from './words.ts';

type Entries = Record<string, unknown>;

/** More nobody needs on one machine; see the schema. */
const maxSize = 4_194_304;

/** What a table may be about. */
interface TableContext {
  /** Those whose tables a rule may name. */
  readonly proxies: readonly Proxy[];
  /** Sections of machines that share tables. */
  readonly peers: ReadonlySet<string>;
}

export function convertStick(
  proxy: Proxy,
  { proxies, peers }: TableContext,
  backend: Entries,
  draft: Draft,
  report: Report,
): void {
  const rules = proxy.lines.filter(({ first }) => first.text === 'stick');
  const [first] = rules;
  if (!first) return;
  const found = rules.map((line) => ruleOf(line, report));
  const names = new Set(found.flatMap((rule) => (rule ? [rule.table?.text ?? proxy.name] : [])));
  const [name] = names;
  if (name === undefined) return;
  const other = found.find((rule) => (rule?.table?.text ?? proxy.name) !== name);
  if (other) report.error(other.spot, 'all `stick` lines of a backend need the same table');
  const table = tableLine(proxies.find((each) => each.name === name) ?? proxy);
  if (!table) {
    report.error(first.first, `there is no \`stick-table\` in \`${name}\``);
    return;
  }
  const stick: Entries = {};
  draft.put(backend, 'stick', stick, first.first);
  if (name !== proxy.name) draft.put(stick, 'table', name, first.first);
  tableOf(table, peers, stick, draft, report);
  const keys: unknown[] = [];
  draft.put(stick, 'on', keys, first.first);
  for (const { key, use, spot } of merged(found.filter((rule) => rule !== undefined)))
    draft.push(keys, { ...key, ...(use !== 'both' && { use }) }, spot);
}

function tableLine({ lines }: Proxy): Line | undefined {
  return lines.findLast(({ first }) => first.text === 'stick-table');
}

interface Rule {
  readonly key: Entries;
  readonly use: 'both' | 'match' | 'store';
  readonly table: Word | undefined;
  readonly spot: Word;
}

const uses: Readonly<Record<string, Rule['use']>> = { on: 'both', match: 'match', 'store-request': 'store' };

/** `stick on src table other` */
function ruleOf({ words, first }: Line, report: Report): Rule | undefined {
  const [, what, pattern, ...rest] = words;
  const use = uses[what?.text ?? ''];
  if (!what || !pattern || use === undefined) {
    report.error(
      what ?? first,
      `\`stick ${what?.text ?? ''}\` cannot be carried over`,
      'Use `on`, `match` or `store-request`.',
    );
    return undefined;
  }
  const condition = rest.find(({ text }) => text === 'if' || text === 'unless');
  if (condition) report.error(condition, 'stickiness under a condition cannot be carried over');
  const key = keyOf(pattern.text);
  if (!key) {
    report.error(
      pattern,
      `\`${pattern.text}\` cannot be a key of a table here`,
      'There are src, hdr, req.cook, url_param and path.',
    );
    return undefined;
  }
  const at = rest.findIndex(({ text }) => text === 'table');
  return { key, use, table: at < 0 ? undefined : rest[at + 1], spot: pattern };
}

/** `src,ipmask(24,64)`, `req.hdr(X-User)`, `path`: what of a request it is. */
function keyOf(text: string): Entries | undefined {
  const [, name = '', argument = '', rest = ''] = /^([a-z0-9_.]+)(?:\(([^)]*)\))?(?:,(.*))?$/.exec(text) ?? [];
  if (name === 'src') {
    const [, four, six] = /^ipmask\(([0-9]{1,2})(?:,([0-9]{1,3}))?\)$/.exec(rest) ?? [];
    if (rest !== '' && four === undefined) return undefined;
    return { key: 'source', ...(four && { ipv4Prefix: Number(four) }), ...(six && { ipv6Prefix: Number(six) }) };
  }
  if (rest !== '') return undefined;
  const [value = ''] = argument.split(',');
  if (/^(?:req\.)?f?hdr$/.test(name)) return { key: 'header', name: value };
  if (/^(?:req\.)?cook$/.test(name)) return { key: 'cookie', name: value };
  if (name === 'url_param' || name === 'urlp') return { key: 'query', name: value };
  if (name === 'path') return { key: 'uri' };
  return name === 'url' || name === 'pathq' ? { key: 'uri', whole: true } : undefined;
}

/** `stick match X` and `stick store-request X` are `stick on X`. */
function merged(rules: readonly Rule[]): readonly Rule[] {
  const found = new Map<string, Rule>();
  for (const rule of rules) {
    const text = JSON.stringify(rule.key);
    const known = found.get(text);
    found.set(text, known && known.use !== rule.use ? { ...known, use: 'both' } : (known ?? rule));
  }
  return [...found.values()];
}

function tableOf({ words }: Line, peers: ReadonlySet<string>, stick: Entries, draft: Draft, report: Report): void {
  let isLimited = false;
  for (let at = 1; at < words.length; at += 1) {
    const word = words[at];
    const value = words[at + 1];
    if (!word) continue;
    const takes = word.text !== 'nopurge';
    if (takes) at += 1;
    if (word.text === 'nopurge') draft.put(stick, 'nopurge', true, word);
    else if (word.text === 'type' && value) type(value, stick, draft, report);
    else if (word.text === 'len' && value) draft.put(stick, 'len', Number(value.text), word);
    else if (word.text === 'size' && value) size(value, stick, draft, report);
    else if (word.text === 'expire' && value) {
      isLimited = true;
      draft.put(stick, 'expire', durationOf(value.text) ?? value.text, word);
    } else if (word.text === 'store' && value) store(value, stick, draft, report);
    else if (word.text === 'peers' && value) sharing(value, peers, stick, draft, report);
    else if (word.text !== 'srvkey') report.error(word, `\`${word.text}\` of a table cannot be carried over`);
  }
  const [first] = words;
  if (!isLimited && first) draft.put(stick, 'expire', '0', first);
}

function sharing(word: Word, peers: ReadonlySet<string>, stick: Entries, draft: Draft, report: Report): void {
  if (peers.has(word.text)) draft.put(stick, 'peers', word.text, word);
  else report.warning(word, `the table is not shared: there are no peers \`${word.text}\` in force`);
}

function type(word: Word, stick: Entries, draft: Draft, report: Report): void {
  if (/^(?:ip|ipv6|integer|string)$/.test(word.text)) draft.put(stick, 'type', word.text, word);
  else report.error(word, `a table of type \`${word.text}\` cannot be carried over`, 'Use string.');
}

function size(word: Word, stick: Entries, draft: Draft, report: Report): void {
  const [, count, unit = ''] = /^([0-9]+)([kmgKMG]?)$/.exec(word.text) ?? [];
  const factor = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[unit.toLowerCase()] ?? 1;
  if (count === undefined) report.error(word, `\`${word.text}\` is not a size`);
  if (Number(count) * factor > maxSize) report.warning(word, `a table holds at most ${maxSize} entries`);
  draft.put(stick, 'size', Math.min(maxSize, Number(count) * factor), word);
}

/** `conn_cnt,http_req_rate(10s)` */
function store(word: Word, stick: Entries, draft: Draft, report: Report): void {
  const known: ReadonlySet<string> = new Set(stickDataNames);
  const kept: string[] = [];
  for (const text of word.text.split(/,(?![^(]*\))/)) {
    const [name = '', period] = text.split(/[()]/);
    // Always there.
    if (name === 'server_id' || name === 'server_key') continue;
    const duration = period === undefined ? undefined : durationOf(period);
    if (!known.has(name)) report.warning(word, `\`${name}\` is not counted here`);
    else kept.push(duration === undefined ? name : `${name}(${duration})`);
  }
  const before = stick['store'] as string[] | undefined;
  if (kept.length > 0) draft.put(stick, 'store', [...(before ?? []), ...kept], word);
}
