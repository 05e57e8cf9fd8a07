// One reading of a playbook and all it leads to: files read once, problems collected, texts compiled.
// Everything that reads gets this object; nothing else is shared.
import { dirname, isAbsolute, join } from 'node:path';
import { VezaError } from '../lib/errors.ts';
import { readSource, type SourceFiles } from '../core/source-files.ts';
import { compileExpression } from '../language/expression.ts';
import type { Expression, Templated, Variables } from '../language/value.ts';
import { compileNode, compileVariables } from '../language/yaml-variables.ts';
import type { Diagnostic, Position } from '../lib/diagnostic.ts';
import type { JsonObject } from '../lib/json.ts';
import { kindInWords } from '../lib/yaml-node.ts';
import type { YamlEntry, YamlNode } from '../lib/yaml-node.ts';
import { parseYaml } from '../lib/yaml.ts';

/** What reading needs to know of a module. */
export interface ModuleInfo {
  readonly name: string;
  /** JSON Schema of the arguments. */
  readonly schema: unknown;
  readonly freeForm?: string;
  /** Other names of arguments, by which playbooks may call them: `{ dest: 'path' }`. */
  readonly argumentAliases?: Readonly<Record<string, string>>;
  /** Arguments that are expressions, not templates. */
  readonly expressions?: readonly string[];
}

export interface ModuleCatalog {
  find(name: string): ModuleInfo | null;
  names(): readonly string[];
}

export interface ReaderOptions {
  readonly files: SourceFiles;
  readonly modules: ModuleCatalog;
  /** Searched after `roles` beside the playbook and beside its directory. */
  readonly rolesPath?: readonly string[];
}

/** A place with the length of what is wrong there. */
export interface Spot {
  readonly where: Position;
  readonly length: number;
}

export class Reader {
  readonly files: SourceFiles;
  readonly modules: ModuleCatalog;
  readonly rolesPath: readonly string[];
  readonly playbookDirectory: string;
  readonly sources = new Map<string, string>();
  #diagnostics = new Map<string, Diagnostic>();
  readonly #parsed = new Map<string, { readonly root: YamlNode | null; readonly diagnostics: readonly Diagnostic[] }>();
  /** Schemas of role arguments and the like, by file. */
  readonly schemas = new Map<string, JsonObject | undefined>();

  constructor(playbook: string, options: ReaderOptions) {
    this.files = options.files;
    this.modules = options.modules;
    this.rolesPath = options.rolesPath ?? [];
    this.playbookDirectory = dirname(playbook);
  }

  /** In the order of files read, then lines. */
  get diagnostics(): readonly Diagnostic[] {
    const order = new Map([...this.sources.keys()].map((file, index) => [file, index]));
    const rank = ({ where }: Diagnostic) => (where ? (order.get(where.file) ?? -1) : -1);
    return [...this.#diagnostics.values()].sort(
      (left, right) =>
        rank(left) - rank(right) ||
        (left.where?.line ?? 0) - (right.where?.line ?? 0) ||
        (left.where?.column ?? 0) - (right.where?.column ?? 0),
    );
  }

