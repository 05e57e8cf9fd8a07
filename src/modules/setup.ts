// The facts of a host, as Ansible's setup tells them.
import { defineModule } from '../core/module.ts';
import { factArguments, gatheringFacts } from './shared/facts.ts';

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
  ...gatheringFacts,
});
