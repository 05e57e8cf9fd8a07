// Renders a template file by its extension: .hbs is Handlebars, everything else Jinja.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { templateLoader, templateRoots } from '../adapters/template-loader.ts';
import type { LocalSource } from '../core/module.ts';
import type { Unknown } from '../core/unknown.ts';
import { renderHandlebars, type Partials } from '../language/handlebars.ts';
import { compileJinja, type CompiledJinja } from '../language/jinja.ts';
import type { Scope } from '../language/value.ts';
import { DiagnosticsError } from '../lib/errors.ts';

const compiled = new Map<string, CompiledJinja>();
const partials = new Map<string, Partials>();

/** Throws DiagnosticsError or VezaError with the place in the template. */
export function renderTemplate(source: LocalSource, scope: Scope): string | Unknown {
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
function partialsFor(source: LocalSource, scope: Scope): Partials {
  const playbookDirectory = scope.get('playbook_dir');
  const shared =
    typeof playbookDirectory === 'string'
      ? [resolve(playbookDirectory, '../templates'), resolve(playbookDirectory, 'templates')]
      : [];
  return Object.assign({}, ...[...shared, dirname(source.path)].map(partialsIn)) as Partials;
}

function partialsIn(directory: string): Partials {
  const known = partials.get(directory);
  if (known) return known;
  const names = existsSync(directory) ? readdirSync(directory).filter((name) => name.endsWith('.hbs')) : [];
  const read = Object.fromEntries(
    names.map((name) => [basename(name, '.hbs'), readFileSync(join(directory, name), 'utf8')]),
  );
  partials.set(directory, read);
  return read;
}
