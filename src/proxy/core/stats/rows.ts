// Statistics as rows of named columns, in HAProxy's order; the CSV, the page and other readers are made of these.
import type { BackendConfig, FrontendConfig, ProxyConfig } from '../config/model.ts';
import { Counters } from '../counters.ts';
import { endpointText } from '../server-address.ts';
import type { ServerRecord } from '../server-record.ts';
import { RateTracker } from './rates.ts';
import { throttlePercent } from '../slowstart.ts';
import { type BackendTimes, downtimeMs } from './backend-times.ts';
import { checkDescriptions, columns } from './columns.ts';

export type Row = Readonly<Record<string, string | number | undefined>>;

export interface StatsInput {
  readonly config: ProxyConfig;
  readonly records: readonly ServerRecord[];
  readonly counters: ReadonlyMap<string, Counters>;
  readonly nowMs: number;
  readonly rates?: RateTracker;
  readonly times?: BackendTimes;
}

const none = new Counters();
const noRates = new RateTracker();

/** One row a frontend, then a row a server and one for its backend. What a kind of row lacks is as HAProxy has it. */
export function statsRows(input: StatsInput): Row[] {
  const { config, counters, rates = noRates } = input;
  const frontends = config.frontends.map((frontend, index): Row => {
    const row = `frontend:${frontend.name}`;
    const own = counters.get(row) ?? none;
    const { connections, connectionsMax, requests, requestsMax } = rates.ratesOf(row);
    return {
      ...traffic(own),
      ...compression(own),
      ssl_sess: own.tlsSessions,
      ssl_reused_sess: own.tlsReused,
      pxname: frontend.name,
      svname: 'FRONTEND',
      status: frontend.binds.length === 0 ? 'STOP' : 'OPEN',
      type: 0,
      pid: 1,
      iid: index + 2,
      sid: 0,
      slim: frontend.maxconn,
      scur: own.connections,
      stot: own.connectionsTotal,
      conn_tot: own.connectionsTotal,
      req_tot: own.sessionsTotal,
      dreq: own.denied,
      ereq: own.requestErrors,
      intercepted: own.intercepted,
      dcon: own.deniedConnections,
      mode: frontend.mode,
      rate: Math.round(connections),
      rate_max: Math.round(connectionsMax),
      rate_lim: 0,
      conn_rate: Math.round(connections),
      conn_rate_max: Math.round(connectionsMax),
      req_rate: Math.round(requests),
      req_rate_max: Math.round(requestsMax),
    };
  });
  return [...frontends, ...config.backends.flatMap((_, index) => backendRows(input, index))];
}

function backendRows(input: StatsInput, index: number): Row[] {
  const { config, records, counters, nowMs, rates = noRates } = input;
  const backend = config.backends[index];
  if (!backend) return [];
  const shared = { iid: config.frontends.length + 2 + index, mode: modeOf(config, backend.name) };
  const own = records.filter((record) => record.backend.name === backend.name);
  const servers = own.map((record) => ({
    ...serverRow(record, counters.get(`server:${record.key}`) ?? none, nowMs),
    ...shared,
    ...rateColumns(rates, `server:${record.key}`, nowMs),
  }));
  return [...servers, { ...backendRow(input, backend, own), ...shared }];
}

/** Its own counters, and sums over its servers. */
function backendRow(input: StatsInput, backend: BackendConfig, own: readonly ServerRecord[]): Row {
  const { config, counters, nowMs, rates = noRates, times } = input;
  const usable = own.filter((record) => record.up && record.adminNow === 'ready');
  const totals = counters.get(`backend:${backend.name}`) ?? none;
  const sums = new Counters();
  for (const record of own) sums.add((counters.get(`server:${record.key}`) ?? none).toArray());
  const time = times?.of(backend.name);
  return {
    ...traffic(totals),
    ...compression(totals),
    ...pool(totals),
    ...rateColumns(rates, `backend:${backend.name}`, nowMs),
    pxname: backend.name,
    svname: 'BACKEND',
    status: usable.length > 0 ? 'UP' : 'DOWN',
    slim: fullconnOf(config, backend),
    weight: usable.reduce((sum, record) => sum + record.weight, 0),
    uweight: usable.reduce((sum, record) => sum + record.weight, 0),
    act: usable.filter((record) => !record.config.backup).length,
    bck: usable.filter((record) => record.config.backup).length,
    chkdown: time?.downs ?? 0,
    lastchg: Math.floor((nowMs - (time?.changedAtMs ?? nowMs)) / 1000),
    downtime: time ? Math.floor(downtimeMs(time, nowMs) / 1000) : 0,
    dreq: totals.denied,
    econ: sums.connectErrors,
    eresp: sums.responseErrors,
    wretr: sums.retries,
    wredis: sums.redispatches,
    connect: sums.connects,
    reuse: sums.reuses,
    lbtot: sums.picked,
    type: 1,
    pid: 1,
    sid: 0,
    algo: algorithmOf(backend),
    cookie: backend.cookie?.name,
    req_tot: totals.sessionsTotal,
  };
}

