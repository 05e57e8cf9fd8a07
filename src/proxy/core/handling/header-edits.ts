// Edits of header lines: remove, replace, set, add (appends). Order: as listed here, whatever the file's order is.
import { fieldValues, trimmed, withoutFields } from '../http/scan.ts';
import { contentTypeLine } from './content-type.ts';
import { GroupTemplate } from './group-template.ts';
import type { Incoming } from './incoming.ts';
import { type ResponseFacts, Template } from './template.ts';

/** A value in which the expression is found becomes the text. */
export interface HeaderReplacement {
  readonly header: string;
  readonly pattern: string;
  /** With `$1` to `$9` and placeholders. */
  readonly to: string;
  /** Each value of a list by itself. */
  readonly list: boolean;
}

export interface HeaderEditsConfig {
  readonly remove: readonly string[];
  readonly replace: readonly HeaderReplacement[];
  readonly set: Readonly<Record<string, string>>;
  readonly add: Readonly<Record<string, string>>;
  /** Of responses without one: by the ending of the path. */
  readonly guessContentType?: boolean;
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
  readonly #replaced: readonly Replacing[];
  readonly #guess: boolean;
  readonly #editsCookies: boolean;
  readonly #added: readonly (readonly [string, Template])[];

  constructor({ remove, replace, set, add, guessContentType = false }: HeaderEditsConfig) {
    this.#replaced = replace.map((each) => new Replacing(each));
    this.#guess = guessContentType;
    this.#gone = [...remove, ...Object.keys(set)].map((name) => name.toLowerCase());
    this.#added = [...Object.entries(set), ...Object.entries(add)].map(
      ([name, value]) => [name, new Template(value)] as const,
    );
    const edited = [...this.#gone, ...replace.map(({ header }) => header), ...Object.keys(add)];
    this.#editsCookies = edited.some((name) => name.toLowerCase() === 'cookie');
  }

  /** The Cookie header of a request is kept apart from its other lines. */
  editRequest(incoming: Incoming): void {
    const { head } = incoming;
    if (!this.#editsCookies) {
      head.fields = this.apply(head.fields, incoming);
      return;
    }
    const cookies = head.cookie === '' ? '' : `Cookie: ${head.cookie}\r\n`;
    const edited = this.apply(head.fields + cookies, incoming);
    head.cookie = fieldValues(edited, 'cookie').join('; ');
    head.fields = withoutFields(edited, ['cookie']);
  }

  /** Lines with the edits made. A line whose value comes out empty is left out. */
  apply(fields: string, incoming: Incoming, response?: ResponseFacts): string {
    let lines = this.#gone.length > 0 ? withoutFields(fields, this.#gone) : fields;
    for (const each of this.#replaced) lines = each.apply(lines, incoming, response);
    if (this.#guess && hasBody(response)) lines += contentTypeLine(lines, incoming.head.target);
    for (const [name, template] of this.#added) {
      const value = template.fill(incoming, response);
      if (value !== '') lines += `${name}: ${value}\r\n`;
    }
    return lines;
  }
}

/** What stands between commas, unless these are in quotes. */
const listed = /(?:"(?:\\.|[^"\\])*"|[^,"])+/g;
/** Without blanks around it. */
const bare = /[^ \t](?:.*[^ \t])?/;

class Replacing {
  readonly #name: string;
  readonly #pattern: RegExp;
  readonly #to: GroupTemplate;
  readonly #list: boolean;

  constructor({ header, pattern, to, list }: HeaderReplacement) {
    this.#name = `${header.toLowerCase()}:`;
    this.#pattern = new RegExp(pattern);
    this.#to = new GroupTemplate(to);
    this.#list = list;
  }

  apply(fields: string, incoming: Incoming, response: ResponseFacts | undefined): string {
    const { length } = this.#name;
    const one = (value: string): string => {
      const match = this.#pattern.exec(value);
      return match ? this.#to.fill(match, incoming, response) : value;
    };
    return fields
      .split('\r\n')
      .map((line) => {
        if (line.slice(0, length).toLowerCase() !== this.#name) return line;
        const value = trimmed(line, length, line.length);
        const next = this.#list ? value.replace(listed, (part) => part.replace(bare, one)) : one(value);
        return `${line.slice(0, length)} ${next}`;
      })
      .join('\r\n');
  }
}

function hasBody(response: ResponseFacts | undefined): boolean {
  return response !== undefined && response.status >= 200 && response.status !== 204 && response.status !== 304;
}
