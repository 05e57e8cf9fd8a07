// Units of systemd: running or not, at boot or not.
import { defineModule } from '../core/module.ts';
import { observe, want, type Want } from '../core/resource.ts';
import { VezaError } from '../lib/errors.ts';
import { systemd } from '../resources/systemd.ts';
import { unit } from '../resources/unit.ts';
import { unitName, type UnitState } from '../resources/unit/state.ts';

interface Args {
  readonly name?: string;
  readonly state?: 'started' | 'stopped' | 'restarted' | 'reloaded';
  readonly enabled?: boolean;
  readonly masked?: boolean;
  readonly daemon_reload?: boolean;
  readonly daemon_reexec?: boolean;
  readonly scope?: 'system' | 'user';
}

export default defineModule({
  name: 'systemd_service',
  aliases: ['systemd', 'service'],
  summary: 'Start, stop, restart, reload, enable and mask a unit of systemd.',
  argumentAliases: {
    service: 'name',
    unit: 'name',
    'daemon-reload': 'daemon_reload',
    'daemon-reexec': 'daemon_reexec',
  },
  returns: {
    name: 'The unit.',
    state: 'The state that was asked for.',
    enabled: 'Whether it was asked to start at boot.',
    status: 'ActiveState, SubState, UnitFileState, MainPID.',
  },
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      name: { type: 'string', minLength: 1, description: 'Name of the unit; without a suffix it is a service.' },
      state: {
        enum: ['started', 'stopped', 'restarted', 'reloaded'],
        description: 'restarted and reloaded always do something; both start a unit that does not run.',
      },
      enabled: { type: 'boolean', description: 'Whether it starts at boot.' },
      masked: { type: 'boolean', description: 'Whether it can be started at all.' },
      daemon_reload: {
        type: 'boolean',
        default: false,
        description: 'Have systemd read unit files again first, if one has changed. Does not count as a change.',
      },
      daemon_reexec: { type: 'boolean', default: false, description: 'Have systemd start itself anew first.' },
      scope: {
        enum: ['system', 'user'],
        default: 'system',
        description: 'The manager of the machine, or that of the user who logs in (or becomes).',
      },
      no_block: { type: 'boolean', default: false, description: 'Taken for compatibility; the run always waits.' },
    },
  },
  examples: [
    { title: 'Run it now and at boot', args: { name: 'nginx', state: 'started', enabled: true } },
    { title: 'Restart after its unit file changed', args: { name: 'app', state: 'restarted', daemon_reload: true } },
    { title: 'Only read unit files again', args: { daemon_reload: true } },
  ],
  wants: (args) => {
    if (args.name === undefined && (args.state ?? args.enabled ?? args.masked) !== undefined) {
      throw new VezaError('missing-argument', 'state, enabled and masked need the name of a unit');
    }
    const scope = args.scope ?? 'system';
    if (args.name === undefined) return managerWants(args, scope, () => false);
    const name = unitName(args.name);
    const seen = observe(unit, { name, scope });
    return [
      seen.want,
      ...managerWants(args, scope, () => seen.state()?.needDaemonReload === true),
      want(unit, { name, scope }, (current) => desired(args, name, current)),
    ];
  },
  result: (outcome, args) => {
    const state = outcome.changes.at(-1)?.state as UnitState | null | undefined;
    if (args.name === undefined || !state) return {};
    return {
      name: args.name,
      ...(args.state !== undefined && { state: args.state }),
      ...(args.enabled !== undefined && { enabled: args.enabled }),
      status: {
        ActiveState: state.active,
        SubState: state.subState ?? '',
        UnitFileState: state.enabled ? 'enabled' : 'disabled',
        ...(state.mainPid !== undefined && { MainPID: String(state.mainPid) }),
      },
    };
  },
});

function managerWants(args: Args, scope: 'system' | 'user', unitIsStale: () => boolean): Want[] {
  if (args.daemon_reload !== true && args.daemon_reexec !== true) return [];
  // Without a name, every loaded unit may be the one whose file changed.
  const id = { scope, ...(args.name === undefined && { anyUnit: true }) };
  const manager = want(
    systemd,
    id,
    (current) => {
      if (args.daemon_reexec === true) return { reexecuted: true };
      return current?.needsReload === true || unitIsStale() ? { reloaded: true } : {};
    },
    { incidental: true },
  );
  return [manager];
}

function desired(args: Args, name: string, current: UnitState | null): Partial<UnitState> {
  if (!current || current.noSystemd === true) {
    throw new VezaError('no-systemd', `${name} cannot be managed: the host does not run systemd`, {
      hint: 'Only hosts that systemd booted have units.',
    });
  }
  const needed = args.state ?? args.enabled;
  if (!current.exists && needed !== undefined && needed !== false && needed !== 'stopped') {
    throw new VezaError('no-unit', `Could not find the requested service ${name}`, {
      hint: 'Install its package or write its unit file in an earlier task; check the spelling.',
    });
  }
  if (current.masked && args.masked !== false && isRunning(args.state)) {
    throw new VezaError('unit-masked', `${name} is masked, so it cannot be ${args.state ?? ''}`, {
      hint: 'Add masked: false.',
    });
  }
  return {
    ...(args.masked !== undefined && (current.exists || args.masked) && { masked: args.masked }),
    // What has no [Install] is started by others only: there is nothing to enable or to disable.
    ...(args.enabled !== undefined && current.exists && !current.fixed && { enabled: args.enabled }),
    ...activity(args, current),
  };
}

function isRunning(state: Args['state']): boolean {
  return state === 'started' || state === 'restarted' || state === 'reloaded';
}

function activity({ state }: Args, current: UnitState): Partial<UnitState> {
  // Still starting, or waiting to be started again because it failed: systemctl start waits for how that ends.
  const starting = current.active === 'activating' && current.oneShot !== true;
  const running = ['active', 'activating', 'reloading'].includes(current.active) && !starting;
  // A one-shot service is done as soon as it has run: that it ran is all there is to say.
  const start = current.oneShot === true ? { started: true } : { active: 'active' };
  switch (state) {
    case 'started':
      return running ? {} : start;
    case 'stopped':
      return running || starting || current.active === 'deactivating' ? { active: 'inactive' } : {};
    case 'restarted':
      return { restarted: true, ...(running || current.oneShot === true ? {} : start) };
    case 'reloaded':
      return running ? { reloaded: true } : start;
    default:
      return {};
  }
}