function serverRow(record: ServerRecord, counters: Counters, nowMs: number): Row {
  const { config, backend, lastCheck, health } = record;
  const code = lastCheck?.code ?? 'INI';
  return {
    ...traffic(counters),
    ...pool(counters),
    pxname: backend.name,
    svname: config.name,
    status: record.describe(),
    weight: record.weight,
    uweight: record.weight,
    act: config.backup ? 0 : 1,
    bck: config.backup ? 1 : 0,
    slim: record.maxconnNow === 0 ? undefined : record.maxconnNow,
    qlimit: config.maxqueue === 0 ? undefined : config.maxqueue,
    chkfail: config.check && record.checkFailures,
    chkdown: config.check && record.downTransitions,
    lastchg: Math.floor((nowMs - record.changedAtMs) / 1000),
    downtime: config.check && Math.floor(record.downtimeMs(nowMs) / 1000),
    pid: 1,
    sid: config.id,
    throttle: record.up ? throttlePercent(record.risingSinceMs, backend.slowstartMs, nowMs) : undefined,
    lbtot: counters.picked,
    tracked: config.track === '' ? undefined : config.track,
    type: 2,
    check_status: config.check && code,
    check_code: lastCheck?.status,
    check_duration: lastCheck && Math.round(lastCheck.durationMs),
    last_chk: lastCheck?.detail,
    check_desc: config.check && checkDescriptions[code],
    check_rise: config.check?.rise,
    check_fall: config.check?.fall,
    check_health: health?.value,
    addr: record.isUnresolved ? endpointText(config) : endpointText(record),
    cookie: backend.cookie && config.cookie,
    req_tot: counters.sessionsTotal,
    srv_icur: counters.idle,
    idle_conn_cur: counters.idle,
    used_conn_cur: counters.sessions,
  };
}

/** A backend has no mode of its own: it is that of the frontends that lead to it. */
function modeOf({ frontends }: ProxyConfig, backend: string): 'http' | 'tcp' {
  return frontends.some((frontend) => frontend.mode === 'tcp' && leadsTo(frontend, backend)) ? 'tcp' : 'http';
}

function leadsTo({ defaultBackend, rules }: FrontendConfig, backend: string): boolean {
  return defaultBackend === backend || rules.some((rule) => rule.backend === backend);
}

/** As HAProxy has it where nobody says otherwise: a tenth of what all that lead there may let in. */
function fullconnOf({ frontends }: ProxyConfig, backend: BackendConfig): number {
  if (backend.servers.some(({ minconn }) => minconn > 0)) return backend.fullconn;
  const most = frontends.filter((frontend) => leadsTo(frontend, backend.name));
  return Math.max(1, Math.floor(most.reduce((sum, { maxconn }) => sum + maxconn, 0) / 10));
}

const algorithms: Readonly<Record<string, string>> = {
  uri: 'uri',
  header: 'hdr',
  query: 'url_param',
  source: 'source',
};

/** In HAProxy's words. */
function algorithmOf({ balance, hash }: BackendConfig): string {
  if (balance !== 'hash' || !hash) return balance;
  return algorithms[hash.key] ?? 'hash';
}

function rateColumns(rates: RateTracker, row: string, nowMs: number): Row {
  const { requests, requestsMax } = rates.ratesOf(row);
  return { rate: Math.round(requests), rate_max: Math.round(requestsMax), lastsess: rates.idleSecondsOf(row, nowMs) };
}

/** The columns that every kind of row has. */
function traffic(counters: Counters): Row {
  return {
    scur: counters.sessions,
    smax: counters.sessionsMax,
    stot: counters.sessionsTotal,
    bin: counters.bytesIn,
    bout: counters.bytesOut,
    dresp: 0,
    hrsp_1xx: counters.status1xx,
    hrsp_2xx: counters.status2xx,
    hrsp_3xx: counters.status3xx,
    hrsp_4xx: counters.status4xx,
    hrsp_5xx: counters.status5xx,
    hrsp_other: counters.statusOther,
  };
}

/** Those of frontends and backends. Nothing goes past the compressor for want of anything. */
function compression({ compressions, compressedIn, compressedOut }: Counters): Row {
  return { comp_in: compressedIn, comp_out: compressedOut, comp_byp: 0, comp_rsp: compressions };
}

/** Those of servers and backends. */
function pool(counters: Counters): Row {
  const average = (total: number): number => (counters.timed === 0 ? 0 : Math.round(total / counters.timed));
  return {
    qcur: counters.queued,
    qmax: counters.queuedMax,
    econ: counters.connectErrors,
    eresp: counters.responseErrors,
    wretr: counters.retries,
    wredis: counters.redispatches,
    cli_abrt: counters.clientAborts,
    srv_abrt: counters.serverAborts,
    qtime: average(counters.queueMs),
    ctime: average(counters.connectMs),
    rtime: average(counters.responseMs),
    ttime: average(counters.totalMs),
    qtime_max: Math.round(counters.queueMaxMs),
    ctime_max: Math.round(counters.connectMaxMs),
    rtime_max: Math.round(counters.responseMaxMs),
    ttime_max: Math.round(counters.totalMaxMs),
    connect: counters.connects,
    reuse: counters.reuses,
  };
}

/** `show stat`: a header line that starts with `# `, one line a row, a comma after each field. */
export function statsCsv(rows: readonly Row[]): string {
  const lines = rows.map((row) => columns.map((column) => `${column === '-' ? '-' : csvField(row[column])},`).join(''));
  return `# ${columns.join(',')},\n${lines.join('\n')}\n`;
}

function csvField(value: string | number | undefined): string {
  const text = value === undefined ? '' : String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
