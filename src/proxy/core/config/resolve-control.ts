// Logs and control of a checked document -> the model.
import type { Capture } from '../logging/capture.ts';
import { facilities, type LogTarget, parseLogTarget } from '../logging/target.ts';
import { parseBind } from './bind.ts';
import { durationMs } from './duration.ts';
import type { AdminConfig, LogConfig, StatsConfig, StatsSocket } from './model.ts';
import type { ConfigDocument } from './read.ts';

export function resolveLog(log: ConfigDocument['log']): LogConfig {
  const { cookie } = log.capture;
  const access = typeof log.access === 'string' ? [log.access] : log.access;
  return {
    access: access.map(targetOf).filter(({ kind }) => kind !== 'off'),
    format: log.format,
    sample: log.sample,
    captureRequest: log.capture.request.map((each) => captureOf(each, log.capture.length)),
    captureResponse: log.capture.response.map((each) => captureOf(each, log.capture.length)),
    captureCookie: cookie && { name: cookie.name, length: cookie.length ?? log.capture.length },
    facility: facilities.indexOf(log.facility),
    tag: log.tag,
    level: log.level,
    style: log.style,
    output: targetOf(log.output),
  };
}

function captureOf(from: ConfigDocument['log']['capture']['request'][number], lengthOfAll: number): Capture {
  if (typeof from === 'string') return { header: from.toLowerCase(), text: '', length: lengthOfAll };
  const { header = '', text = '', length = lengthOfAll } = from;
  return { header: header.toLowerCase(), text, length };
}

/** The schema has seen to it that the text is a target. */
function targetOf(text: string): LogTarget {
  return parseLogTarget(text) ?? { kind: 'off' };
}

export function resolveStats(stats: ConfigDocument['stats']): StatsConfig {
  return {
    sockets: stats.socket.map(socketOf).filter((socket) => socket !== undefined),
    listen: stats.listen === undefined ? undefined : parseBind(stats.listen),
    uri: stats.uri,
    refreshMs: durationMs(stats.refresh),
  };
}

function socketOf(socket: ConfigDocument['stats']['socket'][number]): StatsSocket | undefined {
  const {
    bind,
    level = 'admin',
    mode = '0660',
  } = typeof socket === 'string' ? { bind: socket, level: undefined, mode: undefined } : socket;
  const parsed = parseBind(bind);
  return parsed && { ...parsed, level, mode: Number.parseInt(mode, 8) };
}

export function resolveAdmin(admin: ConfigDocument['admin']): AdminConfig | undefined {
  return (
    admin && {
      listen: admin.listen.map(parseBind).filter((bind) => bind !== undefined),
      mode: Number.parseInt(admin.mode, 8),
      unixRole: admin.unixRole,
      tokenFile: admin.tokenFile,
      users: admin.users,
      hosts: admin.hosts.map((host) => host.toLowerCase()),
    }
  );
}
