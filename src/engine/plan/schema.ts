// The JSON Schema of saved plans (docs/plan.schema.json is made from it), and reading one: what does not fit is said, never guessed.
import { VezaError } from '../../lib/errors.ts';
import { isJsonObject } from '../../lib/json.ts';
import { validatorFor } from '../../lib/validate.ts';
import { decidingOptions, planVersion, type SavedPlan } from './model.ts';

const text = { type: 'string' } as const;
const texts = { type: 'array', items: text } as const;
const count = { type: 'integer', minimum: 0 } as const;
const byName = (values: object) => ({ type: 'object', additionalProperties: values });
const fingerprint = { type: 'string', pattern: '^(?:\\*|[A-Za-z0-9_-]{22})$' } as const;
const fingerprints = { anyOf: [{ type: 'null' }, byName(fingerprint)] };
const record = (properties: Readonly<Record<string, object>>, optional: readonly string[] = []) => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  properties,
});

/** Those that decide what is done, and no other: a plan that was tampered with must not name programs or log files. */
const options = record(
  {
    inventory: texts,
    limit: text,
    tags: texts,
    skipTags: texts,
    startAtTask: text,
    forceHandlers: { type: 'boolean' },
    user: text,
    privateKey: text,
    become: { type: 'boolean' },
    becomeUser: text,
    becomeMethod: { enum: ['sudo', 'su', 'doas'] },
    connection: { enum: ['ssh', 'local'] },
  },
  decidingOptions,
);

const change = record(
  {
    item: count,
    action: { enum: ['create', 'update', 'delete', 'run'] },
    resource: text,
    id: fingerprint,
    before: fingerprints,
    after: fingerprints,
  },
  ['resource'],
);

const task = record(
  {
    name: text,
    module: text,
    where: text,
    occurrence: count,
    delegatedBy: text,
    handler: { type: 'boolean' },
    changes: { type: 'array', items: change },
    unknown: texts,
    assuming: text,
  },
  ['delegatedBy', 'handler', 'unknown', 'assuming'],
);

export const planSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'A saved plan of veza-run: fingerprints of what a dry run has foreseen',
  ...record({
    format: { const: 'veza-run plan' },
    version: { const: planVersion },
    createdAt: text,
    salt: { type: 'string', pattern: '^[A-Za-z0-9_-]{22,}$' },
    inputs: record({
      playbooks: { ...texts, minItems: 1 },
      options,
      extraVars: byName(fingerprint),
      files: byName(fingerprint),
    }),
    hosts: { type: 'array', items: record({ name: text, tasks: { type: 'array', items: task } }) },
    summary: record({
      hosts: count,
      changedTasks: count,
      unknownTasks: count,
      actions: record({ create: count, update: count, delete: count, run: count }),
    }),
  }),
} as const;

/** Reads the text of a saved plan. Throws VezaError `invalid-plan`, `unknown-plan-version`. */
export function readPlan(content: string, file: string): SavedPlan {
  const where = { file, line: 1, column: 1 };
  const data = parsed(content, file);
  if (!isJsonObject(data) || data['format'] !== 'veza-run plan')
    throw new VezaError('invalid-plan', 'this is no saved plan of veza-run', {
      where,
      hint: 'make one with --plan-out FILE',
    });
  if (data['version'] !== planVersion)
    throw new VezaError(
      'unknown-plan-version',
      `this plan has version ${JSON.stringify(data['version'] ?? null)}, and only version ${planVersion} is understood`,
      { where, hint: 'make a new plan with this version of veza-run' },
    );
  const [problem] = validatorFor(planSchema)(data);
  if (problem) {
    const at = problem.path.length === 0 ? 'the plan' : problem.path.join('.');
    const what = problem.kind === 'wrong' ? `must be ${problem.wanted}` : `has ${problem.kind} "${problem.name}"`;
    throw new VezaError('invalid-plan', `${at} ${what}`, { where, hint: 'plans are not to be edited: make a new one' });
  }
  // Just checked against the schema.
  return data as unknown as SavedPlan;
}

function parsed(content: string, file: string): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    throw new VezaError('invalid-plan', 'this is no JSON', { where: { file, line: 1, column: 1 }, cause: error });
  }
}
