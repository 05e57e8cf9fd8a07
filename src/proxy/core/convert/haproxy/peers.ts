// `peers` sections -> `peers`. TLS comes along where both sides show certificates of one authority, else not at all.
import type { Draft } from '../draft.ts';
import type { Report } from '../report.ts';
import type { Section, Sections } from './sections.ts';
import { convertPeersTls, isPeersTlsWord } from './peers-tls.ts';
import type { TlsDefaults } from './tls.ts';
import { addressOf, bindsOf } from './units.ts';
import type { Line, Word } from './words.ts';

type Entries = Record<string, unknown>;

/** Puts `peers` into the configuration. Returns the names of the sections. */
export function convertPeers(
  sections: Sections,
  defaults: TlsDefaults,
  draft: Draft,
  report: Report,
): ReadonlySet<string> {
  const local = sections.global.findLast(({ first }) => first.text === 'localpeer')?.words[1];
  const names = new Set<string>();
  const list: unknown[] = [];
  for (const section of sections.others) {
    if (section.keyword !== 'peers') continue;
    const off = section.lines.findLast(({ first }) => first.text === 'disabled' || first.text === 'enabled');
    if (off?.first.text === 'disabled') {
      report.info(off.first, `the peers \`${section.name}\` are disabled: nothing is shared`);
      continue;
    }
    names.add(section.name);
    if (list.length === 0) draft.put(draft.root, 'peers', list, section.spot);
    const entry: Entries = {};
    draft.put(entry, 'name', section.name, section.spot);
    if (local) draft.put(entry, 'local', local.text, local);
    membersOf(section, entry, draft, report);
    convertPeersTls(section.lines, section.spot, entry, defaults, draft, report);
    draft.push(list, entry, section.spot);
  }
  reportCounting(sections, report);
  return names;
}

/** Tables to which nobody sticks only count for limits, which each machine has for itself. */
function reportCounting({ proxies }: Sections, report: Report): void {
  const stuck = new Set(
    proxies.flatMap(({ name, lines }) =>
      lines.flatMap(({ first, words }) => {
        const at = words.findIndex(({ text }) => text === 'table');
        return first.text === 'stick' ? [at < 0 ? name : (words[at + 1]?.text ?? name)] : [];
      }),
    ),
  );
  for (const { name, lines } of proxies)
    for (const { first, words } of lines) {
      const word = first.text === 'stick-table' && words.find(({ text }) => text === 'peers');
      if (word && !stuck.has(name))
        report.warning(word, 'rate limits count on each machine for itself; tables to which clients stick are shared');
    }
}

function membersOf({ lines, spot }: Section, entry: Entries, draft: Draft, report: Report): void {
  const members: unknown[] = [];
  draft.put(entry, 'members', members, spot);
  for (const line of lines) {
    const { first, words } = line;
    switch (first.text) {
      case 'peer':
      case 'server':
        draft.push(members, memberOf(line, draft, report), first);
        break;
      case 'bind':
        bind(line, entry, draft, report);
        break;
      case 'default-server':
      case 'default-bind':
        parameters(words.slice(1), report);
        break;
      case 'log':
        report.info(first, 'the operational log tells what happens to peers');
        break;
      case 'table':
        report.error(
          first,
          'a table of a peers section cannot be carried over',
          'Make it the `stick-table` of a backend.',
        );
        break;
      case 'enabled':
      case 'disabled':
        break;
      default:
        report.warning(first, `\`${first.text}\` of a peers section has no counterpart here`);
    }
  }
}

/** `peer NAME ADDRESS:PORT`; the local one may have its address in `bind`. */
function memberOf({ first, words }: Line, draft: Draft, report: Report): Entries {
  const [, name, second] = words;
  const entry: Entries = {};
  if (name) draft.put(entry, 'name', name.text, name);
  const at = second && addressOf(second.text);
  if (second && at?.port !== undefined) {
    draft.put(entry, 'address', at.address, second);
    draft.put(entry, 'port', at.port, second);
  } else if (second && second.text.includes(':')) report.error(second, `\`${second.text}\` cannot be called here`);
  else if (first.text === 'peer') report.error(second ?? first, 'a peer needs an address and a port');
  parameters(words.slice(at?.port === undefined ? 2 : 3), report);
  return entry;
}

function bind({ first, words }: Line, entry: Entries, draft: Draft, report: Report): void {
  const [, address] = words;
  const [only, ...more] = bindsOf(address?.text ?? '') ?? [];
  if (!address || only === undefined || more.length > 0 || only.startsWith('unix:'))
    report.error(address ?? first, 'peers are called at one address of TCP');
  else if (entry['bind'] !== undefined) report.error(first, 'peers are called at one address');
  else draft.put(entry, 'bind', only, address);
  parameters(words.slice(2), report);
}

/** Options of connections, without those of TLS. */
function parameters(words: readonly Word[], report: Report): void {
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at];
    if (!word) continue;
    if (isPeersTlsWord(word.text)) at += word.text === 'ssl' ? 0 : 1;
    else {
      report.warning(word, `\`${word.text}\` of a peer has no counterpart here`);
      return;
    }
  }
}
