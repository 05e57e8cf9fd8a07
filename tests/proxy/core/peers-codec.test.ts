// The peers protocol as bytes: what HAProxy says is read, what we say is what HAProxy would, nonsense does no harm.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { peerDataTypes } from '../../../src/proxy/core/peers/data-types.ts';
import { NamesIn, type PeerCell, readCells } from '../../../src/proxy/core/peers/entry-update.ts';
import { readHello, readStatus, writeHello } from '../../../src/proxy/core/peers/hello.ts';
import { Incoming, type IncomingOwner, type PeerEntry } from '../../../src/proxy/core/peers/incoming.ts';
import { Outgoing, type Progress } from '../../../src/proxy/core/peers/outgoing.ts';
import { SharedTable } from '../../../src/proxy/core/peers/shared-table.ts';
import { WireReader, WireWriter } from '../../../src/proxy/core/peers/wire.ts';
import { Machine, peersConfig } from '../support/peers.ts';

interface Recorded {
  readonly name: string;
  readonly bytes: string;
  readonly control: readonly number[];
  readonly acks: readonly (readonly [number, number])[];
  readonly entries: readonly string[];
}

const recorded = parse(readFileSync(new URL('./cases/peers.yml', import.meta.url), 'utf8')) as readonly Recorded[];
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));
const streams = recorded.map(({ bytes }) => bytesOf(bytes));

const counted = {
  type: 'ip',
  store: [
    'gpc0', 'conn_cnt', 'conn_rate(10s)', 'http_req_cnt', 'http_req_rate(20s)', 'http_err_cnt', 'http_err_rate(30s)',
    'bytes_in_cnt', 'bytes_in_rate(10s)', 'bytes_out_cnt', 'bytes_out_rate(10s)',
  ],
}; // prettier-ignore
const sticks = {
  be: counted,
  bestr: { type: 'string', len: 20 },
  gen: { type: 'integer', expire: '5m', store: ['gpc0'] },
  six: { type: 'ipv6', expire: '0' },
};

const config = peersConfig('here', ['here', 'there'], sticks);

function heard(
  pieces: readonly Uint8Array[],
): Omit<Recorded, 'name' | 'bytes'> & { ignored: string[]; problem?: string } {
  const { section } = new Machine(config);
  const control: number[] = [];
  const acks: [number, number][] = [];
  const entries: string[] = [];
  const ignored: string[] = [];
  const owner: IncomingOwner = {
    sharedTable: (name) => section.tables.find(({ definition }) => definition.name === name),
    control: (type) => control.push(type),
    acked: (...ack) => acks.push(ack),
    entry: (entry) => entries.push(entryText(entry)),
    ignored: (problem) => ignored.push(problem),
  };
  const incoming = new Incoming(owner);
  for (const piece of pieces) {
    const nonsense = incoming.take(piece);
    if (nonsense) return { control, acks, entries, ignored, problem: nonsense.problem };
  }
  return { control, acks, entries, ignored };
}

function entryText({ shared, key, cells, leftMs }: PeerEntry): string {
  return `${shared.definition.name} ${key} ${leftMs ?? 'now'}: ${cells.map(cellText).join(' ')}`;
}

/** A rate in which nothing came says nothing by its age. */
function cellText(cell: PeerCell): string {
  if (typeof cell !== 'object') return cell === '' ? '-' : String(cell);
  const { ageMs, current, previous } = cell;
  return current + previous === 0 ? '{}' : `{${ageMs} ${current} ${previous}}`;
}

