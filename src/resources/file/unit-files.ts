// What a change of a systemd unit file means for its unit, so that a dry run on a clean host knows the unit.
import type { Change } from '../../core/change.ts';
import type { Prediction } from '../../core/resource.ts';
import { unitKey, type UnitState } from '../unit/state.ts';
import { textOf } from './parse.ts';
import type { FileId, FileState } from './state.ts';

const unitFile =
  /^(?:\/etc|\/run|\/usr\/local\/lib|\/usr\/lib|\/lib|.*\/\.config)\/systemd\/(system|user)\/([^/]+\.(?:service|socket|timer|path|mount|automount|swap|target|slice|device))(\.d\/[^/]+\.conf)?$/;

export function unitFileDisturbance(id: FileId, change: Change<FileState>): [string, Prediction][] {
  const match = unitFile.exec(id.path);
  if (!match) return [];
  const [, scope = '', name = '', dropIn] = match;
  if (change.after !== null && change.after.sha256 === undefined && change.after.target === undefined) return [];
  const manager: [string, Prediction] = [`systemd:${scope}`, { needsReload: true }];
  const key = unitKey({ name, scope: scope === 'user' ? 'user' : 'system' });
  if (change.after === null || change.after.target !== undefined) return [manager, [key, undefined]];
  const predicted = (before: object | null): object | null => afterWrite(before, id, dropIn !== undefined);
  return [manager, [key, predicted], ...(name.includes('@.') ? [[`${key}/`, predicted] as [string, Prediction]] : [])];
}

function afterWrite(before: object | null, id: FileId, isDropIn: boolean): object | null {
  if (before && 'exists' in before && before.exists === true) return { ...before, needDaemonReload: true };
  if (isDropIn) return before;
  const text = id.content?.bytes ? (textOf(id.content.bytes()) ?? '') : '';
  return {
    exists: true,
    active: 'inactive',
    subState: 'dead',
    // A unit without an [Install] section cannot be enabled; systemctl and Ansible count it as enabled.
    enabled: !/^\s*\[Install\]/m.test(text),
    masked: false,
    needDaemonReload: false,
    oneShot: /^\s*Type\s*=\s*oneshot\b/m.test(text) && !/^\s*RemainAfterExit\s*=\s*(?:yes|true|on|1)\b/m.test(text),
    restarted: false,
    reloaded: false,
    started: false,
  } satisfies UnitState;
}
