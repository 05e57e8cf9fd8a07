// Variables of a host that later tasks see.
import { defineControl } from '../core/module.ts';
import { VezaError } from '../lib/errors.ts';
import type { JsonObject } from '../lib/json.ts';

export default defineControl({
  name: 'set_fact',
  summary: 'Set variables of the host for the rest of the run.',
  returns: { ansible_facts: 'The variables that were set.' },
  schema: {
    type: 'object',
    additionalProperties: true,
    properties: {
      cacheable: {
        type: 'boolean',
        default: false,
        description:
          'Make them facts of the host too (`ansible_facts`), for the rest of the run; nothing is kept between runs.',
      },
    },
  },
  examples: [{ title: 'A name put together from others', args: { release_path: '/opt/app/1.2' } }],
  control: (args) => {
    const { cacheable, ...facts } = args as JsonObject;
    const names = Object.keys(facts);
    if (names.length === 0) throw new VezaError('missing-argument', 'set_fact needs at least one variable');
    for (const name of names) {
      if (!/^[A-Za-z_]\w*$/.test(name)) {
        throw new VezaError('invalid-variable', `"${name}" cannot be the name of a variable`, {
          hint: 'Letters, digits and _ only, and no digit first.',
        });
      }
    }
    return { facts, result: { ansible_facts: facts }, ...(cacheable === true ? { hostFacts: facts } : {}) };
  },
});