describe('what HAProxy says', () => {
  it.each(recorded)('$name', ({ bytes, control, acks, entries }) => {
    const { ignored, ...said } = heard([bytesOf(bytes)]);
    expect(said).toEqual({ control, acks, entries });
    for (const each of ignored) expect(each).toMatch(/^table (?:arr|bin): there is no such table here$/);
  });

  it('of a period that began later than its clock is that it began just now', () => {
    const [type] = peerDataTypes.filter(({ name }) => name === 'http_req_rate');
    if (!type) throw new Error('no such type');
    const read = (ageMs: number) => {
      const bytes = new WireWriter().number(ageMs).number(5).number(1).taken();
      return readCells(new WireReader(bytes), [{ type, count: 1, periodMs: 600_000 }], new NamesIn());
    };
    expect(read(2 ** 32 - 13)).toEqual([{ ageMs: 0, current: 5, previous: 1 }]);
    expect(read(2 ** 31)).toEqual([{ ageMs: 2 ** 31, current: 5, previous: 1 }]);
  });

  it('is the same in whatever pieces it comes', () => {
    fc.assert(
      fc.property(fc.constantFrom(...streams), fc.array(fc.nat(200)), (stream, sizes) => {
        const pieces: Uint8Array[] = [];
        let at = 0;
        for (const size of [...sizes, stream.length]) {
          pieces.push(stream.subarray(at, at + size));
          at += size;
        }
        expect(heard(pieces)).toEqual(heard([stream]));
      }),
    );
  });
});

describe('what we say', () => {
  it('is byte for byte what HAProxy says of the same entries', () => {
    const table = new Machine(config).table('bestr');
    table.store('alice', 't1', 0);
    table.store('bob', 't2', 187);
    const shared = new SharedTable(2, table, new Map([[11, 't1'], [22, 't2']])); // prettier-ignore
    const progress: Progress = { sent: 0, acked: 0 };
    const outgoing = new Outgoing(() => progress);
    outgoing.teach([shared]);
    const writer = new WireWriter();
    expect(outgoing.writeLesson(writer, 65_536, 334)).toBe(2);
    const said = Buffer.from(writer.taken()).toString('hex');
    expect(said).toBe(
      '0a8211020562657374720615f1f1fe00f0e5ed05' +
        '0a851400000001001b75f205616c6963650b04010274310a860e001b76ad03626f62160402027432',
    );
    expect(recorded[0]?.bytes.replaceAll(/\s/g, '')).toContain(said);
  });

  it('defines a table as HAProxy does, all its data with their periods', () => {
    const { section } = new Machine(config);
    const writer = new WireWriter();
    const outgoing = new Outgoing(() => ({ sent: 0, acked: 0 }));
    const [be] = section.tables;
    be?.table.store('192.0.2.1', 's1', 0);
    section.touched('be', '192.0.2.1');
    outgoing.writeNews(writer, section.tables, 65_536, 0);
    const definition = '0a8222010262650404f5d4be01f0e5ed0505f0e2030af0d3080cf0c40d0ef0e20310f0e203';
    expect(Buffer.from(writer.taken()).toString('hex').slice(0, definition.length)).toBe(definition);
    expect(recorded[0]?.bytes.replaceAll(/\s/g, '')).toContain(definition);
  });

  it('is understood by our own reader: numbers, texts', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.string({ unit: 'binary-ascii' }), (number, text) => {
        const writer = new WireWriter().number(number).text(text).uint32(number);
        const reader = new WireReader(writer.taken());
        expect([reader.number(), reader.text(reader.number()), reader.uint32()]).toEqual([number, text, number >>> 0]);
        expect([reader.ok, reader.left]).toEqual([true, 0]);
      }),
    );
    expect(Buffer.from(new WireWriter().number(0x1234).taken()).toString('hex')).toBe('f49401');
  });
});

