// The syntax tree of template statements.
import type { Arguments, Node } from './syntax.ts';

/** A name to assign to, or several: `a, b`. `x.y` is an attribute of a namespace. */
export type Target =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'attribute'; readonly object: string; readonly name: string }
  | { readonly kind: 'list'; readonly targets: readonly Target[] };

export interface AppliedFilter {
  readonly name: string;
  readonly args: Arguments;
  readonly nameStart: number;
}

/** A parameter of a macro; `fallback` where none is given. */
export interface Parameter {
  readonly name: string;
  readonly fallback: Node | null;
}

export interface Branch {
  readonly condition: Node;
  readonly body: readonly Statement[];
}

interface Macro {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly body: readonly Statement[];
  readonly start: number;
}

interface Load {
  /** The name of the template, or a list of names. */
  readonly template: Node;
  /** Whether the loaded template sees the names of this one. */
  readonly withContext: boolean;
  readonly start: number;
}

export type Statement =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'output'; readonly value: Node }
  | { readonly kind: 'if'; readonly branches: readonly Branch[]; readonly otherwise: readonly Statement[] | null }
  | {
      readonly kind: 'for';
      readonly target: Target;
      readonly items: Node;
      readonly condition: Node | null;
      /** `loop(...)` runs the loop again on other items. */
      readonly recursive: boolean;
      readonly body: readonly Statement[];
      readonly otherwise: readonly Statement[] | null;
    }
  | { readonly kind: 'set'; readonly target: Target; readonly value: Node }
  | {
      readonly kind: 'capture';
      readonly target: Target | null;
      readonly filters: readonly AppliedFilter[];
      readonly body: readonly Statement[];
      readonly start: number;
    }
  | {
      readonly kind: 'with';
      readonly values: readonly (readonly [Target, Node])[];
      readonly body: readonly Statement[];
    }
  | { readonly kind: 'do'; readonly value: Node }
  | { readonly kind: 'break' | 'continue' }
  | ({ readonly kind: 'macro' } & Macro)
  | ({ readonly kind: 'call'; readonly call: Node & { kind: 'call' } } & Macro)
  | {
      readonly kind: 'block';
      readonly name: string;
      readonly scoped: boolean;
      readonly required: boolean;
      readonly body: readonly Statement[];
      readonly start: number;
    }
  | { readonly kind: 'extends'; readonly template: Node; readonly start: number }
  | ({ readonly kind: 'include'; readonly ignoreMissing: boolean } & Load)
  | ({ readonly kind: 'import'; readonly name: string } & Load)
  | ({ readonly kind: 'from'; readonly names: readonly (readonly [name: string, alias: string])[] } & Load);

/** Adds the names that a target binds. */
export function namesOf(target: Target | null, into: Set<string>): void {
  if (target?.kind === 'name') into.add(target.name);
  else if (target?.kind === 'list') for (const each of target.targets) namesOf(each, into);
}
