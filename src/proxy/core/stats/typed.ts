// `show stat json|typed` and `show info json|typed`: values with what they are, as HAProxy tells it.
import type { StatFilter } from './commands.ts';
import { columns, type Row } from './rows.ts';

/** Origin, nature and scope in three letters, then the type of the value. */
const columnTags: Readonly<Record<string, string>> = tagsOf({
  'KNS str': 'pxname svname',
  'MGP u32': 'scur rate rate_max qcur act bck srv_icur idle_conn_cur safe_conn_cur used_conn_cur need_conn_est',
  'MMP u32': 'smax req_rate_max conn_rate_max qmax qtime_max ctime_max rtime_max ttime_max',
  'CLP u32': 'slim rate_lim qlimit',
  'MCP u64':
    'stot bin bout dreq dresp ereq hrsp_1xx hrsp_2xx hrsp_3xx hrsp_4xx hrsp_5xx hrsp_other req_tot comp_in comp_out ' +
    'comp_byp comp_rsp conn_tot intercepted dcon dses wrew cache_lookups cache_hits eint econ eresp wretr wredis ' +
    'chkfail chkdown lbtot cli_abrt srv_abrt connect reuse hanafail',
  'SGP str': 'status',
  'KGP u32': 'pid',
  'KGS u32': 'iid sid',
  'CGS u32': 'type check_rise check_fall check_health',
  'MRP u32': 'req_rate conn_rate',
  'CGS str': 'mode addr algo',
  'MaP u32': 'weight qtime ctime rtime ttime uweight throttle',
  'MAP u32': 'lastchg',
  'MCP u32': 'downtime',
  'MOP str': 'check_status last_chk check_desc',
  'MDP u64': 'check_duration',
  'MOP u32': 'check_code',
  'MAP s32': 'lastsess',
  'CNS str': 'cookie',
});

const infoTags: Readonly<Record<string, string>> = tagsOf({
  'POS str': 'Name Version Release_date',
  'CGS u32': 'Nbthread Nbproc',
  'KGP u32': 'Process_num',
  'SGP u32': 'Pid',
  'MDP str': 'Uptime',
  'MDP u32': 'Uptime_sec Start_time_sec',
  'CLP u32': 'Maxconn Maxsock Memmax_MB Ulimit-n Maxpipes',
  'MCP u64': 'CumConns CumReq',
  'MRP u32': 'ConnRate SessRate',
  'MMP u32': 'MaxConnRate MaxSessRate',
  'COS str': 'node',
});

function tagsOf(groups: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(groups).flatMap(([tag, names]) => names.split(' ').map((name) => [name, tag] as const)),
  );
}

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
    if (filter.iid !== -1 && row['iid'] !== filter.iid) return false;
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
        .map(({ position, name, tag, type, value }) => `${place}.${position}.${name}.1:${tag}V:${type}:${value}\n`)
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
      return `${position}.${name}.1:${tag}V:${type}:${value}\n`;
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

function valuesOf(row: Row): Value[] {
  return columns.flatMap((name, position) => {
    const value = row[name];
    if (value === undefined) return [];
    const [tag = 'MGP', type = 'str'] = (columnTags[name] ?? '').split(' ').filter(Boolean);
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
