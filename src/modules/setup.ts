// The facts of a host, as Ansible's setup tells them.
import { defineModule } from '../core/module.ts';
import { factNames } from '../resources/facts/subsets.ts';
import { factArguments, factResult, factWants } from './shared/facts.ts';

export default defineModule({
  name: 'setup',
  summary: 'Gather facts of the host: system, hardware, network, users, and what it says of itself.',
  schema: { type: 'object', additionalProperties: false, properties: factArguments },
  examples: [
    { title: 'Everything', args: {} },
    { title: 'Addresses and interfaces only', args: { gather_subset: ['!all', '!min', 'network'] } },
    { title: 'Local facts of a folder', args: { gather_subset: '!all,local', fact_path: '/opt/app/facts' } },
    { title: 'Some names', args: { filter: ['ansible_distribution*', 'ansible_memtotal_mb'] } },
  ],
  returns: {
    ansible_facts:
      'The facts, by their names with `ansible_` before them. Later tasks see them as variables, and as `ansible_facts.NAME`.',
  },
  dryRun: 'The host is looked at as it is; what tasks before would make of it is not in the facts.',
  gathers: factNames,
  wants: factWants,
  result: factResult,
});
