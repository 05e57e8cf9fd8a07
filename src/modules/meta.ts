// Orders to the run itself.
import { defineControl } from '../core/module.ts';
import { metaActions } from '../core/orders.ts';

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
        enum: metaActions,
        description:
          'flush_handlers: run notified handlers now. end_host: no more tasks for this host. end_play: for no host. end_batch: for no host of this batch (`serial`). end_role: no more tasks of this role for this host. clear_host_errors: failed hosts take part again. clear_facts: forget what was gathered. reset_connection: log in anew. refresh_inventory: read the inventory again. noop: nothing.',
      },
    },
  },
  examples: [{ title: 'Handlers now, not at the end', args: { action: 'flush_handlers' } }],
  control: (args) => ({ meta: args.action }),
});
