// What the conversions of other balancers' YAML files share: places, names that are unique, servers by URL.
import type { ConfigTree } from '../config/tree.ts';
import { Draft } from './draft.ts';
import { Report, type Spot } from './report.ts';

export type Entries = Record<string, unknown>;

export class Converter {
  readonly draft: Draft;
  readonly report = new Report();
  readonly #source: ConfigTree;
  readonly #names = new Set<string>();

  constructor(source: ConfigTree) {
    this.#source = source;
    const [file = ''] = source.texts.keys();
    this.draft = new Draft(file);
  }

  /** Where an entry of the source was written. */
  readonly spot = (container: object, key: string | number): Spot => {
    const place = this.#source.places.get(container, key);
    const [file = ''] = this.#source.texts.keys();
    return { where: place?.key ?? { file, line: 1, column: 1 }, length: typeof key === 'string' ? key.length : 1 };
  };

  /** A backend with a name of allowed characters that no other one has. */
  named(noun: string, name: string, spot: Spot): Entries {
    const base = name.replaceAll(/[^A-Za-z0-9_.:-]/g, '_') || noun;
    let unique = base;
    for (let count = 2; this.#names.has(unique); count += 1) unique = `${base}-${count}`;
    this.#names.add(unique);
    const made: Entries = {};
    this.draft.put(made, 'name', unique, spot);
    return made;
  }

  /** Reports keys that nobody read. */
  rest(from: Entries, known: readonly string[], spot: Spot): void {
    for (const key of Object.keys(from)) {
      if (known.includes(key)) continue;
      const place = this.#source.places.get(from, key);
      this.report.warning(
        place ? { where: place.key, length: key.length } : spot,
        `\`${key}\` has no counterpart here`,
      );
    }
  }

  finish(frontends: readonly unknown[], backends: readonly unknown[]): void {
    const spot = { where: this.draft.places.where({}, []), length: 1 };
    this.draft.put(this.draft.root, 'frontends', frontends, spot);
    this.draft.put(this.draft.root, 'backends', backends, spot);
  }

  get tree(): ConfigTree {
    const { diagnostics, texts } = this.#source;
    return { root: this.draft.root, places: this.draft.places, diagnostics: [...diagnostics], texts, broken: false };
  }
}

/** `path`: that of the URL, without slashes at its end. */
export function serverOfUrl(
  url: string,
  name: string,
): { readonly server: Entries; readonly tls: boolean; readonly path: string } | undefined {
  const match = /^(https?):\/\/(\[[^\]]+\]|[^/:]+)(?::([0-9]+))?(\/.*)?$/.exec(url);
  if (!match) return undefined;
  const [, protocol, host = '', port, path = ''] = match;
  const tls = protocol === 'https';
  return {
    server: { name, address: host.replace(/^\[|\]$/g, ''), port: Number(port ?? (tls ? 443 : 80)) },
    tls,
    path: path.replace(/\/+$/, ''),
  };
}