  /** The same problem is said once, however often its file is included; of a wrong type, what was noticed first. */
  readonly report = (diagnostic: Diagnostic): void => {
    const { where, code, message } = diagnostic;
    const key = `${where?.file ?? ''}:${where?.line ?? 0}:${where?.column ?? 0}:${code}:${code === 'wrong-type' ? '' : message}`;
    if (!this.#diagnostics.has(key)) this.#diagnostics.set(key, diagnostic);
  };

  error(code: string, message: string, spot: Spot | undefined, hint?: string): void {
    this.#add('error', code, message, spot, hint);
  }

  warning(code: string, message: string, spot: Spot | undefined, hint?: string): void {
    this.#add('warning', code, message, spot, hint);
  }

  wrongType(what: string, wanted: string, node: YamlNode, hint?: string): void {
    this.error('wrong-type', `${what} must be ${wanted}, not ${kindInWords(node)}`, node, hint);
  }

  /** Whether there is such a file. */
  exists(path: string): boolean {
    if (this.#parsed.has(path)) return true;
    try {
      return this.files.read(path) !== null;
    } catch (error) {
      // It is there; why it cannot be read is told by whoever reads it.
      if (error instanceof VezaError) return true;
      throw error;
    }
  }

  /** The YAML of a file; `null` where it is missing or broken (which is reported). */
  yaml(path: string): YamlNode | null {
    let parsed = this.#parsed.get(path);
    if (!parsed) {
      parsed = this.#parse(path);
      this.#parsed.set(path, parsed);
    }
    parsed.diagnostics.forEach(this.report);
    return parsed.root;
  }

  /** Reads something whose problems are its own. They are not among the reader's. */
  apart<T>(read: () => T): { readonly value: T; readonly diagnostics: readonly Diagnostic[] } {
    const outer = this.#diagnostics;
    this.#diagnostics = new Map();
    try {
      return { value: read(), diagnostics: this.diagnostics };
    } finally {
      this.#diagnostics = outer;
    }
  }

  templated(node: YamlNode): Templated {
    return compileNode(node, this.report);
  }

  variables(node: YamlNode | undefined): Variables {
    return compileVariables(node, this.report);
  }

  /** A condition: an expression, a boolean, or a list of such, all of which must hold. */
  conditions(entry: YamlEntry | undefined): readonly Expression[] | undefined {
    if (!entry) return undefined;
    const nodes = entry.value.kind === 'list' ? entry.value.items : [entry.value];
    return nodes.flatMap((node) => this.#condition(entry.key, node) ?? []);
  }

  #parse(path: string): { root: YamlNode | null; diagnostics: readonly Diagnostic[] } {
    const diagnostics: Diagnostic[] = [];
    const text = readSource(this.files, path, (diagnostic) => diagnostics.push(diagnostic));
    if (text === null) return { root: null, diagnostics };
    this.sources.set(path, text);
    return parseYaml(text, path, this.files.reveal);
  }

  #condition(keyword: string, node: YamlNode): Expression | null {
    if (node.kind !== 'scalar' || node.value === null || typeof node.value === 'number') {
      this.wrongType(`"${keyword}"`, 'an expression, true or false', node);
      return null;
    }
    return this.expression(String(node.value), node.textWhere, keyword, node);
  }

  /** Compiles an expression; one inside `{{ }}` is taken as meant, with a warning. */
  expression(text: string, where: Position, what: string, spot: Spot): Expression | null {
    const wrapped = /^(\s*\{\{-?\s*)([\s\S]*?)\s*-?\}\}\s*$/.exec(text);
    const [, opening = '', inside = ''] = wrapped ?? [];
    if (wrapped && !inside.includes('{{')) {
      this.warning('template-in-expression', `"${what}" is an expression already`, spot, 'Leave out the {{ }}.');
      const compiled = compileExpression(inside, { ...where, column: where.column + opening.length });
      compiled.diagnostics.forEach(this.report);
      return compiled.expression;
    }
    if (/\{\{|\{%/.test(text)) {
      const hint = 'Name variables without braces, and join texts with ~.';
      this.error('template-in-expression', `"${what}" is an expression, so it holds no templates`, spot, hint);
      return null;
    }
    const compiled = compileExpression(text, where);
    compiled.diagnostics.forEach(this.report);
    return compiled.expression;
  }

  /** A path written in a file, seen from a directory. */
  resolve(directory: string, path: string): string {
    return isAbsolute(path) ? path : join(directory, path);
  }

  #add(severity: Diagnostic['severity'], code: string, message: string, spot: Spot | undefined, hint?: string): void {
    this.report({
      severity,
      code,
      message,
      ...(spot && { where: spot.where, length: spot.length }),
      ...(hint !== undefined && hint !== '' && { hint }),
    });
  }
}

/** The place of a key. */
export function keySpot(entry: YamlEntry): Spot {
  return { where: entry.where, length: entry.key.length };
}

/** Whether a text holds a template. */
export function isTemplate(value: unknown): boolean {
  return typeof value === 'string' && /\{\{|\{%|\{#/.test(value);
}
