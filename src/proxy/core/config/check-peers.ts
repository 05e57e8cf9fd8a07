// What the schema cannot say about machines that share stick tables: which of them this one is, where it listens, who is
// called where, and that tables name sections that exist.
import { parseBind } from './bind.ts';
import type { Add } from './check-handling.ts';
import { durationMs } from './duration.ts';
import { nearName } from './explain.ts';
import type { Path } from './places.ts';
import type { ConfigDocument } from './read.ts';
import { listenTextOf, localNameOf, type PeersDocument } from './resolve-peers.ts';
import type { Environment } from './variables.ts';

/** All problems of the sections; names that stand twice are told elsewhere. `bound`: frontends by the ids of their binds. */
export function checkPeers(
  document: ConfigDocument,
  environment: Environment,
  bound: ReadonlyMap<string, string>,
  add: Add,
  warn: Add,
): void {
  const { peers, backends } = document;
  const names = peers.map(({ name }) => name);
  const used = new Set<string>();
  backends.forEach(({ stick }, at) => {
    if (stick?.peers === undefined) return;
    used.add(stick.peers);
    if (names.includes(stick.peers)) return;
    const hint = names.length === 0 ? 'Write a section `peers`.' : nearName(stick.peers, names);
    add('unknown-peers', `there is no peers section \`${stick.peers}\``, ['backends', at, 'stick', 'peers'], hint);
  });
  peers.forEach((section, at) => {
    const path = ['peers', at];
    if (!used.has(section.name))
      warn(
        'unused-peers',
        `no stick table names the peers section \`${section.name}\``,
        path,
        'Add `peers` to a `stick`.',
      );
    checkLocal(section, environment, path, add);
    checkTimeouts(section, path, add);
  });
  checkListening(peers, environment, bound, add);
}

function checkLocal(section: PeersDocument, environment: Environment, path: Path, add: Add): void {
  const { members, name } = section;
  const local = localNameOf(section, environment);
  const known = members.map((member) => member.name);
  if (local !== undefined && !known.includes(local)) {
    const hint = `${nearName(local, known) ?? ''} Say which one this machine is: \`local\`, or \`-L NAME\`.`.trim();
    const at = section.local === local ? [...path, 'local'] : path;
    add('no-local-peer', `this machine (\`${local}\`) is no member of \`${name}\``, at, hint);
  }
  const lacking = members.filter((member) => member.address === undefined || member.port === undefined);
  // On another machine than its own nobody knows which one listens at `bind`.
  const bound = section.bind === undefined ? undefined : (local ?? lacking[0]?.name);
  members.forEach((member, index) => {
    if (!lacking.includes(member) || member.name === bound) return;
    const hint = 'Only the local one needs none, where there is `bind`.';
    add('missing', `member \`${member.name}\` needs an address and a port`, [...path, 'members', index], hint);
  });
}

function checkTimeouts({ timeouts }: PeersDocument, path: Path, add: Add): void {
  if (durationMs(timeouts.heartbeat) < durationMs(timeouts.silence)) return;
  add(
    'bad-value',
    '`heartbeat` must be shorter than `silence`',
    [...path, 'timeouts', timeouts.heartbeat === '3s' ? 'silence' : 'heartbeat'],
    'Else peers take each other for dead.',
  );
}

/** Two sections, or a section and a frontend, cannot listen at one address. */
function checkListening(
  peers: readonly PeersDocument[],
  environment: Environment,
  bound: ReadonlyMap<string, string>,
  add: Add,
): void {
  const taken = new Map([...bound].map(([id, name]) => [id, `frontend \`${name}\``]));
  peers.forEach((section, at) => {
    const text = listenTextOf(section, localNameOf(section, environment));
    if (text === undefined) return;
    const path = ['peers', at, ...(section.bind === undefined ? [] : ['bind'])];
    const bind = parseBind(text);
    if (bind?.kind !== 'tcp' || bind.port === 0) {
      add('bad-address', `\`${text}\` is not an address to listen on`, path, 'Write `10.0.0.1:1024` or `*:1024`.');
      return;
    }
    const other = taken.get(bind.id);
    if (other !== undefined) add('duplicate-bind', `\`${text}\` is already bound by ${other}`, path);
    taken.set(bind.id, `peers section \`${section.name}\``);
  });
}
