// `resolvers` sections and what servers say of them -> `dns`, which is one for all names here.
import { dnsServer, endpointText, isNamed, isServiceName } from '../../server-address.ts';
import type { Draft } from '../draft.ts';
import { Report, type Spot } from '../report.ts';
import type { Proxy, Section, Sections } from './sections.ts';
import { type ServerLine, serverLines } from './server-options.ts';
import { addressOf, durationOf } from './units.ts';
import type { Line } from './words.ts';

type Entries = Record<string, unknown>;

/** Puts `dns` into the root where servers have `resolvers`. */
export function convertResolvers({ others }: Sections, proxies: readonly Proxy[], draft: Draft, report: Report): void {
  const sections = others.filter(({ keyword }) => keyword === 'resolvers');
  // Problems of servers themselves are told where they are converted.
  const servers = proxies.flatMap(({ kind, lines }) => (kind === 'frontend' ? [] : serverLines(lines, new Report())));
  const asking = servers.filter(({ options }) => options.values.has('resolvers'));
  const wanted = asking.flatMap(({ options }) => options.values.get('resolvers') ?? []);
  for (const { text, spot } of wanted)
    if (!sections.some(({ name }) => name === text)) report.error(spot, `there are no resolvers \`${text}\``);
  const used = sections.filter(({ name }) => wanted.some(({ text }) => text === name));
  for (const section of sections)
    if (!used.includes(section)) report.info(section.spot, `no server uses the resolvers \`${section.name}\``);
  const [first, ...more] = used;
  if (!first) return;
  for (const { name, spot } of more)
    report.error(
      spot,
      `names are looked up by one \`dns\` here, which is that of \`${first.name}\`, not of \`${name}\``,
      'Have one section for all servers.',
    );
  const dns = draft.record(draft.root, 'dns', first.spot);
  convertSection(first, dns, draft, report);
  preference(asking, first.spot, dns, draft, report);
  if (dns['servers'] !== undefined) withoutResolvers(servers, first.name, report);
}

function convertSection({ lines, spot }: Section, dns: Entries, draft: Draft, report: Report): void {
  const servers: string[] = [];
  for (const { first, words } of lines) {
    const [, second, third] = words;
    switch (first.text) {
      case 'nameserver': {
        const text = third && nameserverOf(third.text);
        if (text === undefined)
          report.error(third ?? first, 'a nameserver needs an IP address', 'Write `nameserver NAME 192.0.2.53:53`.');
        else {
          if (servers.length === 0) draft.put(dns, 'servers', servers, first);
          if (!servers.includes(text)) draft.push(servers, text, third ?? first);
        }
        break;
      }
      case 'resolve_retries':
        draft.put(dns, 'tries', Math.min(10, Math.max(1, Number(second?.text))), first);
        break;
      case 'timeout':
        if (second?.text === 'retry') duration('timeout', words, dns, draft, report);
        else report.info(second ?? first, 'a name is asked for again when the time of its answer is over');
        break;
      case 'hold':
        if (second?.text === 'valid') duration('maxTtl', words, dns, draft, report);
        else if (second?.text === 'nx') duration('hold', words, dns, draft, report);
        else report.info(second ?? first, 'what fails takes nothing away: the last address stays');
        break;
      case 'parse-resolv-conf':
        break;
      case 'accepted_payload_size':
        report.info(first, `\`${first.text}\` is not needed`);
        break;
      default:
        report.error(first, `\`${first.text}\` is no keyword of resolvers`);
    }
  }
  const system = lines.find(({ first }) => first.text === 'parse-resolv-conf');
  if (system && servers.length > 0)
    report.warning(
      system.first,
      'the DNS servers of the system are not asked beside those of this section',
      'Leave out the nameservers, or add those of the system.',
    );
  if (!system && servers.length === 0)
    report.warning(spot, 'there is no nameserver: those of the system are asked', 'HAProxy would ask none.');
}

function nameserverOf(text: string): string | undefined {
  const at = addressOf(text.replace(/^(?:udp|udp4|udp6)@/, ''));
  return at && dnsServer(endpointText({ address: at.address, port: at.port ?? 53 }));
}

function duration(key: string, words: Line['words'], dns: Entries, draft: Draft, report: Report): void {
  const [, name, value] = words;
  if (!name || !value) return;
  const text = durationOf(value.text);
  if (text === undefined) report.error(value, `\`${value.text}\` is not a duration`);
  else draft.put(dns, key, text, name);
}

/** HAProxy's own is IPv6, said by each server. */
function preference(asking: readonly ServerLine[], spot: Spot, dns: Entries, draft: Draft, report: Report): void {
  const said = asking.map(({ options }) => options.values.get('resolve-prefer'));
  const [first, ...more] = said;
  const prefer = first?.text ?? 'ipv6';
  draft.put(dns, 'prefer', prefer, first?.spot ?? spot);
  const other = more.findIndex((each) => (each?.text ?? 'ipv6') !== prefer);
  if (other < 0) return;
  report.error(
    more[other]?.spot ?? first?.spot ?? spot,
    '`resolve-prefer` must be the same for all servers that have `resolvers`',
  );
}

/** HAProxy asks the system once for names of servers without `resolvers`. */
function withoutResolvers(servers: readonly ServerLine[], name: string, report: Report): void {
  for (const { address, options } of servers) {
    const at = addressOf(address.text);
    if (!at || !isNamed(at.address) || isServiceName(at.address) || options.values.has('resolvers')) continue;
    report.warning(
      address,
      `the resolvers \`${name}\` are asked for \`${at.address}\`, too, not the system`,
      'Write its IP address if they do not know it.',
    );
  }
}
