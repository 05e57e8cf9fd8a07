// Renders a template file by its extension: .hbs is Handlebars, everything else Jinja.
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { templateLoader, templateRoots } from '../adapters/template-loader.ts';
import { readTextFile } from '../adapters/text-file.ts';
import type { LocalSource } from '../core/module.ts';
import type { Unknown } from '../core/unknown.ts';
import { renderHandlebars, type Partials } from '../language/handlebars.ts';
import { compileJinja, type CompiledJinja } from '../language/jinja.ts';
import type { Scope } from '../language/value.ts';
import { DiagnosticsError } from '../lib/errors.ts';

const compiled = new Map<string, CompiledJinja>();
const partials = new Map<string, Partials>();

/** Throws DiagnosticsError or VezaError with the place in the template. */
export function renderTemplate(source: Pick<LocalSource, 'path' | 'read'>, scope: Scope): string | Unknown {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(source.read());
  if (source.path.endsWith('.hbs')) return renderHandlebars(text, source.path, scope, partialsFor(source, scope));
  const roots = templateRoots(scope);
  const key = [source.path, ...roots].join('\n');
  const known = compiled.get(key) ?? compileJinja(text, source.path, { load: templateLoader(source.path, roots) });
  compiled.set(key, known);
  if (!known.template) throw new DiagnosticsError(known.diagnostics);
  return known.template.render(scope);
}

/** Partials beside the template come before those that the project shares in `templates/`. */
function partialsFor(source: Pick<LocalSource, 'path'>, scope: Scope): Partials {
  return Object.assign({}, ...partialFolders(source.path, scope.get('playbook_dir')).map(partialsIn)) as Partials;
}

/** Folders whose `.hbs` files a template may use, the last one first. */
export function partialFolders(template: string, playbookDirectory: unknown): readonly string[] {
  const shared =
    typeof playbookDirectory === 'string'
      ? [resolve(playbookDirectory, '../templates'), resolve(playbookDirectory, 'templates')]
      : [];
  return [...shared, dirname(template)];
}

function partialsIn(directory: string): Partials {
  const known = partials.get(directory);
  if (known) return known;
  const names = existsSync(directory) ? readdirSync(directory).filter((name) => name.endsWith('.hbs')) : [];
  const read = Object.fromEntries(names.map((name) => [basename(name, '.hbs'), readTextFile(join(directory, name))]));
  partials.set(directory, read);
  return read;
}
