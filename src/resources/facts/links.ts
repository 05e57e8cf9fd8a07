// Where symbolic links of /dev and /sys lead: one `ls` for all of them.
import type { FactSource } from './source.ts';

/** Prints every link that the facts need, with its target. */
export const listLinks = `vz links; ls -ld /dev/disk/by-id/* /dev/disk/by-label/* /dev/disk/by-uuid/* \\
/sys/class/net/*/device /sys/class/net/*/device/driver/module /sys/class/net/*/master`;

interface Link {
  readonly path: string;
  readonly target: string;
}

export function allLinks(source: FactSource): readonly Link[] {
  return source.outputLines('links').flatMap((line) => {
    const [, path, target] = / (\/(?:dev|sys)\/\S.*?) -> (.*)$/.exec(line) ?? [];
    return path === undefined || target === undefined ? [] : [{ path, target }];
  });
}

/** Names that udev gave to devices: `by-id`, `by-label`, `by-uuid`. */
export function linksOf(
  source: FactSource,
  kind: string,
): readonly { readonly device: string; readonly name: string }[] {
  const folder = `/dev/disk/${kind}/`;
  return allLinks(source)
    .filter(({ path }) => path.startsWith(folder))
    .map(({ path, target }) => ({ device: base(target), name: path.slice(folder.length) }));
}

export function base(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
