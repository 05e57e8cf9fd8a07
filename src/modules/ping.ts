// Whether a host can be worked on: logging in, becoming the task's user, and running a shell.
import { defineModule } from '../core/module.ts';
import { VezaError } from '../lib/errors.ts';
import { factWants } from './shared/facts.ts';

export default defineModule({
  name: 'ping',
  summary: "Log in, become the task's user, run a shell and change nothing: whether the host can be worked on.",
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      data: { type: 'string', default: 'pong', description: 'What it answers; `crash` makes it fail.' },
    },
  },
  examples: [{ title: 'Can it be reached?', args: {} }],
  returns: { ping: 'What `data` says.' },
  wants: (args) => {
    if (args.data === 'crash') throw new VezaError('crash', 'boom');
    // A look at nothing: it travels with all other looks.
    return factWants({ gather_subset: ['!all', '!min'] });
  },
  result: (_outcome, args) => ({ ping: args.data ?? 'pong' }),
});
