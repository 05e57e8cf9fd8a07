// Renders a template file by its extension: .hbs is Handlebars, everything else Jinja.
import type { LocalSource } from '../core/module.ts';
import type { Unknown } from '../core/unknown.ts';
import { renderHandlebars } from '../language/handlebars.ts';
import { compileJinja } from '../language/jinja.ts';
import type { Scope } from '../language/value.ts';
import { DiagnosticsError } from '../lib/errors.ts';

const compiled = new Map<string, ReturnType<typeof compileJinja>>();

/** Throws DiagnosticsError or VezaError with the place in the template. */
export function renderTemplate(source: LocalSource, scope: Scope): string | Unknown {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(source.read());
  if (source.path.endsWith('.hbs')) return renderHandlebars(text, source.path, scope);
  const known = compiled.get(source.path) ?? compileJinja(text, source.path);
  compiled.set(source.path, known);
  if (known.diagnostics.some(({ severity }) => severity === 'error')) throw new DiagnosticsError(known.diagnostics);
  return known.template.render(scope);
}
