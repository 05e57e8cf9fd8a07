// Statistics as rows of named columns, in HAProxy's order; the CSV, the page and other readers are made of these.
import type { ProxyConfig } from '../config/model.ts';
import { Counters } from '../counters.ts';
import { endpointText } from '../server-address.ts';
import type { ServerRecord } from '../server-record.ts';
import { RateTracker } from './rates.ts';
import { throttlePercent } from '../slowstart.ts';

/** HAProxy's static columns 0 to 99. Readers go by these names and this order. */
export const columns = (
  'pxname svname qcur qmax scur smax slim stot bin bout dreq dresp ereq econ eresp wretr wredis status weight act bck ' +
  'chkfail chkdown lastchg downtime qlimit pid iid sid throttle lbtot tracked type rate rate_lim rate_max check_status ' +
  'check_code check_duration hrsp_1xx hrsp_2xx hrsp_3xx hrsp_4xx hrsp_5xx hrsp_other hanafail req_rate req_rate_max ' +
  'req_tot cli_abrt srv_abrt comp_in comp_out comp_byp comp_rsp lastsess last_chk last_agt qtime ctime rtime ttime ' +
  'agent_status agent_code agent_duration check_desc agent_desc check_rise check_fall check_health agent_rise agent_fall ' +
  'agent_health addr cookie mode algo conn_rate conn_rate_max conn_tot intercepted dcon dses wrew connect reuse ' +
  'cache_lookups cache_hits srv_icur src_ilim qtime_max ctime_max rtime_max ttime_max eint idle_conn_cur safe_conn_cur ' +
  'used_conn_cur need_conn_est uweight'
).split(' ');

export type Row = Readonly<Record<string, string | number | undefined>>;

export interface StatsInput {
  readonly config: ProxyConfig;
  readonly records: readonly ServerRecord[];
  readonly counters: ReadonlyMap<string, Counters>;
  readonly nowMs: number;
  readonly rates?: RateTracker;
}

const none = new Counters();
const noRates = new RateTracker();

/** One row a frontend, then a row a server and one for its backend. */
export function statsRows(input: StatsInput): Row[] {
  const { config, counters, rates = noRates } = input;
  const frontends = config.frontends.map((frontend, index) => ({
    ...traffic(counters.get(`frontend:${frontend.name}`) ?? none),
    pxname: frontend.name,
    svname: 'FRONTEND',
    status: frontend.binds.length === 0 ? 'STOP' : 'OPEN',
    type: 0,
    pid: 1,
    iid: index + 2,
    sid: 0,
    slim: frontend.maxconn,
    scur: (counters.get(`frontend:${frontend.name}`) ?? none).connections,
    stot: (counters.get(`frontend:${frontend.name}`) ?? none).connectionsTotal,
    conn_tot: (counters.get(`frontend:${frontend.name}`) ?? none).connectionsTotal,
    req_tot: (counters.get(`frontend:${frontend.name}`) ?? none).sessionsTotal,
    dcon: (counters.get(`frontend:${frontend.name}`) ?? none).deniedConnections,
    mode: frontend.mode,
    rate: Math.round(rates.ratesOf(`frontend:${frontend.name}`).connections),
    rate_max: Math.round(rates.ratesOf(`frontend:${frontend.name}`).connectionsMax),
    rate_lim: 0,
    conn_rate: Math.round(rates.ratesOf(`frontend:${frontend.name}`).connections),
    conn_rate_max: Math.round(rates.ratesOf(`frontend:${frontend.name}`).connectionsMax),
    req_rate: Math.round(rates.ratesOf(`frontend:${frontend.name}`).requests),
    req_rate_max: Math.round(rates.ratesOf(`frontend:${frontend.name}`).requestsMax),
  }));
  return [...frontends, ...config.backends.flatMap((_, index) => backendRows(input, index))];
}

