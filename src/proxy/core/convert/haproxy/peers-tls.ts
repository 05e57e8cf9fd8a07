// `ssl` of a `peers` section -> its `tls`: one certificate and one authority for both directions, and both sides verify.
import type { Draft } from '../draft.ts';
import type { Report, Spot } from '../report.ts';
import { fileOf, type TlsDefaults } from './tls.ts';
import type { Line, Word } from './words.ts';

const valued: ReadonlySet<string> = new Set(['crt', 'ca-file', 'verify']);

export function isPeersTlsWord(text: string): boolean {
  return text === 'ssl' || valued.has(text);
}

type Said = ReadonlyMap<string, Word>;

/** Puts `tls` into the section where its lines have `ssl`. */
export function convertPeersTls(
  lines: readonly Line[],
  spot: Spot,
  entry: Record<string, unknown>,
  defaults: TlsDefaults,
  draft: Draft,
  report: Report,
): void {
  const of = (...names: readonly string[]): Said => said(lines.filter(({ first }) => names.includes(first.text)));
  const [called, calling] = [of('default-bind', 'bind'), of('default-server', 'server', 'peer')];
  const secured = called.get('ssl') ?? calling.get('ssl');
  if (!secured) return;
  const problem = problemOf(called, calling);
  if (problem !== undefined) {
    report.error(secured, `TLS of peers cannot be carried over: ${problem}`, hint);
    return;
  }
  const tls: Record<string, unknown> = {};
  draft.put(entry, 'tls', tls, secured);
  const put = (key: string, word: Word | undefined, base: string | undefined): void =>
    draft.put(tls, key, fileOf(word?.text ?? '', base), word ?? spot);
  put('cert', called.get('crt'), defaults.crtBase);
  put('key', called.get('crt'), defaults.crtBase);
  put('ca', called.get('ca-file'), defaults.caBase);
}

const hint =
  'Both `default-bind` (or `bind`) and `default-server` need `ssl crt FILE ca-file FILE verify required`, with the same files.';

function said(lines: readonly Line[]): Said {
  const found = new Map<string, Word>();
  for (const { words } of lines)
    words.forEach((word, at) => {
      if (word.text === 'ssl') found.set('ssl', word);
      const value = words[at + 1];
      if (valued.has(word.text) && value) found.set(word.text, value);
    });
  return found;
}

function problemOf(called: Said, calling: Said): string | undefined {
  if (!called.has('ssl') || !calling.has('ssl')) return 'one direction has none';
  for (const side of [called, calling])
    if (side.get('verify')?.text !== 'required') return 'here both sides verify each other';
  for (const name of ['crt', 'ca-file']) {
    const [one, other] = [called.get(name)?.text, calling.get(name)?.text];
    if (one === undefined || one !== other) return `\`${name}\` is not the same in both directions`;
  }
  return undefined;
}
