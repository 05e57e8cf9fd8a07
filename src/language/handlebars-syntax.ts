// Handlebars' own parser with our errors, and its tree as a union of types.
import Handlebars from 'handlebars';
import type { Position } from '../lib/diagnostic.ts';
import { messageOf, VezaError } from '../lib/errors.ts';

export type Path = hbs.AST.PathExpression & { readonly type: 'PathExpression' };
export type Program = hbs.AST.Program;
export type SubExpression = hbs.AST.SubExpression & { readonly type: 'SubExpression' };
export type Expression =
  | Path
  | SubExpression
  | (hbs.AST.StringLiteral & { readonly type: 'StringLiteral' })
  | (hbs.AST.NumberLiteral & { readonly type: 'NumberLiteral' })
  | (hbs.AST.BooleanLiteral & { readonly type: 'BooleanLiteral' })
  | {
      readonly type: 'NullLiteral' | 'UndefinedLiteral';
      readonly loc: hbs.AST.SourceLocation;
      readonly original?: unknown;
    };

/** Anything that names a helper or a variable, with arguments. */
export interface Callable {
  readonly path: hbs.AST.PathExpression | hbs.AST.Literal;
  readonly params: readonly hbs.AST.Expression[];
  readonly hash?: hbs.AST.Hash;
  readonly loc: hbs.AST.SourceLocation;
}

export type Statement =
  | hbs.AST.MustacheStatement
  | (Omit<hbs.AST.BlockStatement, 'inverse'> & { readonly inverse?: Program })
  | (Omit<hbs.AST.PartialStatement, 'name'> & { readonly name: Path | SubExpression })
  | hbs.AST.ContentStatement
  | hbs.AST.CommentStatement
  | (hbs.AST.Statement & { readonly type: 'PartialBlockStatement' | 'Decorator' | 'DecoratorBlock' });

const cache = new Map<string, Program>();
const cacheSize = 200;

/** Parses a text; never an object. Throws VezaError `template-syntax` with the place. */
export function parseHandlebars(text: string, file: string): Program {
  const known = cache.get(text);
  if (known) return known;
  if (typeof text !== 'string') throw new TypeError('a template is a text');
  try {
    const program = Handlebars.parse(text);
    if (cache.size >= cacheSize) cache.clear();
    cache.set(text, program);
    return program;
  } catch (error) {
    throw syntaxError(error, text, file);
  }
}

/** The place of a node; Handlebars counts columns from 0. */
export function placeOf(node: { readonly loc: hbs.AST.SourceLocation }, file: string): Position {
  return { file, line: node.loc.start.line, column: node.loc.start.column + 1 };
}

function syntaxError(error: unknown, text: string, file: string): VezaError {
  const message = messageOf(error);
  const own: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'lineNumber') : undefined;
  const found = typeof own === 'number' ? own : Number(/on line (\d+)/.exec(message)?.[1] ?? 1);
  const lineCount = text.replace(/\n$/, '').split('\n').length;
  const column: unknown = typeof own === 'number' ? Reflect.get(error as object, 'column') : 0;
  const where = { file, line: Math.min(found, lineCount), column: typeof column === 'number' ? column + 1 : 1 };
  return new VezaError('template-syntax', explain(message), { where, cause: error });
}

function explain(message: string): string {
  const got = /got '(\w+)'/.exec(message)?.[1];
  if (got === 'EOF') return 'a block or {{ is never closed';
  if (got !== undefined)
    return `the template cannot be read here (unexpected ${got.toLowerCase().replaceAll('_', ' ')})`;
  return message.replace(/ - \d+:\d+$/, '');
}
