// Texts that are plain data written as Python or JSON has it: lists, maps, texts, numbers. Nothing in them is evaluated.
import { tokenize } from './lexer.ts';
import { Parser } from './parser.ts';
import { SyntaxProblem } from './source.ts';
import type { Node } from './syntax.ts';
import { keyText } from './text.ts';
import { mapOf } from './values.ts';
import type { Value } from './value.ts';
import { VezaError } from '../lib/errors.ts';

/** The list or map that the text stands for; `undefined` for any other text. */
export function readLiteral(text: string): Value | undefined {
  if (!/^\s*[[{(]/.test(text)) return undefined;
  try {
    const parser = new Parser(tokenize(text, { start: 0, close: null, backslashes: 'python' }).tokens);
    const node = parser.expression();
    parser.expectEnd();
    return node.kind === 'list' || node.kind === 'map' ? valueOf(node) : undefined;
  } catch (error) {
    if (error instanceof SyntaxProblem || error instanceof VezaError) return undefined;
    throw error;
  }
}

function valueOf(node: Node): Value {
  switch (node.kind) {
    case 'literal':
      return node.value;
    case 'list':
      return node.items.map(valueOf);
    case 'map':
      return mapOf(node.entries.map(([key, value]) => [keyText(valueOf(key)), valueOf(value)]));
    case 'negative': {
      const value = valueOf(node.operand);
      if (typeof value === 'number') return -value;
      break;
    }
    case 'name':
      if (node.name === 'null') return null;
      break;
    default:
  }
  throw new SyntaxProblem('no literal', node.start, node.end);
}
