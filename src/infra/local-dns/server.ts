// A DNS server for this machine, over UDP and TCP: local names lead to loopback, zones are answered from their records,
// everything else is asked of an upstream. It caches nothing and follows nothing by itself: it is no public resolver.
import { Packet, TCPServer, UDPServer } from 'dns2';
import { once } from 'node:events';
import { isIPv6, type Socket } from 'node:net';
import { messageOf, VezaError } from '../../lib/errors.ts';
import { answerOf, isLocalName, zoneOf } from './answers.ts';
import { loopbackOf, questionFor, resourceOf, startOfAuthority, type Question, type Resource } from './packets.ts';
import { forward, usualUpstream, type Upstream } from './upstream.ts';
import { writeSrvWhole } from './whole-names.ts';
import type { ZoneSource } from './zones.ts';

export interface LocalDnsOptions {
  /** Default 127.0.0.1: it is for this machine. */
  readonly address?: string;
  /** The same for UDP and TCP; 0 takes a free one. */
  readonly port: number;
  /** Names that lead here, beside those that end with .localhost, .test and .local. */
  readonly localNames?: readonly string[];
  readonly zones?: ZoneSource;
  /** `null`: what is not known here is refused. Default 1.1.1.1:53. */
  readonly upstream?: Upstream | null;
  /** For one question to the upstream; default 3000. */
  readonly timeoutMs?: number;
  readonly onProblem?: (problem: DnsProblem) => void;
}

/** Why a question got no answer (SERVFAIL, FORMERR), for the log. */
export interface DnsProblem {
  readonly name: string;
  readonly type: string;
  readonly reason: string;
}

export interface LocalDns extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  /** Ends all sockets; resolves when they are closed. */
  stop(): Promise<void>;
}

type Transport = 'udp' | 'tcp';

/** Clients that stay connected, and questions under way upstream: more than a machine's own programs ever have. */
const maxConnections = 256;
const maxForwards = 512;
/** Aliases that lead to aliases: a longer chain leads in a circle. */
const maxAliases = 8;

/** Starts it. Rejects with VezaError `dns-listen` where the port cannot be had. */
export async function startLocalDns(options: LocalDnsOptions): Promise<LocalDns> {
  writeSrvWhole();
  const address = options.address ?? '127.0.0.1';
  const { udp, tcp, port } = await listen(address, options.port);
  const connections = new Set<Socket>();
  let forwards = 0;
  const forwarding: Forwarding = async (question, transport) => {
    const upstream = options.upstream === undefined ? usualUpstream : options.upstream;
    if (!upstream) return null;
    if (forwards >= maxForwards) throw new Error(`${maxForwards} questions are under way already`);
    forwards += 1;
    try {
      return await forward(question, upstream, transport, options.timeoutMs ?? 3000);
    } finally {
      forwards -= 1;
    }
  };
  const handle = (transport: Transport) => (request: Packet, send: (answer: Packet | Buffer) => unknown) => {
    // Answers are not answered: two servers would talk for ever.
    if (request.header.qr === 1) return;
    void respond(request, transport, options, forwarding)
      .then(send)
      // A client that is gone needs no answer.
      .catch(() => undefined);
  };
  const malformed = (error: Error) => options.onProblem?.({ name: '', type: '', reason: error.message });
  udp.on('request', handle('udp')).on('requestError', malformed).on('error', malformed);
  tcp.on('request', handle('tcp')).on('requestError', malformed).on('error', malformed);
  tcp.maxConnections = maxConnections;
  tcp.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  let stopped: Promise<void> | null = null;
  const end = async () => {
    const closed = Promise.all([once(udp, 'close'), once(tcp, 'close')]);
    udp.close();
    tcp.close();
    for (const socket of connections) socket.destroy();
    await closed;
  };
  const stop = () => (stopped ??= end());
  return { address, port, stop, [Symbol.asyncDispose]: stop };
}

type Forwarding = (question: Buffer, transport: Transport) => Promise<Buffer | null>;

