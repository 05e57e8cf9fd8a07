// Values that no log shows, by the names that a configuration lists: fields, query parameters and captured headers.
import { mask } from './entry.ts';

export class Mask {
  readonly #names: ReadonlySet<string>;
  readonly #parameter: RegExp | undefined;

  constructor(names: readonly string[]) {
    this.#names = new Set(names.map(plain));
    // `api_key` means `api-key` as well. A value ends where the next parameter or the fragment begins.
    const parameters = [...this.#names].map((name) => name.replaceAll('_', '[_-]').replaceAll('.', '\\.'));
    this.#parameter =
      parameters.length === 0 ? undefined : new RegExp(`([?&;](?:${parameters.join('|')})=)[^&;#\\s"]+`, 'gi');
  }

  /** Whether the value of this field or header is hidden. */
  readonly hides = (name: string): boolean => this.#names.has(plain(name));

  /** A URL or a target without the values of such parameters. */
  inUrl(text: string): string {
    return this.#parameter && text.includes('?') ? text.replace(this.#parameter, `$1${mask}`) : text;
  }
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll('-', '_');
}
