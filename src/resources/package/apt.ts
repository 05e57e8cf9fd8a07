// Debian's packages: dpkg-query for what is there, apt-cache and a simulation only for what is missing or to be the latest.
import { joinScripts, rawShell, sh, type Script } from '../../lib/shell.ts';
import type { PendingChange } from '../../core/resource.ts';
import { environmentOf } from '../support/environment.ts';
import type { PackageId, PackageOptions, PackageState } from './state.ts';

/** A simulation takes a third of a second; above this many missing packages one is made for all of them. */
const separateSimulations = 10;

const simulated = 'apt-get -s -qq -o Debug::NoLocking=1';

export function probeApt(ids: readonly PackageId[]): Script {
  const names = ids.map((id) => id.name);
  const latest = ids.filter((id) => id.latest === true).map((id) => id.name);
  const recommends = ids.some((id) => id.options?.installRecommends === false) && rawShell('--no-install-recommends ');
  const leaving = ids.filter((id) => id.leaving === true).map((id) => id.name);
  const alone = ids.some((id) => id.options?.autoremove === true) && rawShell('--auto-remove ');
  return joinScripts(
    sh`nl='
'
known=$nl$(dpkg-query -W -f='\${db:Status-Status}|\${Package}|\${binary:Package}|\${Version}\\n' ${names} 2>/dev/null)$nl
printf '%s' "$known"
set -- ${latest}
for name in ${names}; do
  case $known in
    *"$nl"installed"|$name|"* | *"$nl"installed"|\${name%%:*}|$name|"*) ;;
    *) set -- "$@" "$name"; printf 'missing|%s\\n' "$name" ;;
  esac
done`,
    leaving.length > 0 &&
      sh`for name in ${leaving}; do
  case $known in
    *"$nl"installed"|$name|"* | *"$nl"installed"|\${name%%:*}|$name|"*)
      ${rawShell(simulated)} remove ${alone}"$name" 2>/dev/null | sed -n "s/^Remv \\([^ ]*\\).*/takes|$name|\\1/p" ;;
  esac
done`,
    // A missing name may be a virtual package that something installed provides.
    sh`vz_simulate() {
  asked=$1
  shift
  ${rawShell(simulated)} install ${recommends}"$@" 2>/dev/null | sed -n -e "s/^Inst \\([^ ]*\\) .*(\\([^ ]*\\) .*/brings|$asked|\\1|\\2/p" -e "s/^Remv \\([^ ]*\\).*/takes|$asked|\\1/p"
}
if [ $# -gt 0 ]; then
  dpkg-query -W -f='\${db:Status-Status}|\${Package}|\${Provides}\n' 2>/dev/null | sed -n 's/^installed|\\([^|]*\\)|\\(..*\\)$/provides|\\1|\\2/p'
  apt-cache policy "$@" 2>/dev/null | sed 's/^/policy|/'
  if [ $# -le ${separateSimulations} ]; then
    for name do vz_simulate "$name" "$name"; done
  else vz_simulate '*' "$@"
  fi
fi`,
  );
}

export function parseApt(lines: readonly string[], ids: readonly PackageId[]): Map<string, PackageState> {
  const policy = candidatesOf(lines);
  const asked = new Set(ids.map((id) => id.name));
  const states = new Map<string, PackageState>();
  for (const id of ids) {
    const { name } = id;
    const found = dpkgLine(lines, name);
    const candidate = policy.get(name);
    const known = candidate === undefined ? {} : { candidate };
    const brings = bringsOf(lines, name, asked);
    const more = Object.keys(brings).length > 0 ? { brings } : {};
    const provider = found ? undefined : providerOf(lines, name);
    const taken = lines.flatMap((line) => takenBy(line, name));
    const takes = id.leaving === true || taken.length > 0 ? { takes: taken } : {};
    if (found)
      states.set(name, {
        manager: 'apt',
        status: 'installed',
        configuration: true,
        version: found,
        ...known,
        ...takes,
      });
    else if (provider !== undefined)
      states.set(name, { manager: 'apt', status: 'installed', configuration: true, providedBy: provider });
    else {
      const left = lines.some((line) => isFor(line, name, 'config-files'));
      // apt-cache prints nothing for a name that it does not know.
      const missing = lines.includes(`missing|${name}`) && candidate === undefined ? { candidate: null } : known;
      states.set(name, { manager: 'apt', status: 'absent', configuration: left, ...missing, ...more, ...takes });
    }
  }
  return states;
}

