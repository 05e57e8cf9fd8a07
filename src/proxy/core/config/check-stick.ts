// What the schema cannot say about stick tables: what keys need, and that who shares a table means the same one.
import { checkKey } from './check-balance.ts';
import type { Add } from './check-handling.ts';
import type { ConfigDocument } from './read.ts';
import { resolveTable } from './resolve-stick.ts';

/** All problems of the tables of a document. */
export function checkSticks(backends: ConfigDocument['backends'], add: Add): void {
  const first = new Map<string, { readonly backend: string; readonly text: string }>();
  backends.forEach(({ name, stick }, at) => {
    if (!stick) return;
    const path = ['backends', at, 'stick'];
    stick.on.forEach((key, index) => checkKey(key, 'key', [...path, 'on', index], add));
    const words = stick.store.map((text) => text.replace(/\(.*/, ''));
    const twice = words.find((word, index) => words.indexOf(word) !== index);
    if (twice !== undefined)
      add('bad-value', `\`${twice}\` can be stored once`, [...path, 'store'], 'Keep one of them.');
    const table = resolveTable(name, stick);
    const text = JSON.stringify(table);
    const known = first.get(table.name);
    if (!known) first.set(table.name, { backend: name, text });
    else if (known.text !== text)
      add(
        'bad-value',
        `backend \`${known.backend}\` has another table \`${table.name}\``,
        path,
        'Who shares a table says the same of its type, len, size, expire, nopurge, store and peers.',
      );
  });
}
