// Python literals as INI inventories may hold them: numbers, quoted texts, True, False, None, lists, tuples and dicts.
// What is no literal as a whole is plain text, so this says `undefined` and never why.
import type { Json } from '../lib/json.ts';

/** The value of a literal; `undefined` where the text is none. Tuples become lists. */
export function pythonLiteral(text: string): Json | undefined {
  const reader = new LiteralReader(text);
  try {
    const value = reader.whole();
    return reader.atEnd() ? value : undefined;
  } catch (error) {
    if (error instanceof NoLiteral) return undefined;
    throw error;
  }
}

class NoLiteral extends Error {}

const words: Readonly<Record<string, Json>> = { True: true, False: false, None: null };

const number = /[-+]?(?:0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*)?\.?\d[\d_]*(?:[eE][-+]?\d+)?\.?)/y;

/** Nesting beyond this is no inventory. */
const depthLimit = 50;

class LiteralReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** `1, 2` is a tuple without brackets. */
  whole(): Json {
    const first = this.value();
    if (!this.#take(',')) return first;
    const items = [first];
    while (!this.atEnd()) {
      items.push(this.value());
      if (!this.#take(',')) break;
    }
    return items;
  }

  atEnd(): boolean {
    this.#skip();
    // To Python a comment may follow.
    return this.#at === this.#text.length || this.#text[this.#at] === '#';
  }

  value(): Json {
    this.#skip();
    const next = this.#text[this.#at] ?? '';
    if (next === '[') return this.#items(']');
    if (next === '(') return this.#tuple();
    if (next === '{') return this.#dict();
    if (/['"]/.test(next)) return this.#string();
    const word = this.#match(/(?:True|False|None)\b/y);
    if (word !== null) return words[word] ?? null;
    return this.#number();
  }

  #number(): Json {
    const text = this.#match(number) ?? this.#fail();
    const plain = text.replaceAll('_', '');
    // Python has no octal of this kind: 0644 is an error, so text.
    if (/__|_$/.test(text) || /^[-+]?0\d/.test(plain)) return /^[-+]?0+(?:\.\d*)?$/.test(plain) ? 0 : this.#fail();
    const [, sign = '', digits = ''] = /^([-+]?)(.*)$/.exec(plain) ?? [];
    const value = (sign === '-' ? -1 : 1) * Number(digits);
    if (Number.isNaN(value)) return this.#fail();
    // More digits than a number holds are kept as text rather than changed.
    return Number.isInteger(value) && !Number.isSafeInteger(value) && /^\d+$/.test(digits) ? plain : value;
  }

  #items(close: string): Json[] {
    this.#enter();
    const items: Json[] = [];
    while (!this.#take(close)) {
      items.push(this.value());
      if (!this.#take(',')) {
        if (!this.#take(close)) this.#fail();
        break;
      }
    }
    this.#depth -= 1;
    return items;
  }

  /** `(1, 2)` and `(1,)` are tuples, `(1)` is what is in it. */
  #tuple(): Json {
    const start = this.#at;
    const items = this.#items(')');
    const inside = this.#text.slice(start + 1, this.#at - 1).trimEnd();
    return items.length === 1 && !inside.endsWith(',') ? (items[0] ?? null) : items;
  }

  #dict(): Json {
    this.#enter();
    const entries: [string, Json][] = [];
    while (!this.#take('}')) {
      const key = this.value();
      if (typeof key === 'object' && key !== null) this.#fail();
      if (!this.#take(':')) this.#fail();
      entries.push([String(key), this.value()]);
      if (!this.#take(',')) {
        if (!this.#take('}')) this.#fail();
        break;
      }
    }
    this.#depth -= 1;
    return Object.fromEntries(entries);
  }

  #string(): string {
    const parts: string[] = [];
    // Texts beside each other are one.
    for (let part = this.#quoted(); part !== null; part = this.#quoted()) parts.push(part);
    return parts.length > 0 ? parts.join('') : this.#fail();
  }

  #quoted(): string | null {
    this.#skip();
    const text = this.#match(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/y);
    return text === null ? null : unescape(text.slice(1, -1));
  }

  #enter(): void {
    this.#at += 1;
    this.#depth += 1;
    if (this.#depth > depthLimit) this.#fail();
  }

  #take(mark: string): boolean {
    this.#skip();
    if (this.#text[this.#at] !== mark) return false;
    this.#at += 1;
    return true;
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const [found] = pattern.exec(this.#text) ?? [];
    if (found === undefined || found === '') return null;
    this.#at += found.length;
    return found;
  }

  #skip(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }

  #fail(): never {
    throw new NoLiteral();
  }
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '0': '\0',
};

function unescape(text: string): string {
  return text.replace(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))/g,
    (all, hex, unicode, plain: string | undefined) => {
      const code = (hex ?? unicode) as string | undefined;
      if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
      return plain === undefined ? all : (escapes[plain] ?? all);
    },
  );
}
