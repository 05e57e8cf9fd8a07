// Facts of who looks: the user that the task runs as, its numbers, and its environment.
import type { JsonObject } from '../../lib/json.ts';
import type { Collector } from './source.ts';

export const user: Collector = {
  name: 'user',
  minimal: true,
  parts: [
    'effective_group_ids',
    'effective_user_id',
    'real_user_id',
    'user_dir',
    'user_gecos',
    'user_gid',
    'user_id',
    'user_shell',
    'user_uid',
  ],
  facts: [
    'effective_group_id',
    'effective_user_id',
    'real_group_id',
    'real_user_id',
    'user_dir',
    'user_gecos',
    'user_gid',
    'user_id',
    'user_shell',
    'user_uid',
  ],
  // The process that reads it has the ids of the one that asks.
  files: ['/proc/self/status'],
  script: `vz account; if command -v getent >/dev/null 2>&1; then getent passwd "$(id -u)"
else grep "^[^:]*:[^:]*:$(id -u):" /etc/passwd; fi`,
  parse(source) {
    const status = source.lines('/proc/self/status').join('\n');
    const [, realUser, effectiveUser] = /^Uid:\s+(\d+)\s+(\d+)/m.exec(status) ?? [];
    const [, realGroup, effectiveGroup] = /^Gid:\s+(\d+)\s+(\d+)/m.exec(status) ?? [];
    const [name, , uid, gid, comment, home, shell] = source.output('account').split('\n')[0]?.split(':') ?? [];
    const ids = {
      real_user_id: realUser,
      effective_user_id: effectiveUser,
      real_group_id: realGroup,
      effective_group_id: effectiveGroup,
    };
    const numbers: JsonObject = Object.fromEntries(
      Object.entries(ids).flatMap(([name, id]) => (id === undefined ? [] : [[name, Number(id)]])),
    );
    if (shell === undefined) return numbers;
    return {
      ...numbers,
      user_id: name ?? '',
      user_uid: Number(uid),
      user_gid: Number(gid),
      user_gecos: comment ?? '',
      user_dir: home ?? '',
      user_shell: shell,
    };
  },
};

export const environment: Collector = {
  name: 'env',
  minimal: true,
  facts: ['env'],
  // A value may have line feeds, so that lines cannot tell the variables apart. `cat` opens the file: a shell may do so too early.
  script: `vz env; cat /proc/self/environ | tr '\\000' '\\037'`,
  parse: (source) => {
    const pairs = source
      .output('env')
      .split('\u001f')
      .flatMap((entry) => {
        const at = entry.indexOf('=');
        return at > 0 ? [[entry.slice(0, at), entry.slice(at + 1)] as const] : [];
      });
    return { env: Object.fromEntries(pairs) };
  },
};
