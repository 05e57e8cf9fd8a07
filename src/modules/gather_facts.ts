// What a play does first that says `gather_facts: true`.
import { defineModule } from '../core/module.ts';
import { factNames } from '../resources/facts/subsets.ts';
import { factArguments, factResult, factWants } from './shared/facts.ts';

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
  returns: {
    ansible_facts:
      'The facts, by their names with `ansible_` before them. Later tasks see them as variables, and as `ansible_facts.NAME`.',
  },
  dryRun: 'The host is looked at as it is; what tasks before would make of it is not in the facts.',
  gathers: factNames,
  wants: factWants,
  result: factResult,
});
