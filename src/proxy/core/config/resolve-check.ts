// The health check of one server: the backend's, with its profile and the server's own settings.
import { durationMs } from './duration.ts';
import type { CheckConfig } from './model.ts';
import type { ConfigDocument } from './read.ts';
import { hostOf } from '../server-address.ts';
import { protocolOf } from './resolve-tls.ts';
import { serverNameOf } from './server-name.ts';

type BackendDocument = ConfigDocument['backends'][number];
type ServerDocument = BackendDocument['servers'][number];
type CheckDocument = NonNullable<BackendDocument['check']>;

type Timing = Pick<CheckConfig, 'interMs' | 'fastinterMs' | 'downinterMs' | 'fall' | 'rise' | 'timeoutMs'>;

/** Defaults by profile; without `fast` and `down` these are `inter`. */
const profiles: Readonly<
  Record<
    CheckDocument['profile'],
    { inter: string; fast?: string; down?: string; fall: number; rise: number; timeout: string }
  >
> = {
  api: { inter: '5s', fast: '1s', down: '2s', fall: 3, rise: 2, timeout: '2s' },
  haproxy: { inter: '2s', fall: 3, rise: 2, timeout: '2s' },
  haloy: { inter: '15s', fall: 3, rise: 2, timeout: '5s' },
  terraster: { inter: '10s', fall: 4, rise: 2, timeout: '2s' },
};

/** Times and counts, each from the server, the backend or the profile. */
export function timingOf(check: CheckDocument, own: ServerDocument['check']): Timing {
  const { inter, fast, down, fall, rise, timeout } = profiles[check.profile];
  const interMs = durationMs(own?.inter ?? check.inter ?? inter);
  const given = own?.timeout ?? check.timeout;
  return {
    interMs,
    fastinterMs: durationMs(own?.fastinter ?? check.fastinter ?? fast ?? own?.inter ?? check.inter ?? inter),
    downinterMs: durationMs(own?.downinter ?? check.downinter ?? down ?? own?.inter ?? check.inter ?? inter),
    fall: own?.fall ?? check.fall ?? fall,
    rise: own?.rise ?? check.rise ?? rise,
    // A check that outlasts its interval would only be late: the default gives way.
    timeoutMs: given === undefined ? Math.min(durationMs(timeout), Math.max(1, interMs)) : durationMs(given),
  };
}

export function resolveCheck(server: ServerDocument, backend: BackendDocument): CheckConfig | undefined {
  const { check, sendProxy } = backend;
  if (!check || server.check?.enabled === false) return undefined;
  const own = server.check;
  const { agent } = check;
  // Another port or address is another service.
  const same = own?.port === undefined && own?.address === undefined;
  return {
    type: check.type,
    method: check.method,
    path: own?.path ?? check.path,
    host: own?.host ?? check.host ?? hostOf({ address: server.address, port: server.port ?? 0 }),
    address: own?.address ?? server.address,
    port: own?.port ?? server.port ?? 0,
    headers: check.headers,
    send: check.send,
    body: check.body && { text: check.body.text ?? '', regex: check.body.regex, not: check.body.not },
    expect: (own?.expect ?? check.expect).split(',').map((range) => {
      const [low = '', high = low] = range.split('-');
      return [Number(low), Number(high)] as const;
    }),
    ...timingOf(check, own),
    tls: backend.tls && (check.tls ?? same) ? { serverName: serverNameOf(server, backend.tls) } : undefined,
    http2:
      check.type === 'http' && (check.http2 ?? (same && protocolOf(server.http2 ?? backend.http2, backend) === 'h2')),
    sendProxy: same ? sendProxy : 'off',
    init: check.init,
    minReadyMs: durationMs(check.minReady),
    disableOn404: check.disableOn404,
    observe: check.observe,
    errorLimit: check.errorLimit,
    onError: check.onError,
    agent: agent && {
      address: server.address,
      port: agent.port,
      send: agent.send,
      interMs: durationMs(agent.inter),
    },
  };
}
