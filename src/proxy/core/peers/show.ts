// `show peers` of the stats socket, in HAProxy's form. Where HAProxy shows addresses in memory stand numbers that are as good
// for telling things apart.
import { sdbm } from '../balance/hash-ring.ts';
import { hostAndPort } from '../server-address.ts';
import type { Member } from './member.ts';
import { failure, type Reply } from '../stats/reply.ts';
import type { PeerSection } from './section.ts';
import type { PeerSession } from './session.ts';
import type { SharedTable } from './shared-table.ts';
import { bitsOf } from './table-definition.ts';

interface ShowContext {
  readonly nowMs: number;
  /** Now, in words. */
  readonly date: string;
  /** `xprt=RAW src=ADDRESS addr=ADDRESS` of the connection of a session. */
  readonly places: (session: PeerSession) => string;
}

/** `words`: those behind `show peers`. */
export function showPeers(words: readonly string[], sections: readonly PeerSection[], context: ShowContext): Reply {
  const [name] = words[0] === 'dict' || words[0] === '-' ? words.slice(1) : words;
  const wanted = sections.filter(({ config }) => name === undefined || config.name === name);
  if (name !== undefined && wanted.length === 0) return failure('No such peers\n');
  return wanted.map((section) => sectionText(section, context)).join('');
}

function sectionText(section: PeerSection, context: ShowContext): string {
  const { name, local, bind } = section.config;
  const flags = section.isUpToDate ? '0x3' : '0x0';
  const timeout = section.isUpToDate ? '<PAST>' : inSeconds(section.askUntilMs - context.nowMs);
  const date = context.date.replace(/\.[0-9]+$/, '');
  return [
    `${pointer(name)}: [${date}] id=${name} disabled=0 flags=${flags} resync_timeout=${timeout} task_calls=0`,
    ...section.members.flatMap((member) => memberLines(member, section, context)),
    `  ${pointer(name + local)}: id=${local}(local,inactive) addr=${bind.id} last_status=NONE last_hdshk=<NEVER>`,
    `        ${counters('<NEVER>', '<NEVER>', 0, [0, 0, 0, 0, 0, 0])}`,
    '        flags=0x0',
    '',
  ].join('\n');
}

function memberLines(member: Member, section: PeerSection, context: ShowContext): string[] {
  const { name, address, port, session, greetedMs, lastStatus } = member;
  const { nowMs } = context;
  const head = session?.isOpen === true ? 'remote,active' : 'remote,inactive';
  const since = greetedMs === undefined ? '<NEVER>' : inSeconds(nowMs - greetedMs);
  const beat =
    session?.isOpen === true ? inSeconds(session.saidMs + section.config.timeouts.heartbeatMs - nowMs) : '<NEVER>';
  const call = session ? '<NEVER>' : inSeconds(member.callMs - nowMs);
  const lines = [
    `  ${pointer(`${section.config.name}/${name}`)}: id=${name}(${head}) addr=${hostAndPort(address, port)} last_status=${lastStatus} last_hdshk=${since}`,
    `        ${counters(call, beat, session?.waitsForConfirm === true ? 1 : 0, [session?.heartbeatsOut ?? 0, session?.heartbeatsIn ?? 0, 0, member.connections, member.nonsense, member.collisions])}`,
  ];
  if (!session) return [...lines, '        flags=0x0'];
  const state = session.isOpen ? 'EST' : 'CON';
  return [
    ...lines,
    `        flags=0x0 appctx:${pointer(name)} st0=${session.isOpen ? 7 : 4} st1=0 task_calls=0 state=${state}`,
    `        ${context.places(session)}`,
    '        shared tables:',
    ...section.tables.flatMap((shared) => tableLines(shared, member, session)),
  ];
}

function tableLines(shared: SharedTable, member: Member, session: PeerSession): string[] {
  const { id, name } = shared.definition;
  const { sent, acked } = member.progressOf(shared);
  const remote = session.incoming.remoteIdOf(name);
  const bits = bitsOf(shared.definition).toString(16);
  const { last } = shared.log;
  return [
    `          ${pointer(`${member.name} ${name}`)} local_id=${id} remote_id=${remote} flags=0x0 remote_data=0x${bits}`,
    `              last_acked=${acked >>> 0} last_pushed=${sent >>> 0} last_get=${session.incoming.lastTaken(name)} teaching_origin=0 update=${last >>> 0}`,
    `              table:${pointer(name)} id=${name} update=${last >>> 0} localupdate=${last >>> 0} commitupdate=${sent >>> 0} refcnt=1`,
    '        Dictionary cache not dumped',
  ];
}

function counters(reconnect: string, heartbeat: string, confirm: number, counts: readonly number[]): string {
  const names = ['tx_hbt', 'rx_hbt', 'no_hbt', 'new_conn', 'proto_err', 'coll'];
  const shown = names.map((name, at) => `${name}=${counts[at] ?? 0}`);
  return [`reconnect=${reconnect}`, `heartbeat=${heartbeat}`, `confirm=${confirm}`, ...shown].join(' ');
}

function inSeconds(ms: number): string {
  return ms < 0 ? '<PAST>' : `${Math.round(ms / 1000)}s`;
}

function pointer(of: string): string {
  return `0x${sdbm(of).toString(16).padStart(8, '0')}`;
}
