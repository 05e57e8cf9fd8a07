// A role's meta/argument_specs.yml.
import type { JsonObject } from '../../lib/json.ts';
import { argumentTypes } from '../../playbook/argument-specs.ts';
import { closed } from './parts.ts';

const description: JsonObject = { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] };

/** One level of options; inner ones up to a depth that nobody reaches by hand. */
function options(depth: number): JsonObject {
  return { type: ['object', 'null'], additionalProperties: option(depth) };
}

function option(depth: number): JsonObject {
  const type: JsonObject = { enum: argumentTypes };
  return closed({
    type: { ...type, description: 'What sort of value it takes; str if left out.' },
    elements: { ...type, description: 'What sort of items a list has.' },
    required: { type: 'boolean', description: 'Whether it must be given.' },
    default: { description: 'For the documentation; the value itself is in defaults/main.yml.' },
    choices: { type: 'array', description: 'The values that it may have.' },
    options: { description: 'The keys of a map.', ...(depth > 0 ? options(depth - 1) : { type: 'object' }) },
    description: { ...description, description: 'What it is for.' },
    no_log: { type: 'boolean', description: 'It is secret: shown nowhere.' },
    version_added: { type: ['string', 'number'], description: 'Since when it is there.' },
    aliases: { type: 'array', description: 'Other names.' },
    apply_defaults: { type: 'boolean', description: 'Whether defaults of inner options count.' },
  });
}

/** The whole file. */
export function argumentSpecsSchema(): JsonObject {
  return { type: 'object', required: ['argument_specs'], properties: { argument_specs: argumentSpecs() } };
}

/** What stands below `argument_specs:`, there or in meta/main.yml. */
export function argumentSpecs(): JsonObject {
  return {
    type: 'object',
    description: 'By entry point: main, or the tasks_from of an include.',
    additionalProperties: {
      type: 'object',
      properties: {
        short_description: { type: 'string', description: 'What the role does, in a line.' },
        description: { ...description, description: 'What the role does.' },
        options: { description: 'Its arguments by name.', ...options(4) },
      },
    },
  };
}
