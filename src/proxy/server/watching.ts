// What `run --watch` looks at: the configuration, what it was made of besides, and the files of its certificates.
import type { ProxyConfig } from '../core/config/model.ts';
import type { LoadedConfig } from './config-source.ts';
import { ConfigWatcher } from './config-watcher.ts';
import { FileWatcher } from './file-watcher.ts';

interface Watched {
  /** File or folder of the configuration. */
  readonly path: string;
  readonly loaded: () => LoadedConfig;
  readonly reload: () => unknown;
  readonly renew: () => void;
}

export function watchFiles({ path, loaded, reload, renew }: Watched): readonly { close(): void }[] {
  return [
    new ConfigWatcher(path, () => void reload()),
    new FileWatcher(
      () => loaded().files,
      () => void reload(),
    ),
    new FileWatcher(() => tlsFiles(loaded().config), renew),
  ];
}

/** Files and folders that the TLS keys of a configuration name, each once. */
function tlsFiles({ frontends, backends, peers, acme }: ProxyConfig): readonly string[] {
  const found = frontends.flatMap(({ tls }) => [
    ...(tls?.certificates ?? []).flatMap((source) => {
      if (typeof source === 'string') return [source, `${source}.ocsp`];
      if (!('cert' in source)) return [];
      return [source.cert, `${source.cert}.ocsp`, ...(source.key === undefined ? [] : [source.key])];
    }),
    tls?.clientAuth?.ca,
    tls?.clientAuth?.crl,
  ]);
  const others = [...backends, ...peers].flatMap(({ tls }) => [tls?.ca, tls?.cert, tls?.key]);
  return [...new Set([...found, ...others, acme?.trust].filter((file) => file !== undefined))];
}
