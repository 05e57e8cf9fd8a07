// Texts with placeholders and with what a regular expression captured, `$1`. What a request brings is never read again.
import type { Incoming } from './incoming.ts';
import { type ResponseFacts, Template } from './template.ts';

/** `$1` to `$9`, `$0` for all that was found; `$$` is one dollar. */
const reference = /\$([0-9$])/;

export class GroupTemplate {
  readonly #parts: readonly (Template | number)[];

  constructor(text: string) {
    // Every second part is what stood behind a dollar.
    this.#parts = text.split(reference).flatMap((part, index): (Template | number)[] => {
      if (index % 2 === 1) return [part === '$' ? new Template('$') : Number(part)];
      return part === '' ? [] : [new Template(part)];
    });
  }

  fill(match: readonly (string | undefined)[], incoming: Incoming, response?: ResponseFacts): string {
    return this.#parts
      .map((part) => (typeof part === 'number' ? (match[part] ?? '') : part.fill(incoming, response)))
      .join('');
  }
}
