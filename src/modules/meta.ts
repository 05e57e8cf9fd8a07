// Orders to the run itself.
import { defineControl } from '../core/module.ts';

export default defineControl({
  name: 'meta',
  summary: 'Steer the run: flush handlers, end a host or the play.',
  freeForm: 'action',
  argumentAliases: { free_form: 'action' },
  schema: {
    type: 'object',
    required: ['action'],
    additionalProperties: false,
    properties: {
      action: {
        enum: ['flush_handlers', 'noop', 'end_host', 'end_play', 'clear_host_errors', 'reset_connection'],
        description:
          'flush_handlers: run notified handlers now. end_host: no more tasks for this host. end_play: for no host. clear_host_errors: failed hosts take part again. reset_connection: log in anew. noop: nothing.',
      },
    },
  },
  examples: [{ title: 'Handlers now, not at the end', args: { action: 'flush_handlers' } }],
  control: (args) => ({ meta: args.action }),
});