function backendRows({ config, records, counters, nowMs, rates = noRates }: StatsInput, index: number): Row[] {
  const backend = config.backends[index];
  if (!backend) return [];
  const iid = config.frontends.length + 2 + index;
  const own = records.filter((record) => record.backend.name === backend.name);
  const servers = own.map((record) => ({
    ...serverRow(record, counters.get(`server:${record.key}`) ?? none, iid, nowMs),
    ...rateColumns(rates, `server:${record.key}`),
  }));
  const usable = own.filter((record) => record.up && record.adminNow === 'ready');
  const totals = counters.get(`backend:${backend.name}`) ?? none;
  const sums = new Counters();
  for (const record of own) sums.add((counters.get(`server:${record.key}`) ?? none).toArray());
  return [
    ...servers,
    {
      ...traffic(totals),
      ...rateColumns(rates, `backend:${backend.name}`),
      pxname: backend.name,
      svname: 'BACKEND',
      status: usable.length > 0 ? 'UP' : 'DOWN',
      weight: usable.reduce((sum, record) => sum + record.weight, 0),
      uweight: usable.reduce((sum, record) => sum + record.weight, 0),
      act: usable.filter((record) => !record.config.backup).length,
      bck: usable.filter((record) => record.config.backup).length,
      chkdown: own.reduce((sum, record) => sum + record.downTransitions, 0),
      lastchg: Math.floor((nowMs - Math.max(0, ...own.map((record) => record.changedAtMs))) / 1000),
      downtime: 0,
      econ: sums.connectErrors,
      eresp: sums.responseErrors,
      wretr: sums.retries,
      wredis: sums.redispatches,
      connect: sums.connects,
      reuse: sums.reuses,
      lbtot: sums.picked,
      type: 1,
      pid: 1,
      iid,
      sid: 0,
      mode: 'http',
      algo: backend.balance,
      cookie: backend.cookie?.name,
      req_tot: totals.sessionsTotal,
    },
  ];
}

function serverRow(record: ServerRecord, counters: Counters, iid: number, nowMs: number): Row {
  const { config, backend, lastCheck, health } = record;
  return {
    ...traffic(counters),
    pxname: backend.name,
    svname: config.name,
    status: record.describe(),
    weight: record.weight,
    uweight: record.weight,
    act: config.backup ? 0 : 1,
    bck: config.backup ? 1 : 0,
    slim: record.maxconnNow === 0 ? undefined : record.maxconnNow,
    chkfail: record.checkFailures,
    chkdown: record.downTransitions,
    lastchg: Math.floor((nowMs - record.changedAtMs) / 1000),
    downtime: Math.floor(record.downtimeMs(nowMs) / 1000),
    pid: 1,
    iid,
    sid: config.id,
    throttle: record.up ? throttlePercent(record.risingSinceMs, backend.slowstartMs, nowMs) : undefined,
    lbtot: counters.picked,
    tracked: config.track === '' ? undefined : config.track,
    type: 2,
    check_status: config.check ? (lastCheck?.code ?? 'INI') : undefined,
    check_code: lastCheck?.status,
    check_duration: lastCheck && Math.round(lastCheck.durationMs),
    last_chk: lastCheck?.detail,
    check_desc: lastCheck && (lastCheck.passed ? 'check passed' : 'check failed'),
    check_rise: config.check?.rise,
    check_fall: config.check?.fall,
    check_health: health?.value,
    addr: record.isUnresolved ? endpointText(config) : endpointText(record),
    cookie: backend.cookie && config.cookie,
    mode: 'http',
    srv_icur: counters.idle,
    idle_conn_cur: counters.idle,
    used_conn_cur: counters.sessions,
  };
}

function rateColumns(rates: RateTracker, row: string): Row {
  const { requests, requestsMax } = rates.ratesOf(row);
  return { rate: Math.round(requests), rate_max: Math.round(requestsMax) };
}

/** The columns that every kind of row has. */
function traffic(counters: Counters): Row {
  const average = (total: number): number => (counters.timed === 0 ? 0 : Math.round(total / counters.timed));
  return {
    qcur: counters.queued,
    qmax: counters.queuedMax,
    scur: counters.sessions,
    smax: counters.sessionsMax,
    stot: counters.sessionsTotal,
    bin: counters.bytesIn,
    bout: counters.bytesOut,
    dreq: counters.denied,
    intercepted: counters.intercepted,
    dresp: 0,
    ereq: counters.requestErrors,
    econ: counters.connectErrors,
    eresp: counters.responseErrors,
    wretr: counters.retries,
    wredis: counters.redispatches,
    hrsp_1xx: counters.status1xx,
    hrsp_2xx: counters.status2xx,
    hrsp_3xx: counters.status3xx,
    hrsp_4xx: counters.status4xx,
    hrsp_5xx: counters.status5xx,
    hrsp_other: counters.statusOther,
    cli_abrt: counters.clientAborts,
    srv_abrt: counters.serverAborts,
    qtime: average(counters.queueMs),
    ctime: average(counters.connectMs),
    rtime: average(counters.responseMs),
    ttime: average(counters.totalMs),
    connect: counters.connects,
    reuse: counters.reuses,
  };
}

/** `show stat`: a header line that starts with `# `, one line a row, a comma after each field. */
export function statsCsv(rows: readonly Row[]): string {
  const lines = rows.map((row) => columns.map((column) => `${csvField(row[column])},`).join(''));
  return `# ${columns.join(',')},\n${lines.join('\n')}\n`;
}

function csvField(value: string | number | undefined): string {
  const text = value === undefined ? '' : String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
