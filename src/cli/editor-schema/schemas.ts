// The schemas for editors: one for each sort of file that people write.
import type { AnyModule } from '../../core/module.ts';
import type { JsonObject } from '../../lib/json.ts';
import { inventorySchema, variableFileSchema } from './inventory.ts';
import { anyOf, closed, draft, names, variables } from './parts.ts';
import { argumentSpecs, argumentSpecsSchema } from './role-specs.ts';
import { keywordProperties, taskDefinitions } from './tasks.ts';

export const schemaNames = [
  'playbook',
  'tasks',
  'handlers',
  'inventory',
  'vars',
  'role-meta',
  'argument-specs',
] as const;
export type SchemaName = (typeof schemaNames)[number];

/** Files that each of them is for, as patterns for an editor. */
export const filePatterns: Readonly<Record<SchemaName, readonly string[]>> = {
  playbook: ['playbooks/*.yml', 'playbooks/*.yaml', 'site.yml', 'playbook.yml'],
  tasks: ['**/tasks/**/*.yml', '**/tasks/**/*.yaml'],
  handlers: ['**/handlers/*.yml', '**/handlers/*.yaml'],
  inventory: ['inventory/*.yml', 'inventory/*.yaml', 'inventory.yml', 'hosts.yml'],
  vars: ['**/group_vars/**/*.yml', '**/host_vars/**/*.yml', '**/defaults/*.yml', '**/vars/*.yml'],
  'role-meta': ['**/meta/main.yml'],
  'argument-specs': ['**/meta/argument_specs.yml'],
};

export function isSchemaName(name: string): name is SchemaName {
  return schemaNames.some((known) => known === name);
}

/** The JSON Schema (draft 07) of one sort of file. */
export function editorSchema(name: SchemaName, modules: readonly AnyModule[]): JsonObject {
  const head = (title: string): JsonObject => ({ $schema: draft, title });
  switch (name) {
    case 'playbook':
      return { ...head('A playbook of veza-run'), ...playbook(), definitions: playDefinitions(modules) };
    case 'tasks':
      return {
        ...head('Tasks of veza-run'),
        ...taskDefinitions(modules)['tasks'],
        definitions: playDefinitions(modules),
      };
    case 'handlers':
      return {
        ...head('Handlers of veza-run'),
        ...taskDefinitions(modules)['handlers'],
        definitions: playDefinitions(modules),
      };
    case 'inventory':
      return { ...head('An inventory of veza-run'), ...inventorySchema() };
    case 'vars':
      return { ...head('Variables of veza-run'), ...variableFileSchema() };
    case 'role-meta':
      return { ...head('What a role of veza-run says of itself'), ...roleMeta(), definitions: roleDefinitions() };
    case 'argument-specs':
      return { ...head('The arguments of a role of veza-run'), ...argumentSpecsSchema() };
    default:
      name satisfies never;
      return {};
  }
}

function playbook(): JsonObject {
  return {
    type: 'array',
    items: {
      type: 'object',
      if: anyOf({ required: ['import_playbook'] }, { required: ['ansible.builtin.import_playbook'] }),
      then: { $ref: '#/definitions/import' },
      else: { $ref: '#/definitions/play' },
    },
  };
}

function playDefinitions(modules: readonly AnyModule[]): JsonObject {
  const file: JsonObject = { type: 'string', description: 'Another playbook, whose plays come here.' };
  const { name, when, tags } = keywordProperties('task');
  return {
    play: closed(keywordProperties('play'), { required: ['hosts'] }),
    import: closed({
      import_playbook: file,
      'ansible.builtin.import_playbook': file,
      ...(name && { name }),
      ...(when && { when }),
      ...(tags && { tags }),
      vars: variables,
    }),
    ...roleDefinitions(),
    ...taskDefinitions(modules),
  };
}

/** An entry of `roles:` or of `dependencies:`; keys that are no keywords are parameters. */
function roleDefinitions(): Record<string, JsonObject> {
  return {
    role: anyOf(
      { type: 'string' },
      {
        type: 'object',
        properties: keywordProperties('role'),
        anyOf: [{ required: ['role'] }, { required: ['name'] }],
      },
    ),
    'module-defaults': { type: 'object' },
  };
}

function roleMeta(): JsonObject {
  return {
    type: ['object', 'null'],
    properties: {
      dependencies: {
        description: 'Roles that run before this one.',
        anyOf: [{ type: 'array', items: { $ref: '#/definitions/role' } }, { type: 'null' }],
      },
      allow_duplicates: { type: 'boolean', description: 'It runs again, though it ran already.' },
      galaxy_info: {
        type: 'object',
        description: 'For readers; nothing here acts on it.',
        properties: { galaxy_tags: names },
      },
      argument_specs: argumentSpecs(),
    },
  };
}
