// A systemd unit: whether it runs, starts at boot, is masked. The manager's own reload is systemd.ts.
import { applied, type Change } from '../core/change.ts';
import { VezaError } from '../lib/errors.ts';
import { joinScripts, rawShell, sh, type Script } from '../lib/shell.ts';
import type { Disturbance, Prediction, ResourceKind } from '../core/resource.ts';
import { unitKey, type UnitId, type UnitScope, type UnitState } from './unit/state.ts';
import { systemctl, userBus } from './unit/systemctl.ts';

const markers = ['restarted', 'reloaded', 'started'] as const;

export const unit: ResourceKind<UnitId, UnitState> = {
  kind: 'unit',
  key: unitKey,
  probe,
  parse,
  apply,
  predict: (_id, change, current) => {
    const next = applied(current, change);
    if (next === null) return null;
    const done = markers.some((name) => change.after?.[name] === true);
    const active = change.after?.active ?? (done && !next.oneShot ? 'active' : next.active);
    return { ...next, active, restarted: false, reloaded: false, started: false };
  },
  disturbs,
  verifies: (_id, change) => {
    const names = Object.keys(change.after ?? {}) as (keyof UnitState)[];
    // A service that ends with an error when it is told to stop is stopped all the same (and then "failed").
    const isStopped = change.after?.active === 'inactive';
    return names.filter((name) => ['enabled', 'masked'].includes(name) || (name === 'active' && !isStopped));
  },
};

const properties = 'Names,LoadState,ActiveState,SubState,UnitFileState,NeedDaemonReload,MainPID,Type,RemainAfterExit';

function probe(ids: readonly UnitId[]): Script {
  const scopes: readonly UnitScope[] = ['system', 'user'];
  return joinScripts(
    rawShell('LC_ALL=C; export LC_ALL'),
    ...scopes.map((scope) => {
      const names = namesOf(ids, scope);
      if (names.length === 0) return null;
      const templates = names.filter(isTemplate);
      const loaded = names.filter((name) => !isTemplate(name));
      return joinScripts(
        scope === 'user' && userBus,
        rawShell(`echo 'scope ${scope}'`),
        rawShell(
          'if ! command -v systemctl >/dev/null 2>&1 || ! [ -d /run/systemd/system ]; then echo absent; else echo present; fi',
        ),
        loaded.length > 0 && sh`${systemctl(scope)} show --no-pager -p ${properties} ${loaded} 2>/dev/null`,
        ...templates.map(
          (name) =>
            sh`printf '\nTemplate=%s\nFileState=%s\n' ${name} "$(${systemctl(scope)} is-enabled ${name} 2>/dev/null)"`,
        ),
        rawShell(`echo; echo 'end ${scope}'`),
      );
    }),
  );
}

function parse(output: string, ids: readonly UnitId[]): Map<string, UnitState | null> {
  const states = new Map<string, UnitState | null>();
  for (const scope of ['system', 'user'] as const) {
    if (namesOf(ids, scope).length === 0) continue;
    const start = output.indexOf(`scope ${scope}\n`);
    const end = output.indexOf(`\nend ${scope}\n`, start);
    if (start < 0 || end < 0)
      throw new VezaError('probe-output', `the look at units printed ${JSON.stringify(output.slice(0, 80))}`);
    const body = output.slice(start + `scope ${scope}\n`.length, end);
    const noSystemd = body.startsWith('absent');
    const blocks = body
      .replace(/^(?:absent|present)\n/, '')
      .split(/\n\n+/)
      .map(propertiesOf);
    for (const id of ids.filter((asked) => asked.scope === scope)) {
      const block = blocks.find((found) => found.Template === id.name || found.Names?.split(' ').includes(id.name));
      if (noSystemd) states.set(unitKey(id), { ...stateOf({}), noSystemd: true });
      else if (block) states.set(unitKey(id), stateOf(block));
    }
  }
  return states;
}

function propertiesOf(block: string): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    block.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const),
  );
}

function stateOf(found: Readonly<Record<string, string | undefined>>): UnitState {
  const fileState = found.UnitFileState ?? found.FileState ?? '';
  const active = found.ActiveState ?? 'inactive';
  const known = found.Template === undefined ? (found.LoadState ?? 'not-found') !== 'not-found' : fileState !== '';
  return {
    exists: known || active === 'active' || active === 'activating',
    active,
    subState: found.SubState ?? 'dead',
    enabled: ['enabled', 'enabled-runtime', 'static', 'generated'].includes(fileState),
    ...(['static', 'generated'].includes(fileState) && { fixed: true }),
    masked: found.LoadState === 'masked' || fileState === 'masked' || fileState === 'masked-runtime',
    needDaemonReload: found.NeedDaemonReload === 'yes',
    ...(found.MainPID !== undefined && found.MainPID !== '0' && { mainPid: Number(found.MainPID) }),
    oneShot: found.Type === 'oneshot' && found.RemainAfterExit === 'no',
    restarted: false,
    reloaded: false,
    started: false,
  };
}

function apply(id: UnitId, { after }: Change<UnitState>): Script {
  if (after === null) throw new VezaError('internal', 'a unit is not removed by itself, its file is');
  const run = (verb: string, needed: boolean): Script | false =>
    needed && sh`${systemctl(id.scope)} ${verb} ${id.name} || vz_failed "$?" ${verb}`;
  const starting =
    after.restarted !== true && after.reloaded !== true && (after.started === true || after.active === 'active');
  return joinScripts(
    id.scope === 'user' && userBus,
    explain(id),
    run('unmask', after.masked === false),
    run('enable', after.enabled === true),
    run('disable', after.enabled === false),
    run('restart', after.restarted === true),
    run('reload', after.reloaded === true),
    run('start', starting),
    run('stop', after.active === 'inactive'),
    run('mask', after.masked === true),
  );
}

/** Why a unit did not start is in its journal, if it may be read. */
function explain(id: UnitId): Script {
  const scope = id.scope === 'user' && rawShell(' --user');
  return sh`vz_failed() {
  printf 'systemctl %s %s failed (exit status %s)\n' "$2" ${id.name} "$1" >&2
  if command -v journalctl >/dev/null 2>&1; then
    lines=$(journalctl${scope} -u ${id.name} -n 15 --no-pager -o cat 2>/dev/null)
    [ -z "$lines" ] || printf 'the last lines of its journal:\n%s\n' "$lines" >&2
  fi
  exit 1
}`;
}

/** A service that starts brings its socket's state with it, and the other way round nothing is certain. */
function disturbs(id: UnitId, change: Change<UnitState>): Disturbance {
  const others = new Map<string, Prediction>();
  const base = id.name.replace(/\.[a-z]+$/, '');
  if (change.after?.active === undefined && change.after?.restarted !== true) return others;
  if (id.name.endsWith('.socket') && change.after.active === 'inactive') return others;
  // Requests may start the service behind a socket at any moment; until then it stays as it is.
  if (id.name.endsWith('.service') && change.after.active === 'active') {
    const socket: Prediction = (before) =>
      before && 'subState' in before && before.subState === 'listening' ? { ...before, subState: 'running' } : before;
    others.set(unitKey({ name: `${base}.socket`, scope: id.scope }), socket);
  }
  return others;
}

function namesOf(ids: readonly UnitId[], scope: UnitScope): string[] {
  return [...new Set(ids.filter((id) => id.scope === scope).map((id) => id.name))];
}

/** A template itself, without an instance, is never loaded: it can only be enabled (where it has a default instance). */
function isTemplate(name: string): boolean {
  return name.includes('@.');
}
