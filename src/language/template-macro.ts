// `macro` and `call`: functions that a template makes, with Jinja's rules for their arguments.
import type { Position } from '../lib/diagnostic.ts';
import { fail, located } from './budget.ts';
import { compileCall } from './compile-call.ts';
import { type Compiling, compileNode, type Frame, type Run } from './compile.ts';
import { type CallArguments, type LiveObject } from './live.ts';
import { captured, placed, type Print, stop } from './template-output.ts';
import { localFrame, localScope } from './template-scope.ts';
import type { Statement } from './template-syntax.ts';
import { outputOf } from './text.ts';
import { liveBrand, type Value } from './value.ts';
import { isUnknown, undefinedValue, used } from './values.ts';
import { didYouMean } from '../lib/suggest.ts';

type CompileBody = (statements: readonly Statement[], into: Compiling) => Print;
type MacroStatement = Statement & { kind: 'macro' | 'call' };

/** `{% macro name(...) %}`: binds the name to a function. */
export function compileMacro(statement: Statement & { kind: 'macro' }, into: Compiling, compile: CompileBody): Print {
  into.bound.add(statement.name);
  const make = compileFunction(statement, into, compile);
  return (frame) => {
    localScope(frame).set(statement.name, make(frame));
    return 'next';
  };
}

/** `{% call name(...) %}`: calls a macro that gets the body as `caller`. */
export function compileCallBlock(
  statement: Statement & { kind: 'call' },
  into: Compiling,
  compile: CompileBody,
): Print {
  const makeCaller = compileFunction(statement, into, compile);
  const where = into.source.at(statement.call.start);
  const call = compileCall(statement.call, where, into, makeCaller);
  return placed(where, (frame, output) => {
    if (output.muted) return 'next';
    const result = used(call(frame));
    if (isUnknown(result)) return stop(output, result);
    output.print(outputOf(result, frame.budget));
    return 'next';
  });
}

interface Macro {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly fallbacks: readonly (Run | null)[];
  readonly body: Print;
  readonly where: Position;
  /** Which of `varargs`, `kwargs` and `caller` the body uses, and so takes. */
  readonly takes: ReadonlySet<string>;
}

/** What a call costs beside its body: it makes a scope and a text of its own. */
const callSteps = 10;

const special = ['varargs', 'kwargs', 'caller'];

function compileFunction(
  statement: MacroStatement,
  into: Compiling,
  compile: CompileBody,
): (frame: Frame) => LiveObject {
  const parameters = statement.parameters.map(({ name }) => name);
  const names = new Set<string>();
  const bound = new Set(
    [...into.bound, ...parameters].filter((name) => parameters.includes(name) || !special.includes(name)),
  );
  const inner: Compiling = { ...into, names, bound };
  const fallbacks = statement.parameters.map(({ fallback }) => fallback && compileNode(fallback, inner));
  const body = compile(statement.body, inner);
  // As in Jinja, a macro also takes what a `call` inside it uses.
  for (const name of names) if (!special.includes(name) || statement.kind === 'call') into.names.add(name);
  const takes = new Set(special.filter((name) => names.has(name)));
  const macro: Macro = {
    name: statement.name,
    parameters,
    fallbacks,
    body,
    where: into.source.at(statement.start),
    takes,
  };
  return (frame) => functionOf(macro, frame);
}

function functionOf(macro: Macro, definedIn: Frame): LiveObject {
  const attributes: Readonly<Record<string, Value>> = {
    name: macro.name,
    arguments: macro.parameters,
    catch_varargs: macro.takes.has('varargs'),
    catch_kwargs: macro.takes.has('kwargs'),
    caller: macro.takes.has('caller'),
  };
  return {
    [liveBrand]: `the macro '${macro.name}'`,
    attribute: (name) => (Object.hasOwn(attributes, name) ? attributes[name] : undefined),
    names: () => Object.keys(attributes),
    call: (args, { budget }) =>
      budget.deeper(() => {
        // Depth alone is no bound: one that calls itself twice makes a tree of calls.
        budget.spend(callSteps);
        const frame = localFrame({ ...definedIn, budget });
        try {
          bind(macro, args, frame);
          return captured(macro.body, frame);
        } catch (error) {
          throw located(error, macro.where);
        }
      }),
  };
}

function bind(macro: Macro, { positional, named }: CallArguments, frame: Frame): void {
  const scope = localScope(frame);
  const { name: macroName, parameters, takes } = macro;
  const others = new Map(Object.entries(named));
  parameters.forEach((name, index) => {
    const byName = others.get(name);
    others.delete(name);
    if (byName !== undefined && index < positional.length) fail(`the macro '${macroName}' gets '${name}' twice`);
    const given = positional[index] ?? byName;
    scope.set(
      name,
      given ?? macro.fallbacks[index]?.(frame) ?? missing(`the argument '${name}' of the macro '${macroName}'`, macro),
    );
  });
  const caller = others.get('caller');
  if (takes.has('caller')) {
    others.delete('caller');
    scope.set('caller', caller ?? missing("'caller' (the macro is not used with 'call')", macro));
  } else if (caller !== undefined && !takes.has('kwargs')) {
    fail(`the macro '${macroName}' takes no body`, "it never uses 'caller'");
  }
  if (takes.has('varargs')) scope.set('varargs', positional.slice(parameters.length));
  else if (positional.length > parameters.length) {
    fail(`the macro '${macroName}' takes at most ${parameters.length} arguments, got ${positional.length}`);
  }
  const [strange] = others.keys();
  if (takes.has('kwargs')) scope.set('kwargs', Object.fromEntries(others));
  else if (strange !== undefined) {
    const hint = didYouMean(strange, parameters) ?? undefined;
    fail(`the macro '${macroName}' has no argument '${strange}'`, hint);
  }
}

function missing(what: string, { where }: Macro): Value {
  return undefinedValue(what, where, () => []);
}
