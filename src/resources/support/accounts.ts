// The account databases of a host, as getent prints them or as their files hold them.
import { rawShell, type Script } from '../../lib/shell.ts';

/** Fields by name. A name that getent took for a number is not in it under that number. */
export function accountLines(output: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const line of output.split('\n')) {
    const fields = line.split(':');
    const name = fields[0];
    if (name !== undefined && fields.length > 2 && !found.has(name)) found.set(name, fields);
  }
  return found;
}

/** Stops with a message where a tool is missing. */
export function missingTool(tool: string): Script {
  return rawShell(
    `command -v ${tool} >/dev/null 2>&1 || { echo 'this host has no ${tool}; install it (package passwd or shadow)' >&2; exit 1; }`,
  );
}
