// dns2 abbreviates every name that a packet had before. RFC 2782 forbids that for the target of SRV, and resolvers (Node.js' among
// them) call such an answer malformed: this writes them whole. dns2 has no option for it, so its encoder is replaced.
import { Packet } from 'dns2';

interface Writer {
  write(value: number, bits: number): void;
  /** Where names stand that may be pointed at; without it none is abbreviated. */
  names?: ReadonlyMap<string, number> | undefined;
}

interface SrvCodec {
  encode(record: unknown, writer: Writer): void;
}

/** What its types leave out. */
function srvCodec(): SrvCodec | undefined {
  const codec: unknown = Reflect.get(Packet.Resource, 'SRV');
  return typeof codec === 'object' && codec !== null && 'encode' in codec ? (codec as SrvCodec) : undefined;
}

/** From now on, in this process. */
export function writeSrvWhole(): void {
  const codec = srvCodec();
  if (!codec || written.has(codec)) return;
  written.add(codec);
  const encode = codec.encode.bind(codec);
  codec.encode = (record, writer) => {
    const { names } = writer;
    writer.names = undefined;
    try {
      encode(record, writer);
    } finally {
      writer.names = names;
    }
  };
}

const written = new WeakSet<SrvCodec>();
