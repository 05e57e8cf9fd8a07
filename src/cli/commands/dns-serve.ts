// `veza-run dns serve`: the DNS server of this machine, until Ctrl-C.
import { once } from 'node:events';
import { startLocalDns } from '../../infra/local-dns/server.ts';
import { readUpstream, usualUpstream } from '../../infra/local-dns/upstream.ts';
import { clouDnsZones } from '../../infra/local-dns/zones.ts';
import { VezaError } from '../../lib/errors.ts';
import { terminalText } from '../../lib/terminal-text.ts';
import { exitCodes } from '../exit-codes.ts';
import { print, printNote } from '../output.ts';
import { clouDnsOfEnvironment } from '../prod/account.ts';

export interface DnsServeFlags {
  readonly address: string;
  readonly port: string;
  /** `false` for --no-upstream. */
  readonly upstream?: string | false;
  readonly timeout: string;
  readonly name?: readonly string[];
  readonly cloudns?: boolean;
}

/** Resolves to the exit code when it was told to end. */
export async function dnsServe(flags: DnsServeFlags): Promise<number> {
  const zones = flags.cloudns ? clouDnsZones(clouDnsOfEnvironment(process.env), { now: Date.now }) : undefined;
  const upstream = upstreamOf(flags.upstream);
  const ended = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await using server = await startLocalDns({
    address: flags.address,
    port: wholeNumber('--port', flags.port, 0, 65_535),
    upstream,
    timeoutMs: wholeNumber('--timeout', flags.timeout, 1, 60_000),
    localNames: (flags.name ?? []).map((name) => name.toLowerCase().replace(/\.$/, '')),
    ...(zones && { zones }),
    onProblem: ({ name, type, reason }) => printNote(terminalText(`${name} ${type}: ${reason}`.trim()) + '\n'),
  });
  const others = upstream
    ? `everything else is asked of ${upstream.host} port ${upstream.port}`
    : 'all else is refused';
  print(`answering DNS at ${server.address} port ${server.port} (UDP and TCP); ${others}\n`);
  await ended;
  return exitCodes.ok;
}

function upstreamOf(given: string | false | undefined) {
  if (given === false) return null;
  if (given === undefined) return usualUpstream;
  const upstream = readUpstream(given);
  if (upstream) return upstream;
  throw new VezaError('wrong-option', `--upstream must be an address with or without a port, not "${given}"`, {
    hint: 'For instance 9.9.9.9 or [2620:fe::fe]:53.',
  });
}

function wholeNumber(option: string, given: string, least: number, most: number): number {
  if (/^\d+$/.test(given) && Number(given) >= least && Number(given) <= most) return Number(given);
  throw new VezaError('wrong-option', `${option} must be a number from ${least} to ${most}, not "${given}"`);
}
