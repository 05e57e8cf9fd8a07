// What a schema cannot say of logs.
import { durationMs } from './duration.ts';
import type { Add } from './check-handling.ts';
import { nearName } from './explain.ts';
import type { ConfigDocument } from './read.ts';

export function checkLog({ log, frontends, backends }: ConfigDocument, add: Add): void {
  const names = [...frontends, ...backends].map(({ name }) => name);
  for (const name of Object.keys(log.levels)) {
    if (names.includes(name)) continue;
    const path = ['log', 'levels', name];
    add('unknown-name', `there is no frontend or backend \`${name}\``, path, nearName(name, names));
  }
  for (const key of ['every', 'maxAge'] as const) {
    const value = log.rotate?.[key];
    if (value !== undefined && durationMs(value) < 1000) {
      add('bad-value', `\`${key}\` must be at least 1s`, ['log', 'rotate', key], 'Leave it out for never.');
    }
  }
}
