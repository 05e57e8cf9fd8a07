// The part of JSON Schema that modules use, and the TypeScript type of what such a schema accepts.
// Deliberately small: general translators of JSON Schema take a minute on a schema of twenty properties.
import type { Json, JsonObject } from '../lib/json.ts';

type TypeName = 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object' | 'null';

export interface Schema {
  readonly type?: TypeName | readonly TypeName[];
  readonly enum?: readonly (string | number | boolean)[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly description?: string;
  /** Shown in the documentation; never filled in: modules do that themselves. */
  readonly default?: string | number | boolean | readonly (string | number)[];
  readonly writeOnly?: boolean;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly minItems?: number;
  /** The hint for a value that does not fit. */
  readonly $comment?: string;
}

/** A property of a module: its description is not optional. */
export interface PropertySchema extends Schema {
  readonly description: string;
}

/** The arguments of a module. */
export interface ArgsSchema {
  readonly type: 'object';
  readonly required?: readonly string[];
  /** Something else only for modules that take any name (`set_fact`). */
  readonly additionalProperties: boolean;
  readonly properties: Readonly<Record<string, PropertySchema>>;
}

/** What a schema accepts. Properties are optional unless they are required. */
export type ArgsOf<S> = S extends { readonly enum: readonly (infer Value)[] }
  ? Value
  : S extends { readonly anyOf: readonly (infer Part)[] }
    ? ArgsOf<Part>
    : S extends { readonly type: readonly (infer Name)[] }
      ? Named<Name, S>
      : S extends { readonly type: infer Name }
        ? Named<Name, S>
        : Json;

type Named<Name, S> = Name extends 'string'
  ? string
  : Name extends 'integer' | 'number'
    ? number
    : Name extends 'boolean'
      ? boolean
      : Name extends 'null'
        ? null
        : Name extends 'array'
          ? S extends { readonly items: infer Item }
            ? readonly ArgsOf<Item>[]
            : readonly Json[]
          : Name extends 'object'
            ? ObjectOf<S>
            : never;

type ObjectOf<S> = S extends { readonly properties: infer Properties }
  ? Simplify<
      { readonly [Key in keyof Properties & RequiredKey<S>]: ArgsOf<Properties[Key]> } & {
        readonly [Key in Exclude<keyof Properties, RequiredKey<S>>]?: ArgsOf<Properties[Key]>;
      }
    >
  : S extends { readonly additionalProperties: infer Value extends object }
    ? Readonly<Record<string, ArgsOf<Value>>>
    : JsonObject;

type RequiredKey<S> = S extends { readonly required: readonly (infer Key)[] } ? Key : never;

type Simplify<T> = { [Key in keyof T]: T[Key] };
