// `show info` and `show servers state`, as HAProxy prints them.
import type { CounterName, Counters } from '../counters.ts';
import type { ProxyConfig, ServerConfig } from '../config/model.ts';
import { isNamed, isServiceName } from '../server-address.ts';
import type { ServerRecord } from '../server-record.ts';
import type { Rates } from './rates.ts';
import { checkNumbers } from './columns.ts';
import type { Info } from './typed.ts';

export interface ProcessFacts {
  readonly version: string;
  readonly releaseDate: string;
  readonly pid: number;
  readonly workers: number;
  readonly uptimeMs: number;
  readonly node: string;
  /** 0 = not known. */
  readonly openFiles: number;
  readonly maxconn: number;
  readonly listeners: number;
  readonly startSeconds: number;
  readonly idlePercent: number;
  readonly rates: Rates;
}

/** What `show info` tells, by HAProxy's names. */
export function infoOf(facts: ProcessFacts, counters: ReadonlyMap<string, Counters>): Info {
  const seconds = Math.floor(facts.uptimeMs / 1000);
  const frontends = [...counters].filter(([row]) => row.startsWith('frontend:')).map(([, each]) => each);
  const sum = (name: CounterName): number => frontends.reduce((total, each) => total + each[name], 0);
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const clock = `${Math.floor((seconds % 86_400) / 3600)}h${two((seconds % 3600) / 60)}m${two(seconds % 60)}s`;
  return [
    ['Name', 'veza-proxy'],
    ['Version', facts.version],
    ['Release_date', facts.releaseDate],
    ['Nbthread', 1],
    ['Nbproc', facts.workers],
    ['Process_num', 1],
    ['Pid', facts.pid],
    ['Uptime', `${Math.floor(seconds / 86_400)}d ${clock}`],
    ['Uptime_sec', seconds],
    // What there is not, is 0: readers such as hatop want the names.
    ['Memmax_MB', 0],
    ['Ulimit-n', facts.openFiles],
    ['Maxsock', facts.maxconn],
    ['Maxconn', facts.maxconn],
    ['Hard_maxconn', facts.maxconn],
    ['CurrConns', sum('connections')],
    ['CumConns', sum('connectionsTotal')],
    ['CumReq', sum('sessionsTotal')],
    ['Maxpipes', 0],
    ['PipesUsed', 0],
    ['PipesFree', 0],
    ['ConnRate', Math.round(facts.rates.connections)],
    ['MaxConnRate', Math.round(facts.rates.connectionsMax)],
    ['SessRate', Math.round(facts.rates.requests)],
    ['MaxSessRate', Math.round(facts.rates.requestsMax)],
    ['Tasks', sum('connections')],
    ['Run_queue', sum('queued')],
    ['Idle_pct', facts.idlePercent],
    ['node', facts.node],
    ['Stopping', 0],
    ['Listeners', facts.listeners],
    ['DroppedLogs', sum('logDropped')],
    ['TotalBytesOut', sum('bytesOut')],
    ['Start_time_sec', facts.startSeconds],
  ];
}

export function infoText(info: Info): string {
  return info.map(([name, value]) => `${name}: ${value}\n`).join('');
}

const stateHead =
  '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight ' +
  'srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state ' +
  'bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port';

/** Version line, column names, one line a server. */
export function serversStateText(
  config: ProxyConfig,
  records: readonly ServerRecord[],
  backend: string | undefined,
  nowMs: number,
): string {
  const lines = records
    .filter((record) => backend === undefined || record.backend.name === backend)
    .map((record) => stateLine(record, config, nowMs));
  return `1\n${stateHead}\n${lines.join('')}`;
}

function stateLine(record: ServerRecord, config: ProxyConfig, nowMs: number): string {
  const { config: server, backend, up, stopping } = record;
  const backendId = config.frontends.length + 2 + config.backends.findIndex((each) => each.name === backend.name);
  const operation = !up || record.adminNow === 'maint' ? 0 : stopping ? 3 : 2;
  const name = isNamed(server.address) ? server.address : '-';
  const [fqdn, service] = isServiceName(server.address) ? ['-', name] : [name, '-'];
  const since = Math.floor((nowMs - record.changedAtMs) / 1000);
  return `${[
    backendId,
    backend.name,
    server.id,
    server.name,
    record.address || '-',
    operation,
    adminBits(record),
    record.weight,
    server.weight,
    since,
    ...checkFields(record),
    // No ids were forced.
    0,
    0,
    fqdn,
    record.port,
    service,
    backend.tls ? 1 : 0,
    ...checkPlaces(server),
  ].join(' ')}\n`;
}

/** Bits: 1 maintenance, 2 of a server that is tracked, 4 as the file says; 8 drain, 16 of one that is tracked; 32 no address. */
function adminBits({ admin, tracked, config, isUnresolved }: ServerRecord): number {
  const own = admin === 'maint' ? (config.disabled ? 5 : 1) : admin === 'drain' ? 8 : 0;
  const inherited = tracked?.adminNow === 'maint' ? 2 : tracked?.adminNow === 'drain' ? 16 : 0;
  return own | inherited | (isUnresolved ? 32 : 0);
}

/** Last status, result, health, state of the check, state of the agent. */
function checkFields({ config, lastCheck, health, admin, checking, asking }: ServerRecord): readonly number[] {
  const { check } = config;
  // Bits: 2 configured, 4 enabled, 8 paused, 16 an agent.
  const paused = admin === 'maint' ? 8 : 0;
  const state = (check ? (checking ? 6 : 2) : 0) | paused;
  const agent = check?.agent ? (asking ? 22 : 18) : 0;
  if (!check) return [1, 0, 0, state, agent];
  const code = lastCheck?.code ?? 'INI';
  const result = !lastCheck ? 0 : !lastCheck.passed ? 2 : code === 'L7OKC' ? 4 : 3;
  return [checkNumbers[code] ?? 0, result, health?.value ?? 0, state, agent];
}

/** Where it and its agent are asked, if not where the server is. */
function checkPlaces({ address, port, check }: ServerConfig): readonly (string | number)[] {
  const agent = check?.agent;
  return [
    check && check.port !== port ? check.port : 0,
    check && check.address !== address ? check.address : '-',
    agent && agent.address !== address ? agent.address : '-',
    agent?.port ?? 0,
  ];
}

/** `show servers conn`: connections of each server. */
export function serversConnText(
  config: ProxyConfig,
  records: readonly ServerRecord[],
  counters: ReadonlyMap<string, Counters>,
  backend: string | undefined,
): string {
  const lines = records
    .filter((record) => backend === undefined || record.backend.name === backend)
    .map((record) => {
      const own = counters.get(`server:${record.key}`);
      const [used = 0, idle = 0] = [own?.sessions, own?.idle];
      const at = config.backends.findIndex((each) => each.name === record.backend.name);
      const place = `${config.frontends.length + 2 + at}/${record.config.id}`;
      return `${record.key} ${place} ${record.address || '-'} ${record.port} - 5000 ${used} ${own?.sessionsMax ?? 0} 0 0 ${idle} -1 ${idle} ${idle}\n`;
    });
  return `# bkname/svname bkid/svid addr port - purge_delay used_cur used_max need_est unsafe_nb safe_nb idle_lim idle_cur idle_per_thr[1]\n${lines.join('')}`;
}
