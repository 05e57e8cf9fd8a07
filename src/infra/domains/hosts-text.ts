// Lines of a hosts file that are ours (by a tag at their end) are added, changed and removed; all others stay as they
// are, to the byte. Pure.
import { VezaError } from '../../lib/errors.ts';

export interface HostsEntry {
  readonly name: string;
  readonly addresses: readonly string[];
}

const tag = '# managed by veza-run';

/** The text with these addresses for the name. Throws VezaError `hosts-conflict` where a foreign line says otherwise. */
export function withEntry(text: string, { name, addresses }: HostsEntry): string {
  refuseForeign(text, name, addresses);
  const wanted = addresses.filter((address) => !isSaidByOthers(text, name, address));
  const end = endOfLine(text);
  const lines = linesOf(text);
  const at = lines.findIndex((line) => isOursFor(line, name));
  const kept = lines.filter((line) => !isOursFor(line, name));
  const added = wanted.map((address) => `${address}\t${name}\t${tag}${end}`);
  if (at !== -1) kept.splice(at, 0, ...added);
  else {
    const last = kept.at(-1);
    if (last !== undefined && !last.endsWith('\n') && added.length > 0) kept[kept.length - 1] = last + end;
    kept.push(...added);
  }
  return kept.join('');
}

/** The text without our lines for the name. */
export function withoutEntry(text: string, name: string): string {
  return linesOf(text)
    .filter((line) => !isOursFor(line, name))
    .join('');
}

/** Our entries, in the order of the file. */
export function ownEntries(text: string): readonly HostsEntry[] {
  const found = new Map<string, string[]>();
  for (const { address, names } of linesOf(text).filter(isOurs).map(partsOf)) {
    for (const name of names) found.set(name, [...(found.get(name) ?? []), address]);
  }
  return [...found].map(([name, addresses]) => ({ name, addresses }));
}

/** With their ends, so that joining them gives the text. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function endOfLine(text: string): string {
  return /\r\n/.test(text) ? '\r\n' : '\n';
}

function isOurs(line: string): boolean {
  return line.trimEnd().endsWith(tag);
}

function isOursFor(line: string, name: string): boolean {
  return isOurs(line) && partsOf(line).names.includes(name);
}

function partsOf(line: string): { readonly address: string; readonly names: readonly string[] } {
  const [address = '', ...names] = line.replace(/#.*/s, '').trim().split(/\s+/);
  return { address, names: names.map((name) => name.toLowerCase()) };
}

function isSaidByOthers(text: string, name: string, address: string): boolean {
  return linesOf(text).some((line) => {
    const parts = partsOf(line);
    return !isOurs(line) && parts.address === address && parts.names.includes(name);
  });
}

/** The first line that names a host holds: ours after it would have no effect, and it is not ours to change. */
function refuseForeign(text: string, name: string, addresses: readonly string[]): void {
  for (const [index, line] of linesOf(text).entries()) {
    const { address, names } = partsOf(line);
    if (isOurs(line) || !names.includes(name) || addresses.includes(address)) continue;
    // The other family's address is no contradiction.
    if (address.includes(':') && !addresses.some((one) => one.includes(':'))) continue;
    throw new VezaError('hosts-conflict', `line ${index + 1} of the hosts file gives ${name} the address ${address}`, {
      hint: 'It was not made by veza-run: remove that line, or choose another name.',
    });
  }
}
