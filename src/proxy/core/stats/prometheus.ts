// Statistics as families of metrics, under the names that HAProxy's own exporter has, so that dashboards and alerts go on
// working. Writing them down is the part of a library (server/metrics.ts).
import type { TableUsage } from '../balance/stick-tables.ts';
import { type Counters, latencyBounds } from '../counters.ts';
import type { Row } from './rows.ts';

type Kind = 'frontend' | 'backend' | 'server';

interface Metric {
  readonly kinds: readonly Kind[];
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly column: string;
  /** Milliseconds are told in seconds. */
  readonly scale?: number;
}

const all: readonly Kind[] = ['frontend', 'backend', 'server'];
const pools: readonly Kind[] = ['backend', 'server'];
const fronts: readonly Kind[] = ['frontend', 'backend'];
const one = (
  kinds: readonly Kind[],
  name: string,
  type: Metric['type'],
  column: string,
  help: string,
  scale = 1,
): Metric => ({ kinds, name, type, column, help, scale });

const metrics: readonly Metric[] = [
  one(pools, 'current_queue', 'gauge', 'qcur', 'Number of requests that wait now.'),
  one(pools, 'max_queue', 'gauge', 'qmax', 'Highest number of requests that waited.'),
  one(all, 'current_sessions', 'gauge', 'scur', 'Number of sessions under way now.'),
  one(all, 'max_sessions', 'gauge', 'smax', 'Highest number of sessions under way.'),
  one(['frontend'], 'max_session_rate', 'gauge', 'rate_max', 'Highest number of connections in a second.'),
  one(pools, 'max_session_rate', 'gauge', 'rate_max', 'Highest number of requests in a second.'),
  one(all, 'limit_sessions', 'gauge', 'slim', 'Limit of sessions under way.'),
  one(all, 'sessions_total', 'counter', 'stot', 'Total number of sessions.'),
  one(all, 'bytes_in_total', 'counter', 'bin', 'Total number of request bytes.'),
  one(all, 'bytes_out_total', 'counter', 'bout', 'Total number of response bytes.'),
  one(['frontend', 'backend'], 'requests_denied_total', 'counter', 'dreq', 'Total number of requests not let in.'),
  one(['frontend'], 'denied_connections_total', 'counter', 'dcon', 'Total number of connections beyond limits.'),
  one(['frontend'], 'request_errors_total', 'counter', 'ereq', 'Total number of invalid requests.'),
  one(['frontend'], 'intercepted_requests_total', 'counter', 'intercepted', 'Total number of requests answered here.'),
  one(['frontend'], 'connections_total', 'counter', 'conn_tot', 'Total number of connections.'),
  one(['frontend', 'backend'], 'http_requests_total', 'counter', 'req_tot', 'Total number of HTTP requests.'),
  one(pools, 'connection_errors_total', 'counter', 'econ', 'Total number of failed connections.'),
  one(pools, 'response_errors_total', 'counter', 'eresp', 'Total number of invalid responses.'),
  one(pools, 'retry_warnings_total', 'counter', 'wretr', 'Total number of attempts that were made again.'),
  one(pools, 'redispatch_warnings_total', 'counter', 'wredis', 'Total number of attempts that went elsewhere.'),
  one(pools, 'weight', 'gauge', 'weight', 'Effective weight.'),
  one(pools, 'uweight', 'gauge', 'uweight', 'Weight as configured or set.'),
  one(['backend'], 'active_servers', 'gauge', 'act', 'Number of usable servers that are no backups.'),
  one(['backend'], 'backup_servers', 'gauge', 'bck', 'Number of usable backup servers.'),
  one(['server'], 'check_failures_total', 'counter', 'chkfail', 'Total number of failed checks while up.'),
  one(pools, 'check_up_down_total', 'counter', 'chkdown', 'Total number of transitions from up to down.'),
  one(pools, 'check_last_change_seconds', 'gauge', 'lastchg', 'Seconds since the last transition.'),
  one(pools, 'downtime_seconds_total', 'counter', 'downtime', 'Total time down.'),
  one(['server'], 'current_throttle', 'gauge', 'throttle', 'Slowstart: percent of the full weight.'),
  one(pools, 'loadbalanced_total', 'counter', 'lbtot', 'Total number of picks.'),
  one(['server'], 'check_code', 'gauge', 'check_code', 'Status of the last HTTP check.'),
  one(['server'], 'check_duration_seconds', 'gauge', 'check_duration', 'Time of the last check.', 0.001),
  one(pools, 'client_aborts_total', 'counter', 'cli_abrt', 'Total number of transfers that clients broke off.'),
  one(pools, 'server_aborts_total', 'counter', 'srv_abrt', 'Total number of transfers that servers broke off.'),
  one(pools, 'queue_time_average_seconds', 'gauge', 'qtime', 'Average time in the queue.', 0.001),
  one(pools, 'connect_time_average_seconds', 'gauge', 'ctime', 'Average time to connect.', 0.001),
  one(pools, 'response_time_average_seconds', 'gauge', 'rtime', 'Average time to the response.', 0.001),
  one(pools, 'total_time_average_seconds', 'gauge', 'ttime', 'Average time in all.', 0.001),
  one(pools, 'max_queue_time_seconds', 'gauge', 'qtime_max', 'Longest time in the queue.', 0.001),
  one(pools, 'max_connect_time_seconds', 'gauge', 'ctime_max', 'Longest time to connect.', 0.001),
  one(pools, 'max_response_time_seconds', 'gauge', 'rtime_max', 'Longest time to the response.', 0.001),
  one(pools, 'max_total_time_seconds', 'gauge', 'ttime_max', 'Longest time in all.', 0.001),
  one(fronts, 'http_comp_bytes_in_total', 'counter', 'comp_in', 'Total number of bytes before compression.'),
  one(fronts, 'http_comp_bytes_out_total', 'counter', 'comp_out', 'Total number of bytes after compression.'),
  one(
    fronts,
    'http_comp_bytes_bypassed_total',
    'counter',
    'comp_byp',
    'Total number of bytes that compression left out.',
  ),
  one(fronts, 'http_comp_responses_total', 'counter', 'comp_rsp', 'Total number of compressed responses.'),
  one(pools, 'connection_attempts_total', 'counter', 'connect', 'Total number of connections opened.'),
  one(pools, 'connection_reuses_total', 'counter', 'reuse', 'Total number of connections used again.'),
  one(['server'], 'idle_connections_current', 'gauge', 'srv_icur', 'Number of idle connections.'),
  one(['server'], 'used_connections_current', 'gauge', 'used_conn_cur', 'Number of connections in use.'),
];

