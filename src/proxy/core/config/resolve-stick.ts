// What binds clients to servers by a table: the part of a backend's document -> the model.
import { durationMs } from './duration.ts';
import type { ConfigDocument } from './read.ts';
import { resolveKey } from './resolve-balance.ts';
import { type StickConfig, stickDataNames, type StickDatum, type StickTableConfig } from './stick-model.ts';

type BackendDocument = ConfigDocument['backends'][number];
export type StickDocument = NonNullable<BackendDocument['stick']>;

/** The document must have passed checkSticks. */
export function resolveStick({ name, stick }: BackendDocument): StickConfig | undefined {
  if (!stick) return undefined;
  return {
    table: resolveTable(name, stick),
    keys: stick.on.map(({ use, ...key }) => ({ ...resolveKey(key), match: use !== 'store', store: use !== 'match' })),
  };
}

/** The table that a backend means, or shares. */
export function resolveTable(backend: string, stick: StickDocument): StickTableConfig {
  const { table, type, len, size, expire, nopurge, store, on, peers } = stick;
  return {
    name: table ?? backend,
    type: type ?? (on.every(({ key }) => key === 'source') ? 'ip' : 'string'),
    len,
    size,
    expireMs: durationMs(expire),
    nopurge,
    peers,
    data: store
      .map(datumOf)
      .sort((one, other) => stickDataNames.indexOf(one.name) - stickDataNames.indexOf(other.name)),
  };
}

/** `http_req_rate(10s)` */
function datumOf(text: string): StickDatum {
  const [word = '', period] = text.split(/[()]/);
  const name = stickDataNames.find((known) => known === word) ?? 'gpc0';
  return { name, periodMs: period === undefined ? 0 : durationMs(period) };
}
