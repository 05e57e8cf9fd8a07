// The syntax tree of expressions. `start` and `end` are offsets into the source, for messages.

interface Place {
  readonly start: number;
  readonly end: number;
}

export interface Arguments {
  readonly positional: readonly Node[];
  readonly named: readonly (readonly [string, Node])[];
  /** `*list` and `**map`. */
  readonly spreadList?: Node;
  readonly spreadMap?: Node;
}

export type BinaryOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**';
export type CompareOperator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in';

export type Node = Place &
  (
    | { readonly kind: 'literal'; readonly value: null | boolean | number | string }
    | { readonly kind: 'name'; readonly name: string }
    | { readonly kind: 'attribute'; readonly target: Node; readonly name: string }
    | { readonly kind: 'subscript'; readonly target: Node; readonly index: Node }
    | {
        readonly kind: 'slice';
        readonly target: Node;
        readonly from: Node | null;
        readonly to: Node | null;
        readonly step: Node | null;
      }
    | { readonly kind: 'list'; readonly items: readonly Node[] }
    | { readonly kind: 'map'; readonly entries: readonly (readonly [Node, Node])[] }
    | { readonly kind: 'negative' | 'positive' | 'not'; readonly operand: Node }
    | { readonly kind: 'binary'; readonly operator: BinaryOperator; readonly left: Node; readonly right: Node }
    | { readonly kind: 'concat' | 'and' | 'or'; readonly operands: readonly Node[] }
    | {
        readonly kind: 'compare';
        readonly first: Node;
        readonly rest: readonly { readonly operator: CompareOperator; readonly operand: Node }[];
      }
    | { readonly kind: 'if'; readonly condition: Node; readonly yes: Node; readonly no: Node | null }
    | {
        readonly kind: 'filter';
        /** Null in the `filter` statement and `map('name')`: the value comes from elsewhere. */
        readonly target: Node;
        readonly name: string;
        readonly args: Arguments;
        readonly nameStart: number;
      }
    | {
        readonly kind: 'test';
        readonly target: Node;
        readonly name: string;
        readonly args: Arguments;
        readonly nameStart: number;
      }
    | { readonly kind: 'call'; readonly callee: Node; readonly args: Arguments }
  );

/** The path of a chain of names for messages: `a.b[0]`; null for anything else. */
export function pathOf(node: Node): string | null {
  if (node.kind === 'name') return node.name;
  if (node.kind === 'attribute') {
    const target = pathOf(node.target);
    return target === null ? null : `${target}.${node.name}`;
  }
  return null;
}
