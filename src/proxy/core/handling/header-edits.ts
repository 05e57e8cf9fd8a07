// Edits of header lines: remove, set (replaces), add (appends). Order: as listed here, whatever the file's order is.
import { withoutFields } from '../http/scan.ts';
import type { Incoming } from './incoming.ts';
import { type ResponseFacts, Template } from './template.ts';

export interface HeaderEditsConfig {
  readonly remove: readonly string[];
  readonly set: Readonly<Record<string, string>>;
  readonly add: Readonly<Record<string, string>>;
}

/** Framing, routing and connection headers are the proxy's own business: an edit of them could split messages. */
export const protectedHeaders: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

export class HeaderEdits {
  readonly #gone: readonly string[];
  readonly #added: readonly (readonly [string, Template])[];

  constructor({ remove, set, add }: HeaderEditsConfig) {
    this.#gone = [...remove, ...Object.keys(set)].map((name) => name.toLowerCase());
    this.#added = [...Object.entries(set), ...Object.entries(add)].map(
      ([name, value]) => [name, new Template(value)] as const,
    );
  }

  /** Lines with the edits made. A line whose value comes out empty is left out. */
  apply(fields: string, incoming: Incoming, response?: ResponseFacts): string {
    let lines = this.#gone.length > 0 ? withoutFields(fields, this.#gone) : fields;
    for (const [name, template] of this.#added) {
      const value = template.fill(incoming, response);
      if (value !== '') lines += `${name}: ${value}\r\n`;
    }
    return lines;
  }
}