const serverStates = ['DOWN', 'UP', 'MAINT', 'DRAIN', 'NOLB'];
const checkStates =
  'HANA SOCKERR L4OK L4TOUT L4CON L6OK L6TOUT L6RSP L7TOUT L7RSP L7OK L7OKC L7STS PROCERR PROCTOUT PROCOK'.split(' ');
const codes = ['1xx', '2xx', '3xx', '4xx', '5xx', 'other'];

export interface MetricsFacts {
  readonly version: string;
  readonly workers: number;
  readonly uptimeSeconds: number;
  readonly startSeconds: number;
  readonly connections: number;
  readonly connectionsTotal: number;
  readonly requestsTotal: number;
  readonly droppedLogs: number;
  readonly tables: readonly TableUsage[];
}

export interface Sample {
  /** Of the name, for what a histogram is made of. */
  readonly suffix?: '_bucket' | '_sum' | '_count';
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface MetricFamily {
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** What a scrape of /metrics tells. */
export function metricFamilies(
  rows: readonly Row[],
  facts: MetricsFacts,
  counters: ReadonlyMap<string, Counters>,
): MetricFamily[] {
  const families = processFamilies(facts);
  for (const [type, kind] of (['frontend', 'backend', 'server'] as const).entries()) {
    const own = rows.filter((row) => row['type'] === type);
    for (const metric of metrics.filter(({ kinds }) => kinds.includes(kind))) {
      const samples = own.map((row) => ({
        labels: labels(row, kind),
        value: numberOf(row[metric.column], metric.scale),
      }));
      families.push({ ...metric, name: `haproxy_${kind}_${metric.name}`, samples });
    }
    const responses = own.flatMap((row) =>
      codes.map((code) => ({ labels: { ...labels(row, kind), code }, value: numberOf(row[`hrsp_${code}`]) })),
    );
    families.push(family(`haproxy_${kind}_http_responses_total`, 'counter', 'Total number of responses.', responses));
    const states = kind === 'server' ? serverStates : ['DOWN', 'UP'];
    families.push(family(`haproxy_${kind}_status`, 'gauge', 'State.', enumerated(own, kind, states, stateOf)));
    if (kind !== 'frontend') families.push(histogram(own, kind, counters));
  }
  const checked = rows.filter((row) => row['type'] === 2 && row['check_status'] !== undefined);
  const checks = enumerated(checked, 'server', checkStates, (row) => text(row['check_status']).replace('* ', ''));
  families.push(family('haproxy_server_check_status', 'gauge', 'Outcome of the last check.', checks));
  families.push(...tableFamilies(facts.tables));
  return families.filter(({ samples }) => samples.length > 0);
}

function tableFamilies(tables: readonly TableUsage[]): MetricFamily[] {
  const samples = (count: (table: TableUsage) => number): Sample[] =>
    tables.map((table) => ({ labels: { name: table.name, type: table.type }, value: count(table) }));
  return [
    family(
      'haproxy_sticktable_size',
      'gauge',
      'Entries that a stick table can hold.',
      samples(({ size }) => size),
    ),
    family(
      'haproxy_sticktable_used',
      'gauge',
      'Entries of a stick table.',
      samples(({ used }) => used),
    ),
  ];
}

function processFamilies(facts: MetricsFacts): MetricFamily[] {
  const plain = (name: string, type: Metric['type'], help: string, value: number): MetricFamily =>
    family(`haproxy_process_${name}`, type, help, [{ labels: {}, value }]);
  const version = { labels: { version: facts.version }, value: 1 };
  return [
    family('haproxy_process_build_info', 'gauge', 'Version.', [version]),
    plain('nbproc', 'gauge', 'Number of workers.', facts.workers),
    plain('uptime_seconds', 'gauge', 'Time since the start.', Math.floor(facts.uptimeSeconds)),
    plain('start_time_seconds', 'gauge', 'Time of the start.', Math.floor(facts.startSeconds)),
    plain('current_connections', 'gauge', 'Number of connections of clients.', facts.connections),
    plain('connections_total', 'counter', 'Total number of connections of clients.', facts.connectionsTotal),
    plain('requests_total', 'counter', 'Total number of requests.', facts.requestsTotal),
    plain('dropped_logs_total', 'counter', 'Total number of log lines that were dropped.', facts.droppedLogs),
  ];
}

/** Ours, and in seconds as Prometheus has it: HAProxy tells averages only. */
function histogram(rows: readonly Row[], kind: Kind, counters: ReadonlyMap<string, Counters>): MetricFamily {
  const samples = rows.flatMap((row) => {
    const own = counters.get(
      kind === 'server' ? `server:${text(row['pxname'])}/${text(row['svname'])}` : `backend:${text(row['pxname'])}`,
    );
    return own ? buckets(labels(row, kind), own) : [];
  });
  return family(
    `haproxy_${kind}_request_duration_seconds`,
    'histogram',
    'Time from the head of a request to the end of its response.',
    samples,
  );
}

function buckets(base: Readonly<Record<string, string>>, counters: Counters): Sample[] {
  let sum = 0;
  const bounded = latencyBounds.map((bound, index): Sample => {
    sum += counters.latencies[index] ?? 0;
    return { suffix: '_bucket', labels: { ...base, le: String(bound) }, value: sum };
  });
  return [
    ...bounded,
    { suffix: '_bucket', labels: { ...base, le: '+Inf' }, value: counters.observed },
    { suffix: '_sum', labels: base, value: Number(counters.observedSeconds.toFixed(6)) },
    { suffix: '_count', labels: base, value: counters.observed },
  ];
}

function family(name: string, type: MetricFamily['type'], help: string, samples: readonly Sample[]): MetricFamily {
  return { name, type, help, samples };
}

function enumerated(
  rows: readonly Row[],
  kind: Kind,
  states: readonly string[],
  stateNow: (row: Row) => string,
): Sample[] {
  return rows.flatMap((row) =>
    states.map((state) => ({ labels: { ...labels(row, kind), state }, value: stateNow(row) === state ? 1 : 0 })),
  );
}

/** `UP 1/3` is UP, `DOWN 1/2` is DOWN; a frontend that is OPEN and a server without check are UP. */
function stateOf(row: Row): string {
  const [first = ''] = text(row['status']).split(' ');
  return first === 'OPEN' || first === 'no' ? 'UP' : first;
}

function labels(row: Row, kind: Kind): Record<string, string> {
  const proxy = text(row['pxname']);
  return kind === 'server' ? { proxy, server: text(row['svname']) } : { proxy };
}

function text(value: string | number | undefined): string {
  return value === undefined ? '' : String(value);
}

/** What does not apply is NaN, as HAProxy says it. */
function numberOf(value: string | number | undefined, scale = 1): number {
  if (value === undefined || value === '') return Number.NaN;
  return scale === 1 ? Number(value) : Number((Number(value) * scale).toFixed(6));
}
