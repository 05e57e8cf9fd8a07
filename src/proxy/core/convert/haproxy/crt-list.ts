// Lines of a crt-list: `FILE [OPTIONS] NAME...` -> certificates, each with the names that it is for. Options are those of all
// addresses here, so a certificate can only say what they say, too.
import type { Report, Spot } from '../report.ts';
import { fileOf, isTlsFlag, type TlsDefaults, type TlsWord } from './tls.ts';

/** A certificate of a bind. */
export interface ListedCertificate {
  /** A file, or a file with the names that it is for. */
  readonly value: string | { readonly cert: string; readonly names: readonly string[] };
  readonly spot: Spot;
}

/** `words`: what the bind itself says. */
export function crtList(
  file: string,
  text: string,
  words: readonly TlsWord[],
  spot: Spot,
  { tls, report }: { readonly tls: TlsDefaults; readonly report: Report },
): readonly ListedCertificate[] {
  return text.split('\n').flatMap((line, index): ListedCertificate[] => {
    const [, written, options = '', filters = ''] =
      /^\s*([^\s#][^\s[]*)\s*(?:\[([^\]]*)\])?\s*([^#]*)/.exec(line) ?? [];
    if (written === undefined) return [];
    const place = `${file}:${index + 1}`;
    for (const { name, text: value } of optionsOf(options)) {
      const said = words.findLast((word) => word.name === name);
      if (said && (said.text === value || fileOf(said.text, tls.caBase) === fileOf(value, tls.caBase))) continue;
      const shown = `${name} ${value}`.trim();
      report.error(
        spot,
        `${place}: \`${shown}\`: options of a single certificate cannot be carried over`,
        'Say it of the `bind`, or make a frontend of its own for these names.',
      );
    }
    const names = filters.split(/\s+/).filter((name) => name !== '');
    const wanted = names.filter((name) => !name.startsWith('!'));
    const cert = fileOf(written, tls.crtBase);
    reportExcluded(names, wanted, place, spot, report);
    return [{ value: wanted.length === 0 ? cert : { cert, names: wanted }, spot }];
  });
}

/** `*.example.org !mail.example.org`: without the second it is for that name, too. */
function reportExcluded(
  names: readonly string[],
  wanted: readonly string[],
  place: string,
  spot: Spot,
  report: Report,
): void {
  for (const name of names) {
    if (!name.startsWith('!')) continue;
    const isCovered = wanted.some((each) => each.startsWith('*.') && name.slice(1).replace(/^[^.]*/, '*') === each);
    if (isCovered || wanted.length === 0)
      report.warning(
        spot,
        `${place}: \`${name}\`: no name can be left out`,
        'List a certificate for it above this line.',
      );
  }
}

/** `alpn h2 verify required no-tls-tickets` */
function optionsOf(text: string): readonly { readonly name: string; readonly text: string }[] {
  const words = text.split(/\s+/).filter((word) => word !== '');
  const found: { name: string; text: string }[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const name = words[at] ?? '';
    found.push({ name, text: isTlsFlag(name) ? '' : (words[(at += 1)] ?? '') });
  }
  return found;
}
