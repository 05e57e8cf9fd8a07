// Jinja templates: .j2 files, and strings of YAML files with statements in them.
import type { Diagnostic, Position } from '../lib/diagnostic.ts';
import { DiagnosticsError } from '../lib/errors.ts';
import { located } from './budget.ts';
import { newCompiling, newFrame } from './compile.ts';
import type { LexOptions } from './lexer.ts';
import { diagnosticOf, Source } from './source.ts';
import { segments } from './template-lexer.ts';
import { defaultOptions, readHeader, type TemplateOptions } from './template-options.ts';
import { Output } from './template-output.ts';
import { parseTemplate } from './template-parser.ts';
import { compileStatements } from './template-run.ts';
import { runTemplate, type TemplateCode, type TemplateLoader, type Templates } from './template-state.ts';
import type { Scope } from './value.ts';
import type { Unknown } from './values.ts';

export type { TemplateLoader, TemplateOptions };

export interface JinjaTemplate {
  /** Free names, for static checks. */
  readonly names: readonly string[];
  /** Throws VezaError with the place. Unknown if anything printed or decided upon is unknown. */
  render(scope: Scope): string | Unknown;
}

export interface CompiledJinja {
  /** Null if there are errors. */
  readonly template: JinjaTemplate | null;
  readonly diagnostics: readonly Diagnostic[];
}

export interface JinjaSettings {
  /** Finds the templates that this one includes, imports or extends. */
  readonly load?: TemplateLoader;
  readonly options?: Partial<TemplateOptions>;
}

/** Compiles the text of a template file. */
export function compileJinja(text: string, file: string, settings: JinjaSettings = {}): CompiledJinja {
  return compileTemplateText(text, { file, line: 1, column: 1 }, 'python', settings);
}

/** Compiles a text that begins somewhere in a file. */
export function compileTemplateText(
  text: string,
  where: Position,
  backslashes: LexOptions['backslashes'],
  settings: JinjaSettings = {},
): CompiledJinja {
  const options = { ...defaultOptions, ...settings.options };
  const templates = settings.load ? loaded(settings.load, options) : null;
  const compiled = compile(text, where, backslashes, options, templates);
  const { code, diagnostics } = compiled;
  if (!code) return { template: null, diagnostics };
  const render = (scope: Scope): string | Unknown => {
    const output = new Output();
    try {
      runTemplate(code, newFrame(scope, true), scope, output);
    } catch (error) {
      throw located(error, where);
    }
    const { result } = output;
    return typeof result === 'string' ? keepLastLines(result, text) : result;
  };
  return { template: { names: compiled.names, render }, diagnostics };
}

interface Compiled {
  readonly code: TemplateCode | null;
  readonly names: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

function compile(
  text: string,
  where: Position,
  backslashes: LexOptions['backslashes'],
  options: TemplateOptions,
  templates: Templates | null,
  isOpen = false,
): Compiled {
  const source = new Source(text, where);
  const into = newCompiling(source, templates, isOpen);
  try {
    const header = readHeader(text, options);
    const print = compileStatements(parseTemplate(segments(text, backslashes, header.options, header.start)), into);
    const names = [...into.names];
    if (into.diagnostics.length > 0) return { code: null, names, diagnostics: into.diagnostics };
    const code = { file: where.file, print, blocks: into.blocks, usesSelf: into.names.has('self') };
    return { code, names: names.filter((name) => name !== 'self'), diagnostics: [] };
  } catch (error) {
    return { code: null, names: [], diagnostics: [diagnosticOf(error, source, 'template-syntax')] };
  }
}

/** Templates by name, each compiled once. Throws DiagnosticsError for one with mistakes. */
function loaded(load: TemplateLoader, options: TemplateOptions): Templates {
  const known = new Map<string, TemplateCode>();
  const templates: Templates = {
    find(name, from) {
      const source = load(name, from);
      if ('searched' in source) return source;
      const { path, text } = source;
      const before = known.get(path);
      if (before) return before;
      const { code, diagnostics } = compile(
        text,
        { file: path, line: 1, column: 1 },
        'python',
        options,
        templates,
        true,
      );
      if (!code) throw new DiagnosticsError(diagnostics);
      known.set(path, code);
      return code;
    },
  };
  return templates;
}

/** As Ansible does: a result ends in as many line feeds as its template, although blocks swallow theirs. */
function keepLastLines(text: string, template: string): string {
  return text + '\n'.repeat(Math.max(0, lastLines(template) - lastLines(text)));
}

function lastLines(text: string): number {
  let count = 0;
  while (text.charAt(text.length - 1 - count) === '\n') count++;
  return count;
}
