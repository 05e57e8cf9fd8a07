// Events in words, for the operational log.
import { levelOf, type ProxyEvent } from '../core/events.ts';
import type { CheckResult } from '../core/server-record.ts';
import type { OperationalLog } from './operational-log.ts';
import { backendOf } from './rows-of-worker.ts';

export function logEvent(log: OperationalLog, event: ProxyEvent): void {
  const { type, data } = event;
  const level = levelOf(type);
  switch (type) {
    case 'proxy_started':
      log.write(level, `listening on ${data.binds.join(', ')}`);
      return;
    case 'worker_died':
      log.write(level, `worker ${data.worker} (pid ${data.pid}) ended with ${data.reason}; starting another`);
      return;
    case 'server_up':
    case 'server_down':
      log.write(
        level,
        `server ${data.server} is ${type === 'server_up' ? 'UP' : 'DOWN'} (${data.check}: ${data.detail})`,
        {},
        backendOf(data.server),
      );
      return;
    case 'config_reloaded':
      log.write(level, `${data.source}: reloaded`);
      return;
    case 'config_refused':
      log.write(level, `${data.problem}\nreload refused, the running configuration stays`);
      return;
    case 'admin_action':
      log.write(level, `${data.actor}: ${data.action}`, { audit: true, ...data.detail });
      return;
    case 'peer_up':
      log.write(level, `peer ${data.section}/${data.peer} is connected`);
      return;
    case 'peer_down':
      log.write(level, `peer ${data.section}/${data.peer} is gone: ${data.reason}`);
      return;
    case 'peer_taught':
      log.write(level, `peer ${data.section}/${data.peer} was told all ${data.entries} entries`);
      return;
    case 'peer_synchronised':
      log.write(level, `peer ${data.section}/${data.peer} told all its entries`);
      return;
    // Told by the action itself.
    case 'cert_action':
    case 'server_changed':
    case 'server_added':
    case 'server_removed':
    case 'proxy_stopping':
      return;
    case 'error_dropped':
      log.write(level, type, { ...data }, data.frontend);
      return;
    default:
      log.write(level, type, { ...data });
  }
}

/** `L7STS/503 in 12 ms`. */
export function checkText({ code, status, durationMs }: CheckResult): string {
  return `${code}${status === undefined ? '' : `/${status}`} in ${Math.round(durationMs)} ms`;
}
