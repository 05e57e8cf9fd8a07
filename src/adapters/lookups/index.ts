// The lookups that need the controller: files, commands, the network, passwords. Pure ones are in language/lookups.
import type { LookupRequest } from '../../language/controller.ts';
import { pureLookups } from '../../language/lookups/index.ts';
import { textOption, textTerm } from '../../language/lookups/options.ts';
import type { Value } from '../../language/value.ts';
import type { Unknown } from '../../language/values.ts';
import { VezaError } from '../../lib/errors.ts';
import { commandLookups } from './commands.ts';
import { fileLookups } from './files.ts';
import { password } from './passwords.ts';
import { tableLookups } from './tables.ts';
import { type RenderFile, templateLookup } from './template.ts';

export type LookupPlugin = (request: LookupRequest) => readonly Value[] | Unknown;

/** All of them by name. */
export function lookupPlugins(render: RenderFile): ReadonlyMap<string, LookupPlugin> {
  const plugins: Readonly<Record<string, LookupPlugin>> = {
    ...commandLookups,
    ...fileLookups,
    ...tableLookups,
    env,
    password,
    template: templateLookup(render),
    config: () => {
      throw new VezaError(
        'unsupported-lookup',
        "the lookup 'config' reads Ansible's configuration, which is not used here",
        {
          hint: 'set a variable instead',
        },
      );
    },
  };
  return new Map(Object.entries(plugins));
}

/** Names of all lookups, those that need no controller included. */
export const lookupNames: readonly string[] = [...pureLookups, ...lookupPlugins(() => '').keys()].filter((name) => {
  return name !== 'config';
});

function env({ terms, options }: LookupRequest): readonly Value[] {
  return terms.map((term) => process.env[textTerm('env', term)] ?? textOption(options, 'default', ''));
}
