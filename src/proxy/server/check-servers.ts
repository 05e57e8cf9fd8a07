// Checks all servers of a configuration once, outside a running proxy: for who wants to know before, or waits for a rollout.
import { checkAll } from './check-many.ts';
import type { LoadedConfig } from './config-source.ts';
import { checkText } from './event-log.ts';
import { upstreamsOf } from './upstream-tls.ts';

export interface ServersChecked {
  /** One line a server. */
  readonly lines: readonly string[];
  readonly failed: number;
}

/** `patient`: checks that fail are repeated with growing pauses, about a quarter of a minute in all. */
export async function checkServers({ config, tls }: LoadedConfig, patient: boolean): Promise<ServersChecked> {
  const upstreams = upstreamsOf(config, tls, new Map());
  const checked = config.backends.flatMap(({ name, servers }) =>
    servers.flatMap((server) =>
      server.check ? [{ key: `${name}/${server.name}`, check: server.check, tls: upstreams.get(name)?.tls }] : [],
    ),
  );
  const results = await checkAll(checked, { retry: patient ? {} : undefined });
  const width = Math.max(0, ...checked.map(({ key }) => key.length));
  const lines = checked.map(({ key }, index) => {
    const result = results[index];
    return result
      ? `${key.padEnd(width)}  ${result.passed ? 'ok    ' : 'failed'}  ${checkText(result)}  ${result.detail}`.trimEnd()
      : key;
  });
  const without = config.backends.flatMap(({ name, servers }) =>
    servers.filter(({ check }) => !check).map((server) => `${name}/${server.name}  has no check`),
  );
  return { lines: [...lines, ...without], failed: results.filter(({ passed }) => !passed).length };
}
