// Text for a shell of the host.
import { defineModule } from '../core/module.ts';
import { commandDryRun, commandProperties, commandResult, commandReturns, commandWants } from './shared/commands.ts';

export default defineModule({
  name: 'shell',
  summary: 'Run shell text: variables, pipes and patterns work.',
  freeForm: 'cmd',
  returns: commandReturns,
  dryRun: commandDryRun,
  schema: {
    type: 'object',
    required: ['cmd'],
    additionalProperties: false,
    properties: {
      cmd: { type: 'string', minLength: 1, description: 'The text; /bin/sh reads it unless `executable` is given.' },
      executable: { type: 'string', pattern: '^/', description: 'Absolute path of another shell.' },
      ...commandProperties,
    },
  },
  examples: [
    { title: 'A pipe, once', args: { cmd: 'zcat dump.gz | app import', chdir: '/srv', creates: '/srv/imported' } },
    { title: 'Only looks: runs in dry runs too', args: { cmd: 'ls /srv | wc -l', probe: true } },
  ],
  wants: (args, context) => commandWants(args.cmd, args, context.environment, args.executable),
  result: (outcome, args) => commandResult(outcome, args.cmd, args),
});