/** Always an answer; a failure is one too, with its reason (RFC 8914) and in the log. */
async function respond(
  request: Packet,
  transport: Transport,
  options: LocalDnsOptions,
  forwarding: Forwarding,
): Promise<Packet | Buffer> {
  const [question] = request.questions;
  const { RCODE } = Packet;
  const told = (rcode: number, reason: string) => {
    const type = question === undefined ? '' : Packet.typeName(question.type);
    options.onProblem?.({ name: question?.name ?? '', type, reason });
    const failed = Packet.createErrorResponseFromRequest(request, rcode, {
      infoCode: rcode === RCODE.SERVFAIL ? Packet.EDE.NO_REACHABLE_AUTHORITY : Packet.EDE.OTHER,
      extraText: reason,
    });
    failed.header.ra = 1;
    return failed;
  };
  if (request.header.opcode !== 0) return told(RCODE.NOTIMP, `operation ${request.header.opcode} is not supported`);
  if (!question || request.questions.length > 1 || request.errors.length > 0) {
    const [error] = request.errors;
    return told(RCODE.FORMERR, error?.message ?? `${request.questions.length} questions at once`);
  }
  try {
    const own = await ownAnswer(request, question, transport, options, forwarding);
    if (own) return own;
    const asked = questionFor(question.name, question, request);
    asked.header.id = request.header.id;
    return (await forwarding(asked.toBuffer(), transport)) ?? told(RCODE.REFUSED, 'there is no upstream');
  } catch (error) {
    return told(RCODE.SERVFAIL, messageOf(error));
  }
}

/** `null` where it is nothing of ours. */
async function ownAnswer(
  request: Packet,
  question: Question,
  transport: Transport,
  options: LocalDnsOptions,
  forwarding: Forwarding,
): Promise<Packet | null> {
  const response = Packet.createResponseFromRequest(request);
  response.header.aa = 1;
  response.header.ra = 1;
  let name = question.name.toLowerCase().replace(/\.$/, '');
  const zones = (await options.zones?.zones()) ?? [];
  if (zoneOf(name, zones) === null) {
    if (question.class !== Packet.CLASS.IN || !isLocalName(name, options.localNames)) return null;
    response.answers = loopbackOf(question);
    return response;
  }
  for (let aliases = 0; ; aliases += 1) {
    if (aliases > maxAliases) throw new Error(`${question.name} is an alias of an alias of an alias without end`);
    const zone = zoneOf(name, zones);
    if (zone === null) {
      response.answers.push(...(await elsewhere(name, request, question, transport, options, forwarding)));
      return response;
    }
    const records = (await options.zones?.records(zone)) ?? [];
    const found = answerOf(zone, records, name, Packet.typeName(question.type));
    if (found.kind !== 'records') {
      response.authorities = [startOfAuthority(zone)];
      if (found.kind === 'no-such-name') response.header.rcode = Packet.RCODE.NXDOMAIN;
      else if (question.type === Packet.TYPE.SOA && name === zone) response.answers.push(startOfAuthority(zone));
      return response;
    }
    const shown = aliases === 0 ? question.name : name;
    response.answers.push(...found.records.flatMap((record) => resourceOf(record, shown) ?? []));
    if (found.cname === undefined) return response;
    name = found.cname;
  }
}

/** What an alias that leads out of our zones stands for. */
async function elsewhere(
  name: string,
  request: Packet,
  question: Question,
  transport: Transport,
  options: LocalDnsOptions,
  forwarding: Forwarding,
): Promise<readonly Resource[]> {
  const asked = questionFor(name, question, request);
  if (isLocalName(name, options.localNames)) return asked.questions.flatMap((one) => loopbackOf(one));
  const answer = await forwarding(asked.toBuffer(), transport);
  return answer ? Packet.parse(answer).answers : [];
}

async function listen(address: string, wanted: number) {
  // A free port of UDP may be in use for TCP: another one is tried then.
  for (let attempt = 0; ; attempt += 1) {
    const udp = new UDPServer({ type: isIPv6(address) ? 'udp6' : 'udp4' });
    const tcp = new TCPServer();
    try {
      udp.bind({ port: wanted, address });
      await once(udp, 'listening');
      const { port } = udp.address();
      tcp.listen({ port, host: address });
      await once(tcp, 'listening');
      return { udp, tcp, port };
    } catch (error) {
      await closeQuietly(udp);
      const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      if (taken && wanted === 0 && attempt < 10) continue;
      throw cannotListen(address, wanted, error);
    }
  }
}

async function closeQuietly(udp: UDPServer): Promise<void> {
  try {
    const closed = once(udp, 'close');
    udp.close();
    await closed;
  } catch {
    // It was never open.
  }
}

function cannotListen(address: string, port: number, error: unknown): VezaError {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  const hint =
    code === 'EACCES'
      ? 'Ports below 1024 need root or CAP_NET_BIND_SERVICE; or choose another one with --port.'
      : code === 'EADDRINUSE'
        ? 'Another server has it (perhaps systemd-resolved, dnsmasq); choose another address or port.'
        : 'Is the address one of this machine?';
  return new VezaError('dns-listen', `cannot answer DNS at ${address} port ${port}: ${messageOf(error)}`, { hint });
}
