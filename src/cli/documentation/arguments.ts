// The arguments of a module as rows of a documentation: what its schema says, in words.
import type { PropertySchema, Schema } from '../../core/args.ts';
import type { AnyModule } from '../../core/module.ts';

export interface ArgumentRow {
  readonly name: string;
  /** `text`, `list of texts`, `true or false`, ... */
  readonly type: string;
  readonly required: boolean;
  readonly description: string;
  readonly choices?: readonly (string | number | boolean)[];
  readonly default?: unknown;
  readonly aliases: readonly string[];
  /** Never shown in any output. */
  readonly secret: boolean;
}

/** Required ones first, then by name. */
export function argumentRows(module: AnyModule): readonly ArgumentRow[] {
  const required = new Set(module.schema.required);
  const rows = Object.entries(module.schema.properties).map(([name, property]): ArgumentRow => {
    const choices = choicesOf(property);
    return {
      name,
      type: typeInWords(property),
      required: required.has(name),
      description: property.description,
      ...(choices.length === 0 ? {} : { choices }),
      ...(property.default === undefined ? {} : { default: property.default }),
      aliases: Object.entries(module.argumentAliases ?? {}).flatMap(([alias, of]) => (of === name ? [alias] : [])),
      secret: property.writeOnly === true,
    };
  });
  return rows.toSorted(
    (left, right) => Number(right.required) - Number(left.required) || (left.name < right.name ? -1 : 1),
  );
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: 'true or false',
  array: 'list',
  object: 'map',
  null: 'nothing',
};

function typeInWords(schema: Schema): string {
  if (schema.enum) return typesOf(schema.enum.map((choice) => typeof choice));
  if (schema.anyOf) return typesOf(schema.anyOf.map(typeInWords));
  if (schema.type === undefined) return 'anything';
  if (schema.type === 'array' && schema.items) {
    const items = typeInWords(schema.items);
    return items === 'anything' ? 'list' : `list of ${items.replace(/^(text|map|whole number|number)\b/, '$1s')}`;
  }
  return typesOf([schema.type].flat());
}

function typesOf(names: readonly string[]): string {
  return [...new Set(names.map((name) => typeNames[name] ?? name))].join(', or ');
}

function choicesOf(schema: PropertySchema | Schema): readonly (string | number | boolean)[] {
  return schema.enum ?? [...(schema.anyOf ?? []), ...(schema.items ? [schema.items] : [])].flatMap(choicesOf);
}

/** A choice as it can be shown on one line: a line break is \\n. */
export function choiceInWords(choice: string | number | boolean): string {
  return typeof choice === 'string' ? JSON.stringify(choice).slice(1, -1) : String(choice);
}
