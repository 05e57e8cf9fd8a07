// A shell program is data, and every interpolation into it is quoted by construction.
// Deliberately not here: running anything.

/** A file on the controller whose bytes become the standard input of a script. */
export interface LocalFile {
  readonly path: string;
  readonly sizeBytes: number;
}

/** A POSIX sh program, and what it reads from standard input (too large, or too secret, for its text). */
export interface Script {
  readonly text: string;
  readonly stdin?: Uint8Array | LocalFile;
}

type Interpolation = string | number | Script | readonly string[] | false | null | undefined;

/** Quotes one shell word. NUL cannot be part of a word: throws RangeError. */
export function quote(word: string): string {
  if (word.includes('\0')) throw new RangeError('a shell word cannot contain NUL');
  if (/^[A-Za-z0-9_/.,:=@%+-]+$/.test(word) && !word.startsWith('=')) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/**
 * Builds a script: a string or number becomes exactly one quoted word, a list one word an element,
 * a Script is inserted as it is; false, null and undefined insert nothing.
 */
export function sh(strings: TemplateStringsArray, ...values: readonly Interpolation[]): Script {
  let text = strings[0] ?? '';
  values.forEach((value, index) => {
    text += render(value) + (strings[index + 1] ?? '');
  });
  return { text };
}

/** Joins scripts with newlines; absent ones are left out. Throws if more than one has standard input. */
export function joinScripts(...scripts: readonly (Script | false | null | undefined)[]): Script {
  const present = scripts.filter((script): script is Script => Boolean(script) && (script as Script).text !== '');
  const inputs = present.filter((script) => script.stdin !== undefined);
  if (inputs.length > 1) throw new RangeError('only one of the joined scripts may have standard input');
  const text = present.map((script) => script.text).join('\n');
  const stdin = inputs[0]?.stdin;
  return stdin === undefined ? { text } : { text, stdin };
}

/** Text that is already shell code, written by us: the only way around quoting. Never give it user data. */
export function rawShell(text: string): Script {
  return { text };
}

function render(value: Interpolation): string {
  if (value === false || value === null || value === undefined) return '';
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number') return quote(String(value));
  if (isList(value)) return value.map(quote).join(' ');
  if (value.stdin !== undefined) throw new RangeError('a script with standard input cannot be nested');
  return value.text;
}

function isList(value: Script | readonly string[]): value is readonly string[] {
  return Array.isArray(value);
}
