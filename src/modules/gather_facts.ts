// What a play does first that says `gather_facts: true`.
import { defineModule } from '../core/module.ts';
import { factArguments, gatheringFacts } from './shared/facts.ts';

export default defineModule({
  name: 'gather_facts',
  summary: 'Gather facts of the host: what a play with `gather_facts: true` begins with.',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      ...factArguments,
      parallel: {
        type: 'boolean',
        default: false,
        description: 'Taken for compatibility: all facts are read at once, in one round trip.',
      },
    },
  },
  examples: [{ title: 'Everything', args: {} }],
  ...gatheringFacts,
});
