// Stops a host on purpose.
import { defineControl } from '../core/module.ts';

export default defineControl({
  name: 'fail',
  summary: 'Fail with a message; use it with `when`.',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      msg: { type: 'string', default: 'Failed as requested from task', description: 'What to say.' },
    },
  },
  examples: [{ title: 'Refuse an old release', args: { msg: 'This needs Debian 12 or newer' } }],
  control: (args) => {
    const failed = args.msg ?? 'Failed as requested from task';
    return { failed, result: { msg: failed } };
  },
});
