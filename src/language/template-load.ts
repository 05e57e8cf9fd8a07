// `include`, `import`, `from` and `extends`: statements that load another template through the loader.
import { VezaError } from '../lib/errors.ts';
import { fail } from './budget.ts';
import { type Compiling, compileNode, type Frame } from './compile.ts';
import type { LiveObject } from './live.ts';
import { Output, placed, type Print, stop } from './template-output.ts';
import { type LocalScope, localScope, withoutVariables } from './template-scope.ts';
import { runTemplate, type TemplateCode } from './template-state.ts';
import type { Statement } from './template-syntax.ts';
import { liveBrand, type Value } from './value.ts';
import { isList, isUnknown, kindOf, undefinedValue, type Unknown, used } from './values.ts';

export function compileInclude(statement: Statement & { kind: 'include' }, into: Compiling): Print {
  const find = finder(statement, into);
  return placed(into.source.at(statement.start), (frame, output) => {
    if (output.muted) return 'next';
    const code = find(frame, statement.ignoreMissing);
    if (isUnknown(code)) return stop(output, code);
    if (code === null) return 'next';
    const scope = statement.withContext ? frame.scope : withoutVariables(frame.scope);
    runTemplate(code, frame, scope, output);
    return output.unknown ? 'stop' : 'next';
  });
}

export function compileImport(statement: Statement & { kind: 'import' | 'from' }, into: Compiling): Print {
  const find = finder(statement, into);
  const where = into.source.at(statement.start);
  const wanted: readonly (readonly [string, string])[] =
    statement.kind === 'import' ? [['', statement.name]] : statement.names;
  for (const [, alias] of wanted) into.bound.add(alias);
  return placed(where, (frame, output) => {
    const code = find(frame, false);
    if (isUnknown(code)) return stop(output, code);
    if (code === null) return 'next';
    const scope = statement.withContext ? frame.scope : withoutVariables(frame.scope);
    const unprinted = new Output(true);
    const names = runTemplate(code, frame, scope, unprinted);
    if (unprinted.unknown) return stop(output, unprinted.unknown);
    const local = localScope(frame);
    for (const [name, alias] of wanted) {
      if (statement.kind === 'import') local.set(alias, moduleOf(code.file, names));
      else {
        const missing = `'${name}' of the template '${code.file}'`;
        local.set(alias, names.own.get(name) ?? undefinedValue(missing, where, () => exported(names)));
      }
    }
    return 'next';
  });
}

export function compileExtends(statement: Statement & { kind: 'extends' }, into: Compiling): Print {
  const find = finder(statement, into);
  into.found.isOpen = true;
  return placed(into.source.at(statement.start), (frame, output) => {
    const code = find(frame, false);
    if (isUnknown(code)) return stop(output, code);
    if (code === null || !frame.template) return 'next';
    if (frame.template.parent) fail('a template can extend one other template only');
    frame.template.parent = code;
    output.muted = true;
    return 'next';
  });
}

function moduleOf(file: string, names: LocalScope): LiveObject {
  return {
    [liveBrand]: `the imported template '${file}'`,
    attribute: (name) => (name.startsWith('_') ? undefined : names.own.get(name)),
    names: () => exported(names),
  };
}

function exported(names: LocalScope): readonly string[] {
  return [...names.own.keys()].filter((name) => !name.startsWith('_') && name !== 'self');
}

type Find = (frame: Frame, ignoreMissing: boolean) => TemplateCode | Unknown | null;

/** The first template of the names that is there; null where there is none and none is needed. */
function finder(statement: Statement & { kind: 'include' | 'import' | 'from' | 'extends' }, into: Compiling): Find {
  const template = compileNode(statement.template, into);
  const { file } = into.source.where;
  const { templates, found: facts } = into;
  facts.loads = true;
  return (frame, ignoreMissing) => {
    const value = used(template(frame));
    if (isUnknown(value)) return value;
    const searched: string[] = [];
    const names = isList(value) ? value : [value];
    for (const name of names) {
      if (isUnknown(name)) return name;
      const found = templates?.find(nameOf(name), file) ?? { searched: [] };
      if ('print' in found) return found;
      searched.push(...found.searched);
    }
    if (ignoreMissing) return null;
    throw notFound(names.map(nameOf), searched, templates !== null);
  };
}

function nameOf(value: Value): string {
  return typeof value === 'string' ? value : fail(`the name of a template is a text, not ${kindOf(value)}`);
}

function notFound(names: readonly string[], searched: readonly string[], canLoad: boolean): VezaError {
  const list = names.map((name) => `'${name}'`).join(', ');
  const message = names.length === 1 ? `there is no template ${list}` : `there is none of the templates ${list}`;
  const hint = canLoad ? `looked for ${searched.join(', ')}` : 'only template files can load others';
  return new VezaError('template-not-found', message, { hint });
}
