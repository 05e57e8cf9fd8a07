// What the look at a host's facts has read: files, line by line, and the outputs of a few commands. Data, never run or evaluated.
import { VezaError } from '../../lib/errors.ts';
import type { JsonObject } from '../../lib/json.ts';

/** One subset of the facts: what it reads, and what it makes of it. */
export interface Collector {
  /** As `gather_subset` calls it. */
  readonly name: string;
  /** Gathered unless `!min` is said. */
  readonly minimal?: boolean;
  /** What `gather_subset` may call parts of it: Ansible knows many facts as subsets of their own. */
  readonly parts?: readonly string[];
  /** Names of its facts without `ansible_`, where they do not depend on the host. */
  readonly facts: readonly string[];
  /** Shell words, globs allowed: files that are read with all others by one command. Never a word of a user. */
  readonly files?: readonly string[];
  /** More to read, POSIX sh; `$vz_limit` before a command ends it in time. */
  readonly script?: string;
  parse(source: FactSource): JsonObject;
}

/** Begins the part of an output; no file that is read holds it. */
export const mark = '\u001e';

export class FactSource {
  readonly #files = new Map<string, string[]>();
  readonly #outputs = new Map<string, string>();

  /** Throws VezaError `probe-output` for anything but the output of the facts' probe. */
  constructor(output: string) {
    const [before = '', ...parts] = output.split(mark);
    if (before.trim() !== '' || !parts.some((part) => part.startsWith('end\n'))) {
      const found = JSON.stringify(output.slice(0, 80));
      throw new VezaError('probe-output', `the look at the host's facts printed ${found}, not facts`, {
        hint: 'Something on the host (a start-up file of the shell?) prints into the output.',
      });
    }
    for (const part of parts) {
      const end = part.indexOf('\n');
      const name = part.slice(0, end);
      if (name === 'files') this.#readFiles(part.slice(end + 1));
      else this.#outputs.set(name, part.slice(end + 1));
    }
  }

  #readFiles(text: string): void {
    for (const line of text.split('\n')) {
      const [, path, content = ''] = /^(\/[^:]*):(.*)$/.exec(line) ?? [];
      if (path === undefined) continue;
      const lines = this.#files.get(path);
      if (lines) lines.push(content);
      else this.#files.set(path, [content]);
    }
  }

  /** The lines of a file; none where it is missing, empty or not to be read. */
  lines(path: string): readonly string[] {
    return this.#files.get(path) ?? [];
  }

  /** The first line, without white space around it. */
  first(path: string): string | undefined {
    return this.#files.get(path)?.[0]?.trim();
  }

  has(path: string): boolean {
    return this.#files.has(path);
  }

  /** Every file whose path matches. */
  *matching(pattern: RegExp): Iterable<readonly [RegExpExecArray, readonly string[]]> {
    for (const [path, lines] of this.#files) {
      const match = pattern.exec(path);
      if (match) yield [match, lines];
    }
  }

  /** What a script printed after `vz NAME`. */
  output(name: string): string {
    return this.#outputs.get(name) ?? '';
  }

  outputLines(name: string): readonly string[] {
    return this.output(name)
      .split('\n')
      .filter((line) => line !== '');
  }

  /** The outputs whose names begin so: the rest of the name, and the text. */
  *outputsOf(prefix: string): Iterable<readonly [string, string]> {
    for (const [name, text] of this.#outputs) if (name.startsWith(prefix)) yield [name.slice(prefix.length), text];
  }
}

/** `KEY=value` lines, quotes taken off, as os-release has them. */
export function assignments(lines: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    lines.flatMap((line) => {
      const [, key, value = ''] = /^\s*([A-Za-z_]\w*)=(.*)$/.exec(line) ?? [];
      const bare = /^(["'])(.*)\1$/.exec(value.trim())?.[2] ?? value.trim();
      return key === undefined ? [] : [[key, bare.replace(/\\([$`"'\\])/g, '$1')] as const];
    }),
  );
}

/** The given properties without those that are undefined. */
export function known(facts: Readonly<Record<string, JsonObject[string] | undefined>>): JsonObject {
  return Object.fromEntries(
    Object.entries(facts).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  );
}
