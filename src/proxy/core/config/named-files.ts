// Files that a configuration names. Reading is the caller's; what is read stands in the document afterwards, so that
// workers and the configuration kept for a bad day need the place of no file again.
import type { Diagnostic, Position } from '../../../lib/diagnostic.ts';
import { readErrorPage } from '../handling/error-page.ts';
import { type Container, type Path, putEntry, valueAt } from './places.ts';
import type { ConfigDocument } from './read.ts';

export interface NamedFile {
  /** Absolute. */
  readonly file: string;
  readonly text: string;
  readonly hash: string;
}

/** Reads a file that stands in the file `from`; a text says why it cannot. */
export type NamedFiles = (path: string, from: string) => NamedFile | string;

type Where = (path: Path, key?: string) => Position;

/** Puts what is in the files into `root`, and absolute paths into `document`. Returns what is missing. */
export function readNamedFiles(root: ConfigDocument, document: unknown, where: Where, files: NamedFiles): Diagnostic[] {
  const problems: Diagnostic[] = [];
  const read = (path: string, at: Path, what: string): NamedFile | undefined => {
    const position = where(at);
    const found = files(path, position.file);
    if (typeof found !== 'string') return found;
    problems.push({
      severity: 'error',
      code: 'no-file',
      message: `cannot read ${what} \`${path}\`: ${found}`,
      where: position,
      hint: `A relative path counts from the folder of ${position.file}.`,
    });
    return undefined;
  };
  const challenge = root.acme?.dns?.module;
  if (challenge !== undefined) {
    const place = ['acme', 'dns', 'module'];
    const found = read(challenge, place, 'the module');
    if (found) put(document, place, found.file);
    if (found) put(root, place, `${found.file}?v=${found.hash}`);
  }
  for (const path of handlings(root)) {
    const handling = valueAt(root, path) as ConfigDocument['frontends'][number];
    handling.plugins?.forEach((plugin, index) => {
      const place = [...path, 'plugins', index, 'module'];
      const found = read(plugin.module, place, 'the plugin');
      if (!found) return;
      put(document, place, found.file);
      put(root, place, `${found.file}?v=${found.hash}`);
    });
    for (const [status, file] of Object.entries(handling.errors ?? {})) {
      if (typeof file !== 'string') continue;
      const place = [...path, 'errors', status];
      const found = read(file, place, 'the error page');
      const page = found && readErrorPage(found.file, found.text);
      if (page === undefined) continue;
      if (typeof page === 'string') {
        problems.push({
          severity: 'error',
          code: 'bad-error-page',
          message: `\`${file}\` is no error page: ${page}`,
          where: where(place),
        });
        continue;
      }
      for (const node of [document, root]) put(node, place, structuredClone(page));
    }
  }
  return problems;
}

/** Places of all frontends and rules. */
function handlings(root: ConfigDocument): Path[] {
  return root.frontends.flatMap((frontend, index) => {
    const path: Path = ['frontends', index];
    return [path, ...frontend.rules.map((_rule, rule): Path => [...path, 'rules', rule])];
  });
}

function put(node: unknown, path: Path, value: unknown): void {
  const owner = valueAt(node, path.slice(0, -1)) as Container | undefined;
  const key = path.at(-1);
  if (owner && key !== undefined) putEntry(owner, key, value);
}
