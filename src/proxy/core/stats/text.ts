// `show info` and `show servers state`, as HAProxy prints them.
import type { Counters } from '../counters.ts';
import type { ProxyConfig } from '../config/model.ts';
import type { ServerRecord } from '../server-record.ts';

export interface ProcessFacts {
  readonly version: string;
  readonly pid: number;
  readonly workers: number;
  readonly uptimeMs: number;
  readonly node: string;
}

export function infoText(facts: ProcessFacts, counters: ReadonlyMap<string, Counters>): string {
  const seconds = Math.floor(facts.uptimeMs / 1000);
  let connections = 0;
  let connectionsTotal = 0;
  let requests = 0;
  let dropped = 0;
  for (const [row, each] of counters) {
    if (!row.startsWith('frontend:')) continue;
    connections += each.connections;
    connectionsTotal += each.connectionsTotal;
    requests += each.sessionsTotal;
    dropped += each.logDropped;
  }
  const day = Math.floor(seconds / 86_400);
  const uptime = `${day}d ${Math.floor((seconds % 86_400) / 3600)}h${String(Math.floor((seconds % 3600) / 60)).padStart(2, '0')}m${String(seconds % 60).padStart(2, '0')}s`;
  const lines: readonly (readonly [string, string | number])[] = [
    ['Name', 'veza-proxy'],
    ['Version', facts.version],
    ['Nbthread', 1],
    ['Nbproc', facts.workers],
    ['Process_num', 1],
    ['Pid', facts.pid],
    ['Uptime', uptime],
    ['Uptime_sec', seconds],
    ['CurrConns', connections],
    ['CumConns', connectionsTotal],
    ['CumReq', requests],
    ['DroppedLogs', dropped],
    ['node', facts.node],
  ];
  return lines.map(([name, value]) => `${name}: ${value}\n`).join('');
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
  const { config: server, backend, admin, up, health, lastCheck } = record;
  const backendId = config.frontends.length + 2 + config.backends.findIndex((each) => each.name === backend.name);
  const running = up && admin !== 'maint';
  const operation = running ? (admin === 'drain' ? 3 : 2) : 0;
  const forced = admin === 'maint' ? 1 : admin === 'drain' ? 8 : 0;
  const result = lastCheck === undefined ? 0 : lastCheck.passed ? 3 : 2;
  const since = Math.floor((nowMs - record.changedAtMs) / 1000);
  const check = `${server.check ? 6 : 0} ${result} ${health?.value ?? 0} ${server.check ? 6 : 0}`;
  return `${backendId} ${backend.name} ${server.id} ${server.name} ${server.address} ${operation} ${forced} ${record.weight} ${server.weight} ${since} ${check} 0 0 0 - ${server.port} - 0 ${server.check?.port ?? 0} - - 0\n`;
}
