// Lines of a haproxy.cfg -> words with their places: quotes, escapes, comments and variables as HAProxy reads them.
import type { Diagnostic, Position } from '../../../../lib/diagnostic.ts';
import type { Environment } from '../../config/variables.ts';
import type { Spot } from '../report.ts';

export interface Word extends Spot {
  readonly text: string;
}

/** At least one word. */
export interface Line {
  readonly words: readonly Word[];
  readonly first: Word;
}

export interface Words {
  readonly lines: readonly Line[];
  readonly diagnostics: readonly Diagnostic[];
}

export function readWords(text: string, file: string, environment: Environment): Words {
  const lines: Line[] = [];
  const diagnostics: Diagnostic[] = [];
  text.split('\n').forEach((source, index) => {
    const line = new LineReader(source.replace(/\r$/, ''), file, index + 1, environment);
    const words = line.read();
    if (line.problem) diagnostics.push(line.problem);
    const [first] = words;
    if (first) lines.push({ words, first });
  });
  return { lines, diagnostics };
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

class LineReader {
  problem: Diagnostic | undefined;
  readonly #source: string;
  readonly #file: string;
  readonly #line: number;
  readonly #environment: Environment;
  #at = 0;

  constructor(source: string, file: string, line: number, environment: Environment) {
    this.#source = source;
    this.#file = file;
    this.#line = line;
    this.#environment = environment;
  }

  read(): Word[] {
    const words: Word[] = [];
    for (;;) {
      while (/[ \t]/.test(this.#source[this.#at] ?? '')) this.#at += 1;
      if (this.#at >= this.#source.length || this.#source[this.#at] === '#') return words;
      const start = this.#at;
      const text = this.#word();
      words.push({ text, where: this.#position(start), length: this.#at - start });
    }
  }

  #word(): string {
    let text = '';
    while (this.#at < this.#source.length && !/[ \t#]/.test(this.#source[this.#at] ?? '')) {
      const char = this.#source[this.#at] ?? '';
      if (char === "'") text += this.#strong();
      else if (char === '"') text += this.#weak();
      else if (char === '\\') text += this.#escape();
      else {
        text += char;
        this.#at += 1;
      }
    }
    return text;
  }

  /** 'as it is' */
  #strong(): string {
    const start = this.#at;
    const end = this.#source.indexOf("'", start + 1);
    if (end < 0) return this.#unclosed(start);
    this.#at = end + 1;
    return this.#source.slice(start + 1, end);
  }

  /** "with \escapes and ${VARIABLES}" */
  #weak(): string {
    const start = this.#at;
    let text = '';
    this.#at += 1;
    while (this.#at < this.#source.length) {
      const char = this.#source[this.#at] ?? '';
      if (char === '"') {
        this.#at += 1;
        return text;
      }
      if (char === '\\') text += this.#escape();
      else if (char === '$') text += this.#variable();
      else {
        text += char;
        this.#at += 1;
      }
    }
    return this.#unclosed(start);
  }

  #escape(): string {
    const next = this.#source[this.#at + 1] ?? '';
    const hex = /^x([0-9A-Fa-f]{2})/.exec(this.#source.slice(this.#at + 1))?.[1];
    this.#at += hex === undefined ? 2 : 4;
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    if (next in escapes) return escapes[next] ?? '';
    // Of others the backslash stays, as expressions need it: \. and \1.
    return /[ "'#\\$]/.test(next) ? next : `\\${next}`;
  }

  #variable(): string {
    const match = /^\$(?:\{([A-Za-z_]\w*)(?:-([^}]*))?\}|([A-Za-z_]\w*))/.exec(this.#source.slice(this.#at));
    if (!match) {
      this.#at += 1;
      return '$';
    }
    const start = this.#at;
    this.#at += match[0].length;
    const name = match[1] ?? match[3] ?? '';
    const value = this.#environment[name] ?? match[2];
    if (value === undefined) {
      this.#report(start, match[0].length, 'unset-variable', `the variable \`${name}\` is not set`);
    }
    return value ?? '';
  }

  #unclosed(start: number): string {
    this.#report(start, 1, 'unclosed-quote', 'this quote is never closed');
    this.#at = this.#source.length;
    return this.#source.slice(start + 1);
  }

  #report(start: number, length: number, code: string, message: string): void {
    this.problem ??= { severity: 'error', code, message, where: this.#position(start), length };
  }

  #position(offset: number): Position {
    return { file: this.#file, line: this.#line, column: offset + 1 };
  }
}
