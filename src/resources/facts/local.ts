// What the host's keepers say of it: `*.fact` files, JSON or INI; executable ones are run, as Ansible does, and print either.
import { quote } from '../../lib/shell.ts';
import type { Json, JsonObject } from '../../lib/json.ts';
import type { Collector } from './source.ts';

export const defaultFactPath = '/etc/ansible/facts.d';

/** Reads the facts of a folder. */
export function localFacts(folder: string): Collector {
  const where = quote(folder.replace(/\/+$/, '') || '/');
  return {
    name: 'local',
    minimal: true,
    facts: ['local'],
    script: `for vz_path in ${where}/*.fact; do
[ -f "$vz_path" ] || continue
vz_name=\${vz_path##*/}
if [ -x "$vz_path" ]; then vz "run \${vz_name%.fact}"; $vz_limit "$vz_path" </dev/null; vz_code=$?
vz "code \${vz_name%.fact}"; echo "$vz_code"
else vz "read \${vz_name%.fact}"; cat "$vz_path"; fi; done`,
    parse(source) {
      const codes = new Map([...source.outputsOf('code ')].map(([name, text]) => [name, text.trim()]));
      const local: Record<string, Json> = {};
      for (const [name, text] of source.outputsOf('read ')) local[name] = valueOf(text, `${folder}/${name}.fact`);
      for (const [name, text] of source.outputsOf('run ')) {
        const path = `${folder}/${name}.fact`;
        const code = codes.get(name) ?? '';
        local[name] = code === '0' ? valueOf(text, path) : `Failure executing fact script (${path}), rc: ${code}`;
      }
      return { local };
    },
  };
}

function valueOf(text: string, path: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return ini(text) ?? `error loading facts as JSON or ini - please check content: ${path}`;
  }
}

/** Sections of `name = value` or `name: value`; names in lower case, indented lines go on. Null for anything else. */
function ini(text: string): JsonObject | null {
  const sections: Record<string, Record<string, string>> = {};
  let section: Record<string, string> | null = null;
  let last: string | null = null;
  for (const line of text.split('\n')) {
    if (/^\s*(?:[#;]|$)/.test(line)) continue;
    const [, title] = /^\[([^\]]+)\]/.exec(line) ?? [];
    const [, name, value = ''] = /^([^\s=:][^=:]*?)\s*(?:[=:]\s*(.*?)\s*)?$/.exec(line) ?? [];
    if (title !== undefined) {
      section = sections[title] ??= {};
      last = null;
    } else if (section !== null && last !== null && /^\s/.test(line)) {
      section[last] = `${section[last] ?? ''}\n${line.trim()}`;
    } else if (section !== null && name !== undefined && /[=:]/.test(line)) {
      last = name.toLowerCase();
      section[last] = value;
    } else return null;
  }
  return sections;
}
