// What the schema cannot say about health checks: times that must fit together.
import { type Add, checkPattern } from './check-handling.ts';
import { durationMs } from './duration.ts';
import type { ConfigDocument, Path } from './read.ts';
import { timingOf } from './resolve-check.ts';

/** All problems of the checks of a backend and its servers. */
export function checkHealth({ check, servers }: ConfigDocument['backends'][number], path: Path, add: Add): void {
  servers.forEach((server, index) => {
    if (!server.check || check) return;
    if (server.check.enabled === false) return;
    const hint = 'A server only changes what the check of its backend says; `check: {}` there is enough.';
    add('bad-value', 'the backend has no check', [...path, 'servers', index, 'check'], hint);
  });
  if (!check) return;
  const at = [...path, 'check'];
  checkTiming(timingOf(check, undefined), at, add);
  servers.forEach((server, index) => {
    if (server.check) checkTiming(timingOf(check, server.check), [...path, 'servers', index, 'check'], add);
  });
  if (check.agent && durationMs(check.agent.inter) <= 0)
    add('bad-value', 'inter of an agent must be more than 0', [...at, 'agent', 'inter']);
  if (!check.body) return;
  const { text, regex } = check.body;
  const body = [...at, 'body'];
  if ((text === undefined) === (regex === undefined))
    add('bad-value', 'the body of a check needs `text` or `regex`', body);
  if (regex !== undefined) checkPattern(regex, [...body, 'regex'], add);
}

function checkTiming(
  { interMs, timeoutMs, fastinterMs, downinterMs }: ReturnType<typeof timingOf>,
  path: Path,
  add: Add,
): void {
  if (interMs <= 0 || timeoutMs <= 0) add('bad-value', 'inter and timeout of a check must be more than 0', path);
  else if (timeoutMs > interMs) {
    const hint = 'The next check would be due before this one has ended.';
    add('bad-value', 'timeout of a check must not be more than inter', path, hint);
  }
  if (fastinterMs <= 0 || downinterMs <= 0) add('bad-value', 'fastinter and downinter must be more than 0', path);
}