describe('nonsense', () => {
  it('of any bytes, whole or in the middle of something valid, throws nothing and ends in a reason or in nothing', () => {
    const spoiled = fc
      .tuple(fc.constantFrom(...streams), fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 8 }))
      .map(([stream, at, bytes]) => {
        const copy = Uint8Array.from(stream);
        copy.set(bytes.subarray(0, Math.max(0, copy.length - (at % copy.length))), at % copy.length);
        return copy;
      });
    const tableMessage = fc
      .tuple(fc.integer({ min: 128, max: 140 }), fc.uint8Array({ maxLength: 60 }))
      .map(([type, content]) => Uint8Array.from([10, type, content.length, ...content]));
    fc.assert(
      fc.property(
        fc.array(fc.oneof(spoiled, tableMessage, fc.uint8Array({ maxLength: 60 })), { maxLength: 8 }),
        (all) => {
          const { problem } = heard(all);
          expect(problem).not.toBe('');
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each([
    ['f000', 'a message of the unknown class 240, type 0'],
    ['0a00', 'a message of the unknown class 10, type 0'],
    ['0a80f0ffffff7f', 'a message of '],
    [`0a80${'ff'.repeat(12)}`, 'a length that is no number'],
    ['0a8005000000014100', 'an entry of a table that it did not define'],
    ['0a830105', 'a switch to a table that it did not define'],
    ['0a840101', 'an acknowledgement that is cut off'],
    ['0a82020102', 'a table definition is cut off'],
    ['0a8211020562657374720615f1f1fe00f0e5ed050a80060000000105ff', 'an entry of table bestr that is cut off'],
    ['0100', 'it says: protocol error'],
    ['0101', 'it says: too large a message'],
  ])('%s: %s', (hex, problem) => {
    expect(heard([bytesOf(hex)]).problem).toContain(problem);
  });

  it('of tables that hold what is not known is passed over, and told', () => {
    const definition = new WireWriter()
      .number(9)
      .text('new')
      .number(4)
      .number(4)
      .number(2 ** 25 + 1)
      .number(0);
    const writer = new WireWriter().message(10, 130, definition);
    writer.message(10, 128, new WireWriter().uint32(1).uint32(7).number(1).number(2));
    writer.message(10, 150, new WireWriter().uint32(1)).message(0, 4).message(0, 77);
    expect(heard([writer.taken()])).toEqual({
      control: [4, 77],
      acks: [],
      entries: [],
      ignored: ['table new holds data of an unknown type (0x2000001)'],
    });
  });
});

describe('a table that both have', () => {
  it('shares only rates over the same time, and it is told', () => {
    const there = new Machine(
      peersConfig('there', ['here', 'there'], { be: { ...counted, store: ['conn_rate(1m)', 'gpc0'] } }),
    );
    there.store('be', '192.0.2.1', 's2', 0);
    const writer = new WireWriter();
    new Outgoing(() => ({ sent: 0, acked: 0 })).writeNews(writer, there.section.tables, 65_536, 0);
    const { entries, ignored } = heard([writer.taken()]);
    expect(entries).toEqual(['be 192.0.2.1 now: 2 0 {} s2']);
    expect(ignored).toEqual(['table be: conn_rate(60000) is 10000 here']);
  });
});

describe('the greeting', () => {
  it("is HAProxy's, both ways", () => {
    expect(writeHello({ to: 'b', from: 'a' }, 42)).toBe('HAProxyS 2.1\nb\na 42 0\n');
    expect(readHello(['HAProxyS 2.1', 'a', 'b 4711 1'])).toEqual({ to: 'a', from: 'b' });
    expect(readStatus('200')).toBe(200);
    expect(readStatus('200 ok')).toBeUndefined();
  });

  it.each([
    [['GET / HTTP/1.1', 'Host: x', ''], 501],
    [['HAProxyS 1.0', 'a', 'b 1 0'], 502],
    [['HAProxyS 2.0', 'a', 'b 1 0'], 502],
    [['HAProxyS 3.1', 'a', 'b 1 0'], 502],
    [['HAProxyS 2.1', '', 'b 1 0'], 501],
    [['HAProxyS 2.1', 'a', 'b'], 501],
  ] as const)('%j is answered with %i', (lines, status) => {
    expect(readHello(lines)).toBe(status);
  });
});
