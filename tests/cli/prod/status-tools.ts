// What a host has in tests of its status: programs that answer as told, and how their answers are read.
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Programs that a host finds instead of its own. */
export const tools = mkdtempSync(join(tmpdir(), 'veza-tools-'));

/** Writes one of them. */
export function tool(name: string, text: string): void {
  writeFileSync(join(tools, name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(tools, name), 0o755);
}

export const containers = ['coolify', 'coolify-db', 'traefik', 'galera-1', 'redis', 'sentinel'];

/** Those of a host that is well. */
export function wellTools(): void {
  const rows = containers.map((name) => `${name}\tUp 3 days (healthy)`).join('\n');
  tool(
    'docker',
    `case "$1 $*" in
"--version "*) echo "Docker version 27.0.1, build abc" ;;
"ps "*) cat <<'EOF'\n${rows}\nEOF\n;;
"exec "*galera*) printf 'wsrep_cluster_size\\t2\\n' ;;
"exec "*sentinel*) echo "master0:name=main,status=ok,slaves=1,sentinels=3" ;;
"exec "*redis*) echo PONG ;;
*) exit 1 ;;
esac`,
  );
  tool(
    'systemctl',
    'case "$2" in forgejo-runner|veza-proxy) echo active ;; broken) echo failed; exit 3 ;; *) echo inactive; exit 3 ;; esac',
  );
  // However busy this machine is, for so many processors it is no load.
  tool('getconf', 'echo 100000');
  tool('df', 'printf "Filesystem 1024-blocks Used Available Capacity Mounted on\\n/dev/sda1 100 40 60 40%% /\\n"');
}

/** What `status --json` tells. */
export interface Seen {
  readonly hosts: readonly {
    readonly host: string;
    readonly problems: readonly string[];
    readonly services: readonly { readonly name: string; readonly state: string; readonly healthy: boolean }[];
  }[];
  readonly endpoints: readonly {
    readonly url: string;
    readonly status: number | null;
    readonly certificateDays: number | null;
    readonly problem: string | null;
  }[];
  readonly alerts: readonly { readonly name: string; readonly found: number | null; readonly good: boolean }[];
}

/** The states of the services of the first host. */
export const statesOf = (seen: Seen | null) =>
  Object.fromEntries((seen?.hosts[0]?.services ?? []).map(({ name, state }) => [name, state]));
