// The scripts that create, change and remove a user: shadow's tools, or BusyBox's where those are missing.
import type { Change } from '../../core/change.ts';
import { joinScripts, rawShell, sh, type Script } from '../../lib/shell.ts';
import { missingTool } from '../support/accounts.ts';
import { printBytes } from '../support/payload.ts';
import type { UserId, UserState } from './state.ts';

export function applyUser(id: UserId, change: Change<UserState>, current: UserState | null): Script {
  const { after } = change;
  if (after === null) return remove(id);
  if (change.action === 'create') return joinScripts(create(id, after), password(id, after), lock(id, after));
  return joinScripts(modify(id, after, current), makeHome(id, after, current), password(id, after), lock(id, after));
}

function create(id: UserId, wanted: Partial<UserState>): Script {
  const primary = primaryOf(wanted);
  const options = joinWords(
    wanted.uid !== undefined && sh`-u ${wanted.uid}`,
    id.nonUnique === true && rawShell('-o'),
    primary !== undefined && sh`-g ${primary}`,
    wanted.groups !== undefined && wanted.groups.length > 0 && sh`-G ${wanted.groups.join(',')}`,
    wanted.comment !== undefined && sh`-c ${wanted.comment}`,
    wanted.home !== undefined && sh`-d ${wanted.home}`,
    wanted.shell !== undefined && sh`-s ${wanted.shell}`,
    wanted.expiresDay !== undefined && sh`-e ${expiry(wanted.expiresDay)}`,
    id.system === true && rawShell('-r'),
    rawShell(wanted.homeExists === true ? '-m' : '-M'),
    id.skeleton !== undefined && sh`-k ${id.skeleton}`,
    id.umask !== undefined && sh`-K ${`UMASK=${id.umask}`}`,
  );
  // With a group of the user's name already there, useradd refuses to make one: it is then the primary group.
  const existingGroup =
    primary === undefined &&
    sh`if cut -d: -f1 /etc/group | grep -F -x -e ${id.name} >/dev/null; then set -- -g ${id.name}; fi`;
  return joinScripts(
    rawShell('set --'),
    existingGroup,
    rawShell('if command -v useradd >/dev/null 2>&1; then'),
    sh`  useradd ${options} "$@" ${id.name} || exit 1`,
    rawShell('else'),
    busyboxCreate(id, wanted),
    rawShell('fi'),
  );
}

function busyboxCreate(id: UserId, wanted: Partial<UserState>): Script {
  const primary = primaryOf(wanted);
  const options = joinWords(
    rawShell('-D'),
    wanted.uid !== undefined && sh`-u ${wanted.uid}`,
    primary !== undefined && sh`-G ${primary}`,
    wanted.comment !== undefined && sh`-g ${wanted.comment}`,
    wanted.home !== undefined && sh`-h ${wanted.home}`,
    wanted.shell !== undefined && sh`-s ${wanted.shell}`,
    id.system === true && rawShell('-S'),
    wanted.homeExists !== true && rawShell('-H'),
    id.skeleton !== undefined && sh`-k ${id.skeleton}`,
  );
  return joinScripts(
    rawShell('  if [ "${1:-}" = -g ]; then shift; set -- -G "$@"; fi'),
    sh`  adduser ${options} "$@" ${id.name} || exit 1`,
    ...(wanted.groups ?? []).map((name) => sh`  addgroup ${id.name} ${name} || exit 1`),
  );
}

