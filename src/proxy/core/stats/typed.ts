// `show stat json|typed` and `show info json|typed`: values with what they are, as HAProxy tells it.
import { columns, backendTags, columnTags, infoTags } from './columns.ts';
import type { StatFilter } from './command.ts';
import type { Row } from './rows.ts';

const origins: Readonly<Record<string, string>> = { M: 'Metric', S: 'Status', K: 'Key', C: 'Config', P: 'Product' };
const scopes: Readonly<Record<string, string>> = { C: 'Cluster', S: 'Service', P: 'Process' };
const natures: Readonly<Record<string, string>> = {
  G: 'Gauge',
  L: 'Limit',
  m: 'Min',
  M: 'Max',
  R: 'Rate',
  C: 'Counter',
  D: 'Duration',
  A: 'Age',
  T: 'Time',
  N: 'Name',
  O: 'Output',
  a: 'Avg',
};

const kinds = [
  ['F', 'Frontend'],
  ['B', 'Backend'],
  ['S', 'Server'],
] as const;

interface Value {
  readonly position: number;
  readonly name: string;
  readonly tag: string;
  readonly type: string;
  readonly value: string | number;
}

/** Rows that a filter lets through. */
export function filteredRows(rows: readonly Row[], filter: StatFilter): readonly Row[] {
  return rows.filter((row) => {
    const type = Number(row['type']);
    const status = String(row['status']);
    if (filter.proxy !== -1 && row['iid'] !== filter.proxy && row['pxname'] !== filter.proxy) return false;
    if (filter.kinds !== -1 && (filter.kinds & (1 << type)) === 0) return false;
    if (filter.sid !== -1 && type === 2 && row['sid'] !== filter.sid) return false;
    if (filter.noMaint && status.startsWith('MAINT')) return false;
    return !(filter.onlyUp && type === 2 && !/^(UP|DRAIN|no check)/.test(status));
  });
}

export function rowsTyped(rows: readonly Row[]): string {
  return rows
    .map((row) => {
      const [letter] = kinds[Number(row['type'])] ?? ['S'];
      const place = `${letter}.${row['iid'] ?? 0}.${row['sid'] ?? 0}`;
      return valuesOf(row)
        .map(({ position, name, tag, type, value }) => `${place}.${position}.${name}.1:${tag}:${type}:${value}\n`)
        .join('');
    })
    .join('');
}

export function rowsJson(rows: readonly Row[]): string {
  const objects = rows.map((row) =>
    valuesOf(row).map((value) => ({
      objType: kinds[Number(row['type'])]?.[1],
      proxyId: row['iid'],
      id: row['sid'],
      ...described(value),
    })),
  );
  return `${JSON.stringify(objects)}\n`;
}

export type Info = readonly (readonly [string, string | number])[];

export function infoTyped(info: Info): string {
  return info
    .map(([name, value], position) => {
      const [tag = 'MGP', type = typeof value === 'number' ? 'u32' : 'str'] = (infoTags[name] ?? '')
        .split(' ')
        .filter(Boolean);
      return `${position}.${name}.1:${tag}:${type}:${value}\n`;
    })
    .join('');
}

export function infoJson(info: Info): string {
  const objects = info.map(([name, value], position) => {
    const [tag = 'MGP', type = typeof value === 'number' ? 'u32' : 'str'] = (infoTags[name] ?? '')
      .split(' ')
      .filter(Boolean);
    return described({ position, name, tag, type, value });
  });
  return `${JSON.stringify(objects)}\n`;
}

const valued = columns.filter((name) => name !== '-');

function valuesOf(row: Row): Value[] {
  // What divides the columns is none of the values.
  return valued.flatMap((name, position) => {
    const value = row[name];
    if (value === undefined) return [];
    const tags = (row['type'] === 1 ? backendTags[name] : undefined) ?? columnTags[name] ?? '';
    const [tag = 'MGP', type = 'str'] = tags.split(' ').filter(Boolean);
    return [{ position, name, tag, type, value }];
  });
}

function described({ position, name, tag, type, value }: Value): object {
  const [origin = '', nature = '', scope = ''] = tag;
  return {
    field: { pos: position, name },
    processNum: 1,
    tags: { origin: origins[origin], nature: natures[nature], scope: scopes[scope] },
    value: { type, value },
  };
}
