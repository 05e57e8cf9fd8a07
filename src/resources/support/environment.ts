// The task's environment for the commands of a script.
import { joinScripts, quote, rawShell, type Script } from '../../lib/shell.ts';
import { VezaError } from '../../lib/errors.ts';

/** Throws VezaError `invalid-environment` for a name that no shell can hold. */
export function environmentOf(environment: Readonly<Record<string, string>> | undefined): Script | null {
  const entries = Object.entries(environment ?? {});
  if (entries.length === 0) return null;
  return joinScripts(
    ...entries.map(([name, value]) => {
      if (!/^[A-Za-z_]\w*$/.test(name)) {
        throw new VezaError('invalid-environment', `"${name}" cannot be the name of an environment variable`);
      }
      return rawShell(`${name}=${quote(value)}; export ${name}`);
    }),
  );
}
