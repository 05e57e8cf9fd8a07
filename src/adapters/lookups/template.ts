// `lookup('template', ...)`: a template rendered with the variables of whoever asks.
import type { LocalSource } from '../../core/module.ts';
import { flagOption, textTerm } from '../../language/lookups/options.ts';
import { readLiteral } from '../../language/literal.ts';
import { extendScope } from '../../language/scope.ts';
import type { Scope, Value } from '../../language/value.ts';
import { isMap, isUnknown, ownValue, type Unknown } from '../../language/values.ts';
import { VezaError } from '../../lib/errors.ts';
import { readTextFile } from '../text-file.ts';
import type { LookupPlugin } from './index.ts';
import { findFile } from './places.ts';

export type RenderFile = (source: Pick<LocalSource, 'path' | 'read'>, scope: Scope) => string | Unknown;

const known = ['template_vars', 'convert_data'];

/** A result that is a list or a map as Python writes it becomes one, unless `convert_data` is false. */
export function templateLookup(render: RenderFile): LookupPlugin {
  return ({ terms, options, scope }) => {
    const strange = Object.keys(options).find((name) => !known.includes(name));
    if (strange !== undefined) {
      throw new VezaError('wrong-arguments', `the lookup 'template' has no option '${strange}'`, {
        hint: `it has ${known.join(', ')}; marks are changed by a first line: #jinja2: variable_start_string:'[%'`,
      });
    }
    const more = ownValue(options, 'template_vars');
    const inner = more !== undefined && isMap(more) ? extendScope(scope, { kind: 'values', values: more }) : scope;
    const results: Value[] = [];
    for (const term of terms) {
      const path = findFile('template', textTerm('template', term), ['templates'], scope);
      const text = render({ path, read: () => Buffer.from(readTextFile(path)) }, inner);
      if (isUnknown(text)) return text;
      results.push((flagOption(options, 'convert_data', true) ? readLiteral(text) : undefined) ?? text);
    }
    return results;
  };
}