function modify(id: UserId, wanted: Partial<UserState>, current: UserState | null): Script | null {
  const { groups } = wanted;
  const primary = primaryOf(wanted);
  const others = joinWords(
    wanted.uid !== undefined && sh`-u ${wanted.uid}`,
    wanted.uid !== undefined && id.nonUnique === true && rawShell('-o'),
    primary !== undefined && sh`-g ${primary}`,
    wanted.comment !== undefined && sh`-c ${wanted.comment}`,
    wanted.home !== undefined && sh`-d ${wanted.home}`,
    wanted.home !== undefined && wanted.moveHome === true && rawShell('-m'),
    wanted.shell !== undefined && sh`-s ${wanted.shell}`,
    wanted.expiresDay !== undefined && sh`-e ${expiry(wanted.expiresDay)}`,
  );
  if (others.text === '' && groups === undefined) return null;
  if (others.text !== '') {
    const all = groups === undefined ? others : joinWords(others, sh`-G ${groups.join(',')}`);
    return joinScripts(missingTool('usermod'), sh`usermod ${all} ${id.name} || exit 1`);
  }
  // Groups alone can be had without usermod.
  const before = current?.groups ?? [];
  const added = groups?.filter((name) => !before.includes(name)) ?? [];
  const removed = before.filter((name) => !groups?.includes(name));
  return joinScripts(
    sh`if command -v usermod >/dev/null 2>&1; then usermod -G ${groups?.join(',') ?? ''} ${id.name} || exit 1`,
    rawShell('else :'),
    ...added.map((name) => sh`  addgroup ${id.name} ${name} || exit 1`),
    ...removed.map((name) => sh`  delgroup ${id.name} ${name} || exit 1`),
    rawShell('fi'),
  );
}

/** An account that has lost its home, or never had one. */
function makeHome(id: UserId, wanted: Partial<UserState>, current: UserState | null): Script | false {
  if (wanted.homeExists !== true) return false;
  const home = wanted.home ?? current?.home;
  if (home === undefined) return false;
  const skeleton = id.skeleton ?? '/etc/skel';
  return sh`h=${home}
if ! [ -d "$h" ]; then
  case $h in */*/*) mkdir -p "\${h%/*}" || exit 1 ;; esac
  mkdir "$h" || exit 1
  if [ -d ${skeleton} ]; then cp -R -P ${`${skeleton}/.`} "$h/" || exit 1; fi
  chown -R -h ${`${id.name}:`}"$(id -g ${id.name})" "$h" || exit 1
  chmod 0700 "$h" || exit 1
fi`;
}

function password(id: UserId, wanted: Partial<UserState>): Script | false {
  if (wanted.password === undefined) return false;
  const line = printBytes(new TextEncoder().encode(`${id.name}:${wanted.password}\n`));
  return joinScripts(rawShell('{'), line, rawShell('} | chpasswd -e || exit 1'));
}

function lock(id: UserId, wanted: Partial<UserState>): Script | false {
  if (wanted.locked === undefined) return false;
  const flag = rawShell(wanted.locked ? '-L' : '-U');
  const short = rawShell(wanted.locked ? '-l' : '-u');
  return sh`if command -v usermod >/dev/null 2>&1; then usermod ${flag} ${id.name}; else passwd ${short} ${id.name}; fi || exit 1`;
}

function remove(id: UserId): Script {
  const force = id.force === true && rawShell(' -f');
  const home = id.remove === true && rawShell(' -r');
  const busyboxHome = id.remove === true && rawShell(' --remove-home');
  return sh`if command -v userdel >/dev/null 2>&1; then userdel${force}${home} ${id.name} || exit 1
else deluser${busyboxHome} ${id.name} || exit 1; fi`;
}

/** Name or number of the primary group. */
function primaryOf(wanted: Partial<UserState>): string | undefined {
  return wanted.group ?? (wanted.gid === undefined ? undefined : String(wanted.gid));
}

/** The date that shadow's tools take; an empty word means never. */
function expiry(day: number): string {
  return day < 0 ? '' : new Date(day * 86_400_000).toISOString().slice(0, 10);
}

function joinWords(...words: readonly (Script | false)[]): Script {
  return rawShell(
    words
      .filter((word): word is Script => word !== false)
      .map((word) => word.text)
      .filter((text) => text !== '')
      .join(' '),
  );
}
