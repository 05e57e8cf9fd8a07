// `show table`, `set table` and `clear table` of the stats socket, in HAProxy's words.
import { sdbm } from '../balance/hash-ring.ts';
import { compareKeys, readStickKey } from '../balance/stick-key.ts';
import { serversOfTable } from '../balance/stick-servers.ts';
import type { StickEntry, StickTable } from '../balance/stick-table.ts';
import type { StickTables } from '../balance/stick-tables.ts';
import type { ProxyConfig } from '../config/model.ts';
import type { SocketLevel } from './command.ts';
import { failure, type Reply } from './reply.ts';

export type TableAction = 'show' | 'set' | 'clear';

/** What the commands work on; what they change is done by others. */
export interface TableContext {
  readonly tables: StickTables;
  readonly config: ProxyConfig;
  readonly nowMs: number;
  /** Keys may be cookies and tokens: not for who only looks. */
  readonly level: SocketLevel;
  /** An entry was written. */
  readonly tell: (table: StickTable, key: string) => void;
  readonly forget: (table: StickTable, keys: readonly string[]) => void;
}

/** Data of HAProxy's tables that cannot be stored here. */
const others: ReadonlySet<string> = new Set([
  'gpt0', 'gpt', 'gpc', 'gpc_rate', 'gpc0_rate', 'gpc1', 'gpc1_rate', 'conn_cur', 'sess_cnt', 'sess_rate', 'server_key',
  'http_fail_cnt', 'http_fail_rate', 'conn_cnt', 'conn_rate', 'http_req_cnt', 'http_req_rate', 'http_err_cnt',
  'http_err_rate', 'bytes_in_cnt', 'bytes_in_rate', 'bytes_out_cnt', 'bytes_out_rate', 'gpc0',
]); // prettier-ignore

/** What HAProxy says instead of contents to who only looks. */
const notDumped = '# contents not dumped due to insufficient privileges\n';

const required: Readonly<Record<Exclude<TableAction, 'show'>, string>> = {
  set: 'Required arguments: <table> key <key> [data.<store_data_type> <value>]*\n',
  clear: 'Required arguments: <table> "data.<store_data_type>" <operator> <value> or <table> key <key>\n',
};

/** Carries out the words behind `show table` and the like; returns the answer. */
export function tableCommand(action: TableAction, words: readonly string[], context: TableContext): Reply {
  const [name, ...rest] = words;
  if (name === undefined) {
    if (action !== 'show') return failure(required[action]);
    return context.tables.tables.map((table) => headOf(table, context.nowMs)).join('');
  }
  const table = context.tables.find(name);
  if (!table) return failure('No such table\n');
  const [what = '', text] = rest;
  if (what === 'key') {
    if (text === undefined) return failure('Key value expected\n');
    if (context.level === 'user') return failure('Permission denied\n');
    const key = readStickKey(text, table.config);
    if (key === undefined) return failure('Invalid key\n');
    return action === 'set' ? setEntry(table, key, rest.slice(2), context) : ofKey(action, table, key, context);
  }
  if (action === 'set') return failure(required.set);
  if (what !== '' && !what.startsWith('data.')) {
    return failure(
      action === 'clear'
        ? required.clear
        : 'Optional argument only supports "data.<store_data_type>" <operator> <value> and key <key>\n',
    );
  }
  const filters = filtersOf(rest, table);
  if (typeof filters === 'string') return failure(filters);
  if (context.level === 'user') return headOf(table, context.nowMs) + notDumped;
  const found = [...table.entries(context.nowMs)].filter(([, entry]) =>
    filters.every((filter) => filter.holds(valueOf(filter.name, table, entry, context))),
  );
  if (action === 'clear') {
    context.forget(
      table,
      found.map(([key]) => key),
    );
    return '';
  }
  found.sort(([one], [other]) => compareKeys(table.config.type, one, other));
  return headOf(table, context.nowMs) + found.map(([key, entry]) => lineOf(key, entry, table, context)).join('');
}

function ofKey(action: TableAction, table: StickTable, key: string, context: TableContext): string {
  const entry = table.find(key, context.nowMs);
  if (!entry) return '';
  if (action === 'show') return headOf(table, context.nowMs) + lineOf(key, entry, table, context);
  context.forget(table, [key]);
  return '';
}

