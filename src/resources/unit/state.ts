// What is known of a systemd unit, and how units are named.
import { VezaError } from '../../lib/errors.ts';

export type UnitScope = 'system' | 'user';

export interface UnitId {
  /** With its suffix: see `unitName`. */
  readonly name: string;
  readonly scope: UnitScope;
}

export interface UnitState {
  readonly exists: boolean;
  /** systemd's ActiveState: active, inactive, failed, activating, deactivating, reloading. */
  readonly active: string;
  readonly subState?: string;
  /** Enabled, or static or generated, which cannot be otherwise; as in Ansible, alias and indirect units are not. */
  readonly enabled: boolean;
  /** Static or generated: it has no [Install], and `enabled` cannot be otherwise. */
  readonly fixed?: boolean;
  readonly masked: boolean;
  readonly needDaemonReload: boolean;
  readonly mainPid?: number;
  /** A service that does its work and is inactive again: Type=oneshot without RemainAfterExit. */
  readonly oneShot?: boolean;
  /** The host does not run systemd. */
  readonly noSystemd?: boolean;
  /** What is done, not what is: false when looked at. */
  readonly restarted?: boolean;
  readonly reloaded?: boolean;
  readonly started?: boolean;
}

const suffixes = /\.(service|socket|target|timer|path|mount|automount|swap|slice|scope|device)$/;

/** `nginx` is `nginx.service`, as systemctl has it. Throws VezaError `invalid-unit`. */
export function unitName(name: string): string {
  if (!/^[\w:@.\\-][\w:@.\\/-]*$/.test(name) || name.startsWith('-')) {
    throw new VezaError('invalid-unit', `"${name}" is not the name of a unit`, {
      hint: 'Letters, digits and :-_.\\@ only; one unit, no patterns.',
    });
  }
  return suffixes.test(name) ? name : `${name}.service`;
}

/** Instances of a template share the beginning of their key: `unit:system/worker@.service/1`. */
export function unitKey(id: UnitId): string {
  const instance = /^([^@]+@)([^@].*)(\.[a-z]+)$/.exec(id.name);
  const name = instance ? `${instance[1] ?? ''}${instance[3] ?? ''}/${instance[2] ?? ''}` : id.name;
  return `unit:${id.scope}/${name}`;
}
