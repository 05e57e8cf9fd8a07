// One header or pseudo-header of HTTP/2. What it may be is found out once: clients send most of theirs again and again,
// and those come from the table of the connection.
import { connectionFields } from '../http/fields.ts';
import { isExamined } from '../http/request-head.ts';
import { isToken } from '../http/scan.ts';
import { entryBytes } from './protocol.ts';

const pseudoNames: ReadonlySet<string> = new Set([':method', ':scheme', ':path', ':authority', ':protocol']);
/** examined: the head of the request depends on it; malformed: no request may have it (RFC 9113, 8.1.1); unclean: control characters in the value. */
type FieldKind = 'plain' | 'examined' | 'pseudo' | 'host' | 'malformed' | 'unclean';

export class Field {
  readonly name: string;
  readonly value: string;
  /** As a table of HPACK counts it. */
  readonly bytes: number;
  readonly kind: FieldKind;
  /** As HTTP/1 has it. */
  readonly line: string;

  constructor(name: string, value: string) {
    this.name = name;
    this.value = value;
    this.bytes = name.length + value.length + entryBytes;
    this.kind = kindOf(name, value);
    this.line = `${name}: ${value}\r\n`;
  }
}

function kindOf(name: string, value: string): FieldKind {
  if (hasControls(value)) return 'unclean';
  if (name.startsWith(':')) return pseudoNames.has(name) ? 'pseudo' : 'malformed';
  if (name === 'host') return 'host';
  if (connectionFields.has(name) || (name === 'te' && value !== 'trailers')) return 'malformed';
  if (!isToken(name, 0, name.length) || name !== name.toLowerCase()) return 'malformed';
  return isExamined(name) ? 'examined' : 'plain';
}

/** Control characters of ASCII, of which only a tab may stand in a value. */
function hasControls(value: string): boolean {
  for (let at = 0; at < value.length; at += 1) {
    const code = value.charCodeAt(at);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f) return true;
  }
  return false;
}
