// Says the parser's complaints about YAML in words for the author of the file, with what to do.
import type { YAMLError } from 'yaml';
import type { Diagnostic, Position } from './diagnostic.ts';

interface Words {
  readonly message: string;
  readonly hint?: string;
  /** Where in the line it is, if not where the parser stumbled. */
  readonly column?: number;
}

const quoteTemplate = 'Put quotes around the whole value: "{{ ... }}".';

const words: Readonly<Partial<Record<YAMLError['code'], Words>>> = {
  TAB_AS_INDENT: { message: 'a tab is used for indentation', hint: 'Indent with spaces.' },
  BLOCK_AS_IMPLICIT_KEY: {
    message: 'a second ":" on the line begins a map inside the value',
    hint: 'Quote the value if it is text with ": " in it.',
  },
  MULTILINE_IMPLICIT_KEY: {
    message: 'a key goes over more than one line',
    hint: 'Check the indentation of this line and the one before; a ":" may be missing.',
  },
  BAD_SCALAR_START: {
    message: 'text cannot begin with this character',
    hint: 'Put the value into quotes.',
  },
  BAD_DQ_ESCAPE: {
    message: 'this is no escape sequence of double quotes',
    hint: 'Write \\\\ for a backslash, or use single quotes.',
  },
  BAD_INDENT: {
    message: 'the indentation fits nothing above',
    hint: 'Let the keys of one map begin in the same column, and close what was opened with [ or {.',
  },
};

/** One diagnostic a line: what follows a first mistake on a line is mostly its echo. */
export function syntaxDiagnostics(
  errors: readonly YAMLError[],
  text: string,
  at: (offset: number) => Position,
): Diagnostic[] {
  const byLine = new Map<number, Diagnostic>();
  for (const error of errors) {
    const [start, end] = error.pos;
    // Trouble at the end of the text belongs to its last line.
    const offset = Math.min(start, text.trimEnd().length);
    const where = at(offset);
    if (byLine.has(where.line)) continue;
    const line = lineAt(text, offset);
    const { message, hint, column } = wordsFor(error, line);
    const length = column === undefined ? Math.max(1, end - start) : 2;
    byLine.set(where.line, {
      severity: 'error',
      code: 'invalid-yaml',
      message: `this is not valid YAML: ${message}`,
      where: column === undefined ? where : { ...where, column },
      length,
      ...(hint !== undefined && { hint }),
    });
  }
  return [...byLine.values()];
}

function wordsFor(error: YAMLError, line: string): Words {
  const template = /(^|[:-]\s+)(\{[{%])/.exec(line);
  if (template) {
    const [, before = '', opening = ''] = template;
    const column = template.index + before.length + 1;
    return { message: `a value that begins with "${opening}" is not quoted`, hint: quoteTemplate, column };
  }
  if (error.code === 'MISSING_CHAR' && error.message.includes('quote')) {
    return { message: 'a quote is never closed', hint: 'Close it, or check the quotes of the lines above.' };
  }
  if (error.code === 'UNEXPECTED_TOKEN' && /^[^'"#]*:\s+(["']).*\1\s*\S/.test(line)) {
    return { message: 'text follows the closing quote', hint: 'Put the quotes around the whole value.' };
  }
  return words[error.code] ?? { message: lowerFirst(error.message) };
}

function lineAt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  return text.slice(start, end === -1 ? undefined : end);
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
