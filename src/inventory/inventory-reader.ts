// One reading of an inventory: what was said, what is wrong, which files were read.
import { readSource, type SourceFiles } from '../core/source-files.ts';
import type { Variables } from '../language/value.ts';
import { compileVariables, noVariables, parseVariableFile } from '../language/yaml-variables.ts';
import type { Diagnostic, Position } from '../lib/diagnostic.ts';
import type { YamlNode } from '../lib/yaml-node.ts';
import { parseYaml } from '../lib/yaml.ts';
import { emptyGraph, groupNamed, hostNamed } from './graph.ts';
import type { HostDraft } from './graph.ts';
import type { InventoryPrograms } from './programs.ts';
import { expandRanges } from './ranges.ts';

export class InventoryReader {
  readonly files: SourceFiles;
  readonly programs: InventoryPrograms | undefined;
  readonly graph = emptyGraph();
  readonly sources = new Map<string, string>();
  readonly diagnostics: Diagnostic[] = [];

  constructor(files: SourceFiles, programs?: InventoryPrograms) {
    this.files = files;
    this.programs = programs;
  }

  readonly report = (diagnostic: Diagnostic): void => {
    this.diagnostics.push(diagnostic);
  };

  error(code: string, message: string, where?: Position, length = 1, hint?: string): void {
    this.#add('error', code, message, where, length, hint);
  }

  warning(code: string, message: string, where?: Position, length = 1, hint?: string): void {
    this.#add('warning', code, message, where, length, hint);
  }

  /** The text of a file, kept for messages. */
  text(path: string): string | null {
    const text = readSource(this.files, path, this.report);
    if (text !== null) this.sources.set(path, text);
    return text;
  }

  /** Whether something was wrong with reading this file. */
  failedAt(path: string): boolean {
    return this.diagnostics.some(({ severity, where }) => severity === 'error' && where?.file === path);
  }

  yaml(text: string, path: string): YamlNode | null {
    const { root, diagnostics } = parseYaml(text, path, this.files.reveal);
    diagnostics.forEach(this.report);
    return root;
  }

  variables(node: YamlNode | undefined): Variables {
    return compileVariables(node, this.report);
  }

  /** Variables of a file of its own (`group_vars/web.yml`). */
  variableFile(path: string): Variables {
    const text = this.text(path);
    if (text === null) return noVariables;
    const { variables, diagnostics } = parseVariableFile(text, path, this.files.reveal);
    diagnostics.forEach(this.report);
    return variables;
  }

  /** The hosts that a name with ranges stands for, put into the group. */
  addHosts(pattern: string, group: string, where: Position): readonly HostDraft[] {
    const expanded = expandRanges(pattern);
    if ('problem' in expanded) {
      this.error('host-range', expanded.problem, where, pattern.length);
      return [];
    }
    const { hosts } = groupNamed(this.graph, group, where);
    return expanded.names.map((name) => {
      hosts.add(name);
      return hostNamed(this.graph, name, where);
    });
  }

  #add(
    severity: 'error' | 'warning',
    code: string,
    message: string,
    where?: Position,
    length = 1,
    hint?: string,
  ): void {
    this.report({
      severity,
      code,
      message,
      length,
      ...(where && { where }),
      ...(hint !== undefined && { hint }),
    });
  }
}