function setEntry(table: StickTable, key: string, words: readonly string[], context: TableContext): Reply {
  const values: (readonly [name: string, value: number])[] = [];
  for (let at = 0; at < words.length; at += 2) {
    const [word = '', text = ''] = words.slice(at, at + 2);
    if (!word.startsWith('data.')) return failure('"data.<type>" followed by a value expected\n');
    const name = word.slice('data.'.length);
    const problem = dataProblem(name, table);
    if (problem !== undefined) return failure(problem);
    if (!/^[0-9]{1,15}$/.test(text)) return failure('Require a valid integer value to store\n');
    values.push([name, Number(text)]);
  }
  const before = table.find(key, context.nowMs)?.server ?? '';
  const id = values.findLast(([name]) => name === 'server_id')?.[1];
  const server = id === undefined ? before : id === 0 ? '' : serversOf(table, context).get(id);
  if (server === undefined) return failure(`No server of this table has the id ${id ?? 0}\n`);
  if (!table.store(key, server, context.nowMs)) return failure('Unable to allocate a new entry\n');
  const entry = table.find(key, context.nowMs);
  for (const [name, value] of values) {
    const datum = table.config.data.find((each) => each.name === name);
    if (entry && datum) table.dataOf(entry).set(datum, value, context.nowMs);
  }
  context.tell(table, key);
  return '';
}

interface Filter {
  readonly name: string;
  readonly holds: (value: number) => boolean;
}

type Compare = (value: number, wanted: number) => boolean;
const operators: Readonly<Record<string, Compare>> = {
  eq: (value, wanted) => value === wanted,
  ne: (value, wanted) => value !== wanted,
  le: (value, wanted) => value <= wanted,
  ge: (value, wanted) => value >= wanted,
  lt: (value, wanted) => value < wanted,
  gt: (value, wanted) => value > wanted,
};

/** `data.x op v`, any number of them; or what is wrong. */
function filtersOf(words: readonly string[], table: StickTable): readonly Filter[] | string {
  const filters: Filter[] = [];
  for (let at = 0; at < words.length; at += 3) {
    const [word = '', operator = '', text = ''] = words.slice(at, at + 3);
    const place = `Filter entry #${filters.length + 1}: `;
    const name = word.replace(/^data\./, '');
    const problem = word === name ? 'Unknown data type\n' : dataProblem(name, table);
    if (problem !== undefined) return place + problem;
    const compare = Object.hasOwn(operators, operator) ? operators[operator] : undefined;
    if (!compare) return `${place}Require and operator among "eq", "ne", "le", "ge", "lt", "gt"\n`;
    if (!/^-?[0-9]{1,15}$/.test(text)) return `${place}Require a valid integer value to compare against\n`;
    filters.push({ name, holds: (value) => compare(value, Number(text)) });
  }
  return filters;
}

function dataProblem(name: string, { config }: StickTable): string | undefined {
  if (name === 'server_id' || config.data.some((datum) => datum.name === name)) return undefined;
  return others.has(name) ? 'Data type not stored in this table\n' : 'Unknown data type\n';
}

function valueOf(name: string, table: StickTable, entry: StickEntry, context: TableContext): number {
  if (name === 'server_id') return idOf(entry.server, table, context);
  const datum = table.config.data.find((each) => each.name === name);
  return (datum && entry.data?.value(datum, context.nowMs)) ?? 0;
}

function idOf(server: string, table: StickTable, context: TableContext): number {
  for (const [id, name] of serversOf(table, context)) if (name === server) return id;
  return 0;
}

function serversOf(table: StickTable, { config }: TableContext): ReadonlyMap<number, string> {
  return serversOfTable(config.backends, table.config.name);
}

function headOf(table: StickTable, nowMs: number): string {
  const { name, type, size } = table.config;
  return `# table: ${name}, type: ${type}, size:${size}, used:${table.count(nowMs)}\n`;
}

/** HAProxy begins with the entry's address in memory: here a number that is as good for telling entries apart. */
function lineOf(key: string, entry: StickEntry, table: StickTable, context: TableContext): string {
  const { expireMs, data } = table.config;
  const { nowMs } = context;
  const left = expireMs === 0 ? 0 : Math.max(0, Math.round(expireMs - (nowMs - entry.usedMs)));
  const counted = data.map((datum) => {
    const period = datum.periodMs === 0 ? '' : `(${datum.periodMs})`;
    return `${datum.name}${period}=${entry.data?.value(datum, nowMs) ?? 0}`;
  });
  const words = [`key=${key}`, 'use=0', `exp=${left}`, `server_id=${idOf(entry.server, table, context)}`, ...counted];
  return `0x${sdbm(key).toString(16)}: ${words.join(' ')} server_key=${entry.server || '-'}\n`;
}
