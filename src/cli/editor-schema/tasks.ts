// Tasks, handlers and blocks, as definitions that the schemas of playbooks and of task files share.
import type { AnyModule } from '../../core/module.ts';
import type { JsonObject } from '../../lib/json.ts';
import { keywordDescriptions } from '../../playbook/keyword-descriptions.ts';
import {
  keywords,
  keywordsOf,
  loopControlKeys,
  type Keyword,
  type Place,
  type Shape,
} from '../../playbook/keywords.ts';
import { argumentsSchema } from './module-arguments.ts';
import {
  anyOf,
  closed,
  names,
  nothing,
  orTemplate,
  reference,
  template,
  text,
  variableName,
  variables,
} from './parts.ts';

const prefixes = ['', 'ansible.builtin.'] as const;

/** `task`, `handler`, `block`, `node` (a task or a block), `tasks`, `handlers`, and one definition a module. */
export function taskDefinitions(modules: readonly AnyModule[]): Record<string, JsonObject> {
  return {
    ...Object.fromEntries(
      modules.flatMap((module) => [
        [`module-${module.name}`, argumentsSchema(module, { partial: false })],
        [`defaults-${module.name}`, argumentsSchema(module, { partial: true })],
      ]),
    ),
    'module-defaults': {
      type: 'object',
      properties: byEveryName(modules, 'defaults'),
    },
    task: taskSchema(modules, 'task'),
    handler: taskSchema(modules, 'handler'),
    block: closed(keywordProperties('block'), { required: ['block'] }),
    node: {
      type: 'object',
      if: { required: ['block'] },
      then: { $ref: '#/definitions/block' },
      else: { $ref: '#/definitions/task' },
    },
    tasks: { anyOf: [{ type: 'array', items: { $ref: '#/definitions/node' } }, nothing] },
    handlers: { anyOf: [{ type: 'array', items: { $ref: '#/definitions/handler' } }, nothing] },
  };
}

function taskSchema(modules: readonly AnyModule[], place: 'task' | 'handler'): JsonObject {
  const calls = { ...byEveryName(modules, 'module'), ...includes() };
  return closed(
    { ...keywordProperties(place), ...calls },
    {
      patternProperties: { '^with_[a-z_]+$': { description: 'A loop over a list, in an older way of writing.' } },
      anyOf: Object.keys(calls).map((name) => ({ required: [name] })),
    },
  );
}

function byEveryName(modules: readonly AnyModule[], kind: 'defaults' | 'module'): Record<string, JsonObject> {
  return Object.fromEntries(
    modules.flatMap((module) =>
      [module.name, ...(module.aliases ?? [])].flatMap((name) =>
        prefixes.map((prefix) => [prefix + name, { $ref: `#/definitions/${kind}-${module.name}` }]),
      ),
    ),
  );
}

/** The keywords that may stand in a place, and those that are taken and change nothing. */
export function keywordProperties(place: Place): Record<string, JsonObject> {
  const harmless = Object.entries(keywords).flatMap(([name, keyword]) =>
    keyword.harmless === true && keyword.places.includes(place) ? [name] : [],
  );
  return Object.fromEntries(
    [...new Set([...keywordsOf(place), ...harmless])].map((name) => [name, keywordSchema(name, keywords[name], place)]),
  );
}

function keywordSchema(name: string, keyword: Keyword | undefined, place: Place): JsonObject {
  const unsupported = keyword?.unsupported?.includes(place) === true;
  const note = unsupported ? ` (Taken, and without effect: ${keyword.reason ?? 'not supported yet.'})` : '';
  const description = `${keywordDescriptions[name] ?? ''}${note}`;
  return { description, ...(specials.get(name) ?? shapeSchema(keyword)) };
}

/** Keywords whose values say more than their shape. */
const specials: ReadonlyMap<string, JsonObject> = new Map(
  Object.entries({
    vars: variables,
    module_defaults: reference('module-defaults'),
    handlers: reference('handlers'),
    register: { type: 'string', pattern: variableName },
    loop: anyOf({ type: 'array' }, template),
    loop_control: closed(
      Object.fromEntries(
        loopControlKeys.map((key) => [key, key.endsWith('_var') ? { type: 'string', pattern: variableName } : {}]),
      ),
    ),
    serial: anyOf({ type: ['integer', 'string'] }, { type: 'array', items: { type: ['integer', 'string'] } }),
    roles: anyOf({ type: 'array', items: { $ref: '#/definitions/role' } }, nothing),
  }),
);

function shapeSchema(keyword: Keyword | undefined): JsonObject {
  const shape = keyword?.shape ?? 'any';
  if (keyword?.choices) {
    const choices: JsonObject = { enum: keyword.choices };
    return shape.startsWith('fixed-') ? choices : orTemplate(choices);
  }
  return shapes[shape];
}

const shapes: Readonly<Record<Shape, JsonObject>> = {
  any: {},
  boolean: anyOf({ type: ['boolean', 'null'] }, template),
  condition: anyOf({ type: ['boolean', 'string'] }, { type: 'array', items: { type: ['boolean', 'string'] } }),
  environment: anyOf(
    { type: ['object', 'null'] },
    { type: 'array', items: anyOf({ type: 'object' }, template) },
    template,
  ),
  'fixed-boolean': { type: ['boolean', 'null'] },
  'fixed-text': { type: ['string', 'null'], not: template },
  list: { type: ['array', 'null'] },
  map: { type: ['object', 'null'] },
  names,
  nodes: reference('tasks'),
  number: anyOf({ type: ['number', 'null'] }, template),
  text: { type: ['string', 'number', 'boolean', 'null'] },
};

/** Statements that look like modules. */
function includes(): Record<string, JsonObject> {
  const apply: JsonObject = { type: 'object', description: 'Keywords for all tasks inside.' };
  const tasks: JsonObject = anyOf(
    { type: 'string' },
    closed({ file: { type: 'string', description: 'File of tasks.' }, apply }, { required: ['file'] }),
  );
  const from = (part: string): JsonObject => ({
    ...text,
    description: `Another file than main of the role's ${part}.`,
  });
  const role: JsonObject = closed(
    {
      name: { type: 'string', description: 'Name or path of the role.' },
      role: { type: 'string', description: 'The same as name.' },
      tasks_from: from('tasks'),
      vars_from: from('vars'),
      defaults_from: from('defaults'),
      handlers_from: from('handlers'),
      apply,
      public: orTemplate({ type: 'boolean', description: 'Its variables are seen by what comes after.' }),
      allow_duplicates: orTemplate({ type: 'boolean', description: 'Once more, though it ran already.' }),
      rolespec_validate: orTemplate({ type: 'boolean', description: 'Whether its arguments are checked.' }),
    },
    { anyOf: [{ required: ['name'] }, { required: ['role'] }] },
  );
  const all: Record<string, JsonObject> = {
    import_tasks: { description: 'The tasks of another file, read before anything runs.', ...tasks },
    include_tasks: { description: 'The tasks of another file.', ...tasks },
    import_role: { description: 'A role, read before anything runs.', ...role },
    include_role: { description: 'A role.', ...role },
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, schema]) => prefixes.map((prefix) => [prefix + name, schema])),
  );
}