function takenBy(line: string, name: string): string[] {
  const [tag, by, taken] = line.split('|');
  return tag === 'takes' && (by === name || by === '*') && taken !== undefined && taken !== name ? [taken] : [];
}

function isFor(line: string, name: string, status: string): boolean {
  const [found, bare, binary] = line.split('|');
  return found === status && (bare === name || binary === name);
}

function dpkgLine(lines: readonly string[], name: string): string | undefined {
  return lines.find((line) => isFor(line, name, 'installed'))?.split('|')[3];
}

function candidatesOf(lines: readonly string[]): Map<string, string | null> {
  const found = new Map<string, string | null>();
  let name = '';
  for (const line of lines) {
    if (!line.startsWith('policy|')) continue;
    const text = line.slice('policy|'.length);
    if (/^\S.*:$/.test(text)) name = text.slice(0, -1);
    const candidate = /^ {2}Candidate: (.*)$/.exec(text)?.[1];
    if (candidate !== undefined) found.set(name, candidate === '(none)' ? null : candidate);
  }
  return found;
}

function providerOf(lines: readonly string[], name: string): string | undefined {
  for (const line of lines) {
    if (!line.startsWith('provides|')) continue;
    const [, provider, list = ''] = line.split('|');
    if (list.split(', ').some((entry) => entry.split(/[ :(]/)[0] === name)) return provider;
  }
  return undefined;
}

/** Of a simulation of all together it is not known which brings another one that was asked for. */
function bringsOf(lines: readonly string[], name: string, asked: ReadonlySet<string>): Record<string, string> {
  const found: Record<string, string> = {};
  for (const line of lines) {
    const [tag, by, brought, version] = line.split('|');
    if (tag !== 'brings' || brought === undefined || brought === name) continue;
    if (by === name || (by === '*' && !asked.has(brought))) found[brought] = version ?? '';
  }
  return found;
}

/** One apt-get for everything that a task wants. */
export function applyApt(pending: readonly PendingChange<PackageId, PackageState>[]): Script {
  const options: PackageOptions = pending[0]?.id.options ?? {};
  const wanted = pending.filter(
    ({ change }) => change.after?.status === 'installed' || change.after?.version !== undefined,
  );
  const install = wanted.map(({ id, change }) =>
    typeof change.after?.version === 'string' && id.latest !== true ? `${id.name}=${change.after.version}` : id.name,
  );
  const purge = pending.filter(({ change }) => change.after?.configuration === false);
  const remove = pending.filter(
    ({ change }) => change.after?.status === 'absent' && change.after.configuration !== false,
  );
  const flags = aptFlags(options);
  return joinScripts(
    environmentOf(options.environment),
    rawShell(
      'DEBIAN_FRONTEND=noninteractive; APT_LISTCHANGES_FRONTEND=none; export DEBIAN_FRONTEND APT_LISTCHANGES_FRONTEND',
    ),
    install.length > 0 && sh`apt-get ${flags} ${installFlags(options)} install ${install} || exit 1`,
    purge.length > 0 && sh`apt-get ${flags} ${removeFlags(options)} purge ${purge.map(({ id }) => id.name)} || exit 1`,
    remove.length > 0 &&
      sh`apt-get ${flags} ${removeFlags(options)} remove ${remove.map(({ id }) => id.name)} || exit 1`,
  );
}

function aptFlags(options: PackageOptions): readonly string[] {
  const dpkg = options.dpkgOptions ?? ['force-confdef', 'force-confold'];
  return [
    '-y',
    '-q',
    '-o',
    `DPkg::Lock::Timeout=${options.lockTimeoutSeconds ?? 60}`,
    ...dpkg.flatMap((name) => ['-o', `Dpkg::Options::=--${name}`]),
  ];
}

function installFlags(options: PackageOptions): readonly string[] {
  return [
    ...(options.installRecommends === undefined
      ? []
      : ['-o', `APT::Install-Recommends=${options.installRecommends ? 'yes' : 'no'}`]),
    ...(options.defaultRelease === undefined ? [] : ['-t', options.defaultRelease]),
    ...(options.allowDowngrade === true ? ['--allow-downgrades'] : []),
    ...(options.allowChangeHeld === true ? ['--allow-change-held-packages'] : []),
    ...(options.allowUnauthenticated === true ? ['--allow-unauthenticated'] : []),
    ...(options.onlyUpgrade === true ? ['--only-upgrade'] : []),
  ];
}

function removeFlags(options: PackageOptions): readonly string[] {
  return options.autoremove === true ? ['--auto-remove'] : [];
}
