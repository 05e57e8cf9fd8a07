// Records as dns2 puts them on the wire.
import { Packet } from 'dns2';
import type { NamedRecord } from './answers.ts';

export type Question = Packet['questions'][number];
export type Resource = Packet['answers'][number];

/** Seconds: what is local may be otherwise in a moment. */
const localTtl = 5;
/** A text on the wire is made of pieces of at most that many bytes. */
const textPieceBytes = 255;

/** The addresses of this machine for a question; none where it asks for something else. */
export function loopbackOf({ name, type }: Question): Resource[] {
  const base = { name, class: Packet.CLASS.IN, ttl: localTtl };
  const { A, AAAA, ANY } = Packet.TYPE;
  return [
    ...(type === A || type === ANY ? [new Packet.Resource({ ...base, type: A, address: '127.0.0.1' })] : []),
    ...(type === AAAA || type === ANY ? [new Packet.Resource({ ...base, type: AAAA, address: '::1' })] : []),
  ];
}

/** `null` for types that only the provider knows (ALIAS, web redirects). */
export function resourceOf(record: NamedRecord, name: string): Resource | null {
  const data = dataOf(record);
  const type = typeCode(record.type);
  if (!data || type === undefined) return null;
  return new Packet.Resource({ name, class: Packet.CLASS.IN, type, ttl: record.ttl, ...data });
}

function dataOf({ type, value, priority = 0, weight = 0, port = 0, flag = 0, tag = '' }: NamedRecord) {
  switch (type) {
    case 'A':
    case 'AAAA':
      return { address: value };
    case 'CNAME':
    case 'PTR':
      return { domain: value };
    case 'NS':
      return { ns: value };
    case 'MX':
      return { exchange: value, priority };
    case 'SRV':
      return { target: value, priority, weight, port };
    case 'CAA':
      return { flags: flag, tag, value };
    case 'TXT':
    case 'SPF':
      return { data: pieces(value) };
    default:
      return null;
  }
}

/** The record that says how long "there is none" may be remembered. */
export function startOfAuthority(zone: string): Resource {
  return new Packet.Resource({
    name: zone,
    class: Packet.CLASS.IN,
    type: Packet.TYPE.SOA,
    ttl: localTtl,
    primary: zone,
    admin: `hostmaster.${zone}`,
    serial: 1,
    refresh: 3600,
    retry: 600,
    expiration: 86_400,
    minimum: localTtl,
  });
}

function typeCode(name: string): number | undefined {
  return new Map(Object.entries<number>(Packet.TYPE)).get(name);
}

/** Ends between characters: dns2 takes the pieces as texts. */
function pieces(text: string): string[] {
  const found: string[] = [];
  let piece = '';
  for (const character of text) {
    if (Buffer.byteLength(piece + character) > textPieceBytes) {
      found.push(piece);
      piece = '';
    }
    piece += character;
  }
  return [...found, piece];
}

/** The question alone, without what else a client sent (cookies, its network): only whether it takes large answers. */
export function questionFor(name: string, { type, class: cls }: Question, request: Packet): Packet {
  const asked = new Packet();
  asked.header.rd = 1;
  asked.questions.push(new Packet.Question(name, type, cls));
  const extensions = request.additionals.find((one) => one.type === Packet.TYPE.EDNS);
  if (extensions) {
    const { doFlag = false, class: udpPayloadSize } = extensions;
    asked.additionals.push(Packet.Resource.EDNS([], { doFlag, udpPayloadSize }));
  }
  return asked;
}
