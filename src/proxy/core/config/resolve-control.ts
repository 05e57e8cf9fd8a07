// Logs and control of a checked document -> the model.
import type { Capture } from '../logging/capture.ts';
import type { RotationConfig } from '../logging/rotation.ts';
import { facilities, type LogTarget, parseLogTarget } from '../logging/target.ts';
import { parseBind } from './bind.ts';
import { durationMs } from './duration.ts';
import { sizeBytes } from './size.ts';
import type { AdminConfig, LogConfig, StatsConfig, StatsSocket } from './model.ts';
import type { ConfigDocument } from './read.ts';

export function resolveLog(log: ConfigDocument['log'], frontends: ConfigDocument['frontends']): LogConfig {
  const { cookie } = log.capture;
  const own = frontends.flatMap(({ name, accessLog }) => (accessLog ? [[name, accessLog] as const] : []));
  return {
    access: targetsOf(log.access),
    format: log.format,
    requests: log.requests,
    sample: log.sample,
    frontends: Object.fromEntries(
      own.map(([name, { requests = log.requests, sample = log.sample }]) => [name, { requests, sample }]),
    ),
    captureRequest: log.capture.request.map((each) => captureOf(each, log.capture.length)),
    captureResponse: log.capture.response.map((each) => captureOf(each, log.capture.length)),
    captureCookie: cookie && { name: cookie.name, length: cookie.length ?? log.capture.length },
    facility: facilities.indexOf(log.facility),
    tag: log.tag,
    level: log.level,
    style: log.style,
    levels: log.levels,
    outputs: targetsOf(log.output),
    mask: log.mask,
    sampling: log.sampling,
    rotate: log.rotate && resolveRotation(log.rotate),
  };
}

function captureOf(from: ConfigDocument['log']['capture']['request'][number], lengthOfAll: number): Capture {
  if (typeof from === 'string') return { header: from.toLowerCase(), text: '', length: lengthOfAll };
  const { header = '', text = '', length = lengthOfAll } = from;
  return { header: header.toLowerCase(), text, length };
}

function resolveRotation(rotate: NonNullable<ConfigDocument['log']['rotate']>): RotationConfig {
  const { size, every, keep, maxAge, compress } = rotate;
  return {
    sizeBytes: sizeBytes(size),
    everyMs: every === undefined ? undefined : durationMs(every),
    keep,
    maxAgeMs: maxAge === undefined ? undefined : durationMs(maxAge),
    compress,
  };
}

/** The schema has seen to it that the texts are targets. */
function targetsOf(texts: string | readonly string[]): readonly LogTarget[] {
  const all = typeof texts === 'string' ? [texts] : texts;
  return all.map((text) => parseLogTarget(text)).filter((target) => target !== undefined && target.kind !== 'off');
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
      writeBack: admin.writeBack,
      debug: admin.debug,
    }
  );
}
