// A template being rendered: its blocks, what it extends, and what it loads.
import type { Position } from '../lib/diagnostic.ts';
import { VezaError } from '../lib/errors.ts';
import { limits } from '../lib/limits.ts';
import { fail } from './budget.ts';
import type { Frame } from './compile.ts';
import { liveFunction, type LiveObject } from './live.ts';
import { captured, type Output, type Print } from './template-output.ts';
import { LocalScope, localFrame, localScope } from './template-scope.ts';
import { liveBrand, type Scope, type Value } from './value.ts';

export interface TemplateSource {
  readonly path: string;
  readonly text: string;
}

/**
 * Finds a template that `from` (the file of another one) names. Where there is none, the places that were searched.
 * Throws VezaError for one that cannot be read.
 */
export type TemplateLoader = (name: string, from: string) => TemplateSource | { readonly searched: readonly string[] };

/** A compiled template. */
export interface TemplateCode {
  readonly file: string;
  readonly print: Print;
  readonly blocks: ReadonlyMap<string, Block>;
  readonly usesSelf: boolean;
}

export interface Block {
  readonly name: string;
  readonly print: Print;
  readonly required: boolean;
  readonly where: Position;
}

/** Finds and compiles templates by name; `null` from a template that there is not. */
export interface Templates {
  find(name: string, from: string): TemplateCode | { readonly searched: readonly string[] };
}

export interface RenderState {
  /** The files that led here, outermost first. */
  readonly chain: readonly string[];
  /** Definitions of each block, that of the youngest child first. */
  readonly blocks: Map<string, readonly Block[]>;
  /** Names of the top of the template: what blocks see and importers get. */
  readonly root: LocalScope;
  parent: TemplateCode | null;
}

/** Renders a template, and those that it extends, over a scope. The names that it set at its top are handed back. */
export function runTemplate(code: TemplateCode, base: Frame, scope: Scope, output: Output): LocalScope {
  const outer = base.template?.chain ?? [];
  const state: RenderState = {
    chain: [...outer, code.file],
    blocks: new Map(),
    root: new LocalScope(scope),
    parent: null,
  };
  const frame: Frame = { ...base, scope: state.root, template: state };
  const { muted } = output;
  checkDepth(state.chain, code.file);
  for (let current: TemplateCode | null = code, levels = 0; current; current = state.parent, levels++) {
    if (levels > limits.templateDepth)
      checkDepth([...state.chain, ...Array<string>(levels).fill(current.file)], current.file);
    for (const [name, block] of current.blocks) {
      state.blocks.set(name, [...(state.blocks.get(name) ?? []), block]);
    }
    if (current.usesSelf) state.root.set('self', selfOf(frame, state));
    state.parent = null;
    output.muted = muted;
    if (current.print(frame, output) === 'stop') break;
  }
  output.muted = muted;
  return state.root;
}

/** Prints the block that counts for a name; `level` 1 is what `super()` means in it, and so on. */
export function runBlock(name: string, level: number, frame: Frame, scope: Scope, output: Output): ReturnType<Print> {
  const { template } = frame;
  const block = template?.blocks.get(name)?.[level];
  if (!template || !block) return fail(`there is no block '${name}'`);
  if (block.required) {
    throw new VezaError('template-block-missing', `the block '${name}' is required, and no child defines it`, {
      where: block.where,
      hint: `write {% block ${name} %} in the template that extends this one`,
    });
  }
  return frame.budget.deeper(() => {
    const inner = localFrame(frame, scope);
    const names = localScope(inner);
    names.set('super', superOf(name, level + 1, frame, scope) ?? fallbackSuper(name));
    return block.print(inner, output);
  });
}

function superOf(name: string, level: number, frame: Frame, scope: Scope): LiveObject | null {
  if (!frame.template?.blocks.get(name)?.[level]) return null;
  const call = liveFunction(`the parent's block '${name}'`, () => {
    return captured((inner, output) => runBlock(name, level, inner, scope, output), frame);
  });
  const attribute = (attribute: string): Value | undefined =>
    attribute === 'super' ? (superOf(name, level + 1, frame, scope) ?? undefined) : undefined;
  return { ...call, attribute, names: () => ['super'] };
}

function fallbackSuper(name: string): LiveObject {
  return liveFunction("'super'", () => fail(`there is no block '${name}' in a parent template`));
}

/** `self.name()`: a block by its name. */
function selfOf(frame: Frame, state: RenderState): LiveObject {
  const attribute = (name: string): Value | undefined => {
    if (!state.blocks.has(name)) return undefined;
    return liveFunction(`the block '${name}'`, () => {
      return captured((inner, output) => runBlock(name, 0, inner, state.root, output), frame);
    });
  };
  return { [liveBrand]: "'self'", attribute, names: () => state.blocks.keys() };
}

function checkDepth(chain: readonly string[], file: string): void {
  if (chain.length <= limits.templateDepth) return;
  const cycle = [...new Set(chain.slice(-4)), file].join(' -> ');
  throw new VezaError('template-cycle', `templates load each other more than ${limits.templateDepth} deep: ${cycle}`, {
    where: { file, line: 1, column: 1 },
    hint: 'one of them loads a template that loads it again',
  });
}
