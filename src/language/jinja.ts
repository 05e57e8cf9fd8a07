// Jinja templates (.j2, and strings of YAML files with statements in them). No macros, includes or inheritance yet.
import type { Diagnostic, Position } from '../lib/diagnostic.ts';
import { Budget, located } from './budget.ts';
import type { Compiling } from './compile.ts';
import type { LexOptions } from './lexer.ts';
import { diagnosticOf, Source } from './source.ts';
import { segments } from './template-lexer.ts';
import { parseTemplate } from './template-parser.ts';
import { compileStatements, localFrame, Output } from './template-run.ts';
import type { Scope } from './value.ts';
import type { Unknown } from './values.ts';

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

/** Compiles the text of a template file. */
export function compileJinja(text: string, file: string): CompiledJinja {
  return compileTemplateText(text, { file, line: 1, column: 1 }, 'python');
}

/** Compiles a text that begins somewhere in a file. */
export function compileTemplateText(
  text: string,
  where: Position,
  backslashes: LexOptions['backslashes'],
): CompiledJinja {
  const source = new Source(text, where);
  const into: Compiling = { source, names: new Set(), diagnostics: [], bound: new Set() };
  try {
    const print = compileStatements(parseTemplate(segments(text, backslashes)), into);
    if (into.diagnostics.length > 0) return { template: null, diagnostics: into.diagnostics };
    const render = (scope: Scope): string | Unknown => {
      const output = new Output();
      try {
        const frame = { scope, budget: new Budget(), owned: new WeakSet() };
        print(localFrame(frame), output);
      } catch (error) {
        throw located(error, where);
      }
      return output.unknown ?? keepLastLines(output.text, text);
    };
    return { template: { names: [...into.names], render }, diagnostics: [] };
  } catch (error) {
    return { template: null, diagnostics: [diagnosticOf(error, source, 'template-syntax')] };
  }
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
