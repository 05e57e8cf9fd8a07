// Shows a text or a variable to whoever runs the playbook.
import { defineControl } from '../core/module.ts';
import { VezaError } from '../lib/errors.ts';
import type { Json } from '../lib/json.ts';

export default defineControl({
  name: 'debug',
  summary: 'Print a message, or what an expression is.',
  expressions: ['var'],
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      msg: { default: 'Hello world!', description: 'What to print.' },
      var: { type: 'string', minLength: 1, description: 'Expression whose value is printed; without {{ }}.' },
      verbosity: { type: 'integer', minimum: 0, default: 0, description: 'Only with at least that many -v.' },
    },
  },
  examples: [
    { title: 'A message', args: { msg: 'The release is 1.2' } },
    { title: 'What a variable is', args: { var: 'inventory_hostname' } },
  ],
  control: (args, context) => {
    if (args.msg !== undefined && args.var !== undefined) {
      throw new VezaError('invalid-argument', "'msg' and 'var' are incompatible options");
    }
    if ((context.verbosity ?? 0) < (args.verbosity ?? 0)) {
      return { result: { skipped: true, skipped_reason: 'Verbosity threshold not met.' } };
    }
    if (args.var === undefined) {
      const message = args.msg ?? 'Hello world!';
      return { result: { msg: message }, message };
    }
    const shown = { [args.var]: valueOf(args.var, (expression) => context.evaluate(expression)) };
    return { result: shown, message: shown };
  },
});

function valueOf(expression: string, evaluate: (expression: string) => Json): Json {
  try {
    return evaluate(expression);
  } catch (error) {
    // Asking what something is should not fail because it is nothing.
    if (error instanceof VezaError && error.code === 'undefined-variable') return 'VARIABLE IS NOT DEFINED!';
    throw error;
  }
}
