// Conditions that must hold before the playbook goes on.
import { defineControl } from '../core/module.ts';
import { VezaError } from '../lib/errors.ts';

export default defineControl({
  name: 'assert',
  summary: 'Fail unless all conditions hold.',
  argumentAliases: { msg: 'fail_msg' },
  expressions: ['that'],
  returns: { assertion: 'The condition that does not hold.', evaluated_to: 'What it is: false.' },
  schema: {
    type: 'object',
    required: ['that'],
    additionalProperties: false,
    properties: {
      that: {
        anyOf: [{ type: 'array', items: { type: ['string', 'boolean'] } }, { type: ['string', 'boolean'] }],
        description: 'Conditions, as for `when`: expressions without {{ }}.',
      },
      fail_msg: {
        anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
        description: 'What to say when one does not hold.',
      },
      success_msg: {
        anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
        description: 'What to say when all hold.',
      },
      quiet: { type: 'boolean', default: false, description: 'Say nothing when all hold.' },
    },
  },
  examples: [
    {
      title: 'A variable that makes sense',
      args: { that: ['port is defined', 'port | int > 1024'], fail_msg: 'port must be above 1024' },
    },
  ],
  control: (args, context) => {
    const conditions = [args.that].flat();
    for (const condition of conditions) {
      const value = typeof condition === 'string' ? context.evaluate(condition) : condition;
      if (typeof value !== 'boolean') {
        throw new VezaError(
          'not-boolean',
          `the condition "${String(condition)}" is ${JSON.stringify(value)}, neither true nor false`,
          {
            hint: 'Compare it with something, or use "| bool", "is defined", "| length > 0".',
          },
        );
      }
      if (!value) {
        const message = args.fail_msg ?? 'Assertion failed';
        const failed = typeof message === 'string' ? message : message.join('\n');
        return { failed, result: { assertion: String(condition), evaluated_to: false, msg: message } };
      }
    }
    const message = args.success_msg ?? 'All assertions passed';
    return args.quiet === true ? { result: {} } : { result: { msg: message }, message };
  },
});
