// Conditions by their shape: those that are no question at all, and those that compare what cannot be equal.
import { parseExpression } from '../language/parse.ts';
import { Source } from '../language/source.ts';
import type { Node } from '../language/syntax.ts';
import type { Expression, Scope, Value } from '../language/value.ts';
import type { Diagnostic } from '../lib/diagnostic.ts';
import { VezaError } from '../lib/errors.ts';
import { isUnknown } from '../core/unknown.ts';
import { eachNode, kindInWords, kindOf } from './condition-types.ts';

const yesWords = /^(?:yes|on|true|y)$/i;
const noWords = /^(?:no|off|false|n)$/i;
/** A cheap look before the text is parsed again. */
const mayMatter = /["'](?:yes|no|on|off|true|false)["']/i;
const plainQuestion = /^[\w.]+ is (?:not )?[\w.]+$|^(?:not )?[\w.]+(?: \| bool)?$/;

/** What is wrong with the shape of a condition; `keyword` is where it stands. */
export function shapeProblem(expression: Expression, keyword: string): Diagnostic | null {
  const { source, where } = expression;
  const text = source.trim();
  if (yesWords.test(text) && text.toLowerCase() !== 'true') return wordProblem(expression, keyword, text, true);
  if (noWords.test(text) && text.toLowerCase() !== 'false') return wordProblem(expression, keyword, text, false);
  if (plainQuestion.test(text)) return null;
  const tree = parseExpression(source);
  const kind = tree && kindOf(tree);
  if (!tree || kind === null || kind === 'boolean') return null;
  return {
    severity: 'error',
    code: 'not-boolean',
    message: `"${keyword}" must be true or false, and this is ${kindInWords(kind)}`,
    where: new Source(source, where).at(tree.start),
    length: tree.end - tree.start,
    hint: hintFor(tree, source, kind),
  };
}

function wordProblem({ where }: Expression, keyword: string, text: string, value: boolean): Diagnostic {
  return {
    severity: 'error',
    code: 'not-boolean',
    message: `"${keyword}" asks for a variable named ${text}`,
    where,
    length: text.length,
    hint: `Write \`${keyword}: ${value}\`, without quotes.`,
  };
}

function hintFor(tree: Node, source: string, kind: string): string {
  const text = source.slice(tree.start, tree.end);
  const shown = text.length > 50 ? '...' : text;
  switch (kind) {
    case 'number':
      return tree.kind === 'literal' ? `Write ${tree.value === 0 ? 'false' : 'true'}.` : `Compare it: ${shown} > 0`;
    case 'list':
    case 'map':
      return `Ask whether it is empty: ${shown} | length > 0`;
    case 'text':
      return tree.kind === 'literal' ? `Leave out the inner quotes.` : `Compare it: ${shown} != ''`;
    default:
      return 'Write true or false.';
  }
}

/** Comparisons of a value that is true or false with a text such as "yes": never equal. */
export function comparisonProblems(expression: Expression, scope: Scope): readonly Diagnostic[] {
  if (!mayMatter.test(expression.source)) return [];
  const tree = parseExpression(expression.source);
  const found: Diagnostic[] = [];
  if (tree) eachNode(tree, (node) => found.push(...comparison(node, expression, scope)));
  return found;
}

function comparison(node: Node, { source, where }: Expression, scope: Scope): readonly Diagnostic[] {
  if (node.kind !== 'compare' || node.rest.length !== 1) return [];
  const [{ operator, operand: second } = { operator: '<' as const, operand: node.first }] = node.rest;
  if (operator !== '==' && operator !== '!=') return [];
  const [word, other] = second.kind === 'literal' ? [second, node.first] : [node.first, second];
  if (word.kind !== 'literal' || typeof word.value !== 'string') return [];
  const value = yesWords.test(word.value) ? true : noWords.test(word.value) ? false : null;
  if (value === null || !isBoolean(other, scope)) return [];
  const text = source.slice(other.start, other.end);
  return [
    {
      severity: 'warning',
      code: 'boolean-compared-with-text',
      message: `${text} is true or false, so it never equals the text "${word.value}"`,
      where: new Source(source, where).at(node.start),
      length: node.end - node.start,
      hint: `Write ${(operator === '==') === value ? text : `not ${text}`}`,
    },
  ];
}

function isBoolean(node: Node, scope: Scope): boolean {
  if (kindOf(node) === 'boolean') return true;
  const value = valueAt(node, scope);
  return typeof value === 'boolean';
}

/** The value of a path such as `a.b`, if it is known. */
function valueAt(node: Node, scope: Scope): Value | undefined {
  try {
    if (node.kind === 'name') return scope.get(node.name);
    if (node.kind !== 'attribute') return undefined;
    const target = valueAt(node.target, scope);
    if (typeof target !== 'object' || target === null || Array.isArray(target) || isUnknown(target)) return undefined;
    return Object.hasOwn(target, node.name) ? (target as Readonly<Record<string, Value>>)[node.name] : undefined;
  } catch (error) {
    if (error instanceof VezaError) return undefined;
    throw error;
  }
}
