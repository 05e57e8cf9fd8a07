// What every command that works on hosts reads first: the inventory and the extra variables.
import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { userInfo } from 'node:os';
import { inventoryPrograms } from '../adapters/inventory-programs.ts';
import { withHcloud } from './hcloud-inventory/source.ts';
import { withInfra } from './infra-inventory.ts';
import { diskFiles } from '../adapters/source-files.ts';
import type { SshOptions } from '../adapters/ssh/transport.ts';
import type { ConnectionDefaults } from '../engine/options.ts';
import { loadInventory } from '../inventory/load.ts';
import type { Inventory } from '../inventory/model.ts';
import { compileTemplated } from '../language/templated.ts';
import type { Variables } from '../language/value.ts';
import { parseVariableFile, type VariableFile } from '../language/yaml-variables.ts';
import type { Diagnostic } from '../lib/diagnostic.ts';
import { DiagnosticsError } from '../lib/errors.ts';

export interface InventoryFlags {
  readonly inventory?: readonly string[];
  readonly extraVars?: readonly string[];
  readonly user?: string;
  readonly privateKey?: string;
  readonly become?: boolean;
}

export interface LoadedInventory {
  readonly inventory: Inventory | null;
  readonly diagnostics: readonly Diagnostic[];
  /** Text of every file that was read. */
  readonly sources: ReadonlyMap<string, string>;
  readonly extraVars: Variables;
  /** Folder of the first inventory file. */
  readonly directory: string | null;
}

/** Reads the inventory that the flags name; `fallback` is used where they name none. */
export function readInventory(
  flags: InventoryFlags,
  options: { readonly playbookDirectory?: string; readonly fallback?: string } = {},
): LoadedInventory {
  const sources = flags.inventory ?? (options.fallback === undefined ? ['localhost,'] : [options.fallback]);
  const loaded = loadInventory(sources, {
    files: withHcloud(withInfra(diskFiles())),
    programs: inventoryPrograms(),
    ...(options.playbookDirectory === undefined ? {} : { playbookDirectory: options.playbookDirectory }),
  });
  const file = sources.find((source) => existsSync(source));
  const folder = file === undefined ? null : statSync(file).isDirectory() ? resolve(file) : dirname(resolve(file));
  return { ...loaded, extraVars: readExtraVars(flags.extraVars ?? []), directory: folder };
}

/** What the SSH transport takes from this process's environment. */
export function sshOptions(): SshOptions {
  const agentSocket = process.env['SSH_AUTH_SOCK'];
  return agentSocket === undefined ? {} : { agentSocket };
}

export function connectionDefaults(flags: InventoryFlags): ConnectionDefaults {
  return {
    user: flags.user ?? userInfo().username,
    become: flags.become ?? false,
    hostKeys: 'strict',
    ...(flags.privateKey === undefined ? {} : { privateKeyFile: resolve(flags.privateKey) }),
  };
}

/** `key=value ...`, JSON or YAML, or `@file`; later ones win. Throws DiagnosticsError. */
export function readExtraVars(given: readonly string[]): Variables {
  const read = given.map((text) =>
    text.startsWith('@')
      ? fromFile(text.slice(1))
      : /^\s*(?:[{[]|---\s|\w+:\s)/.test(text)
        ? parseVariableFile(text, flag)
        : fromPairs(text),
  );
  const diagnostics = read.flatMap((one) => one.diagnostics);
  if (diagnostics.some(({ severity }) => severity === 'error')) throw new DiagnosticsError(diagnostics);
  return new Map(read.flatMap(({ variables }) => [...variables]));
}

const flag = '--extra-vars';

function fromFile(path: string): VariableFile {
  const files = diskFiles();
  const text = files.read(path);
  if (text !== null) return parseVariableFile(text, path, files.reveal);
  return problem(
    `there is no file "${path}" for ${flag}`,
    'file-not-found',
    'after the @ comes the path of a YAML or JSON file',
  );
}

/** `a=1 b='two words'`: values are strings, as with Ansible. */
function fromPairs(text: string): VariableFile {
  const pairs = [...text.matchAll(/([A-Za-z_]\w*)=("(?:[^"\\]|\\.)*"|'[^']*'|\S*)\s*/g)];
  if (pairs.map(([all]) => all).join('') !== text.trimStart())
    return problem(
      `${flag} ${JSON.stringify(text)} is not key=value`,
      'invalid-extra-vars',
      'use key=value, JSON, or @file with YAML or JSON',
    );
  const diagnostics: Diagnostic[] = [];
  const variables = pairs.map(([, key = '', value = '']) => {
    const compiled = compileTemplated(value.replace(/^(["'])(.*)\1$/s, '$2'), { file: flag, line: 1, column: 1 });
    diagnostics.push(...compiled.diagnostics);
    return [key, compiled.templated] as const;
  });
  return { variables: new Map(variables), diagnostics };
}

function problem(message: string, code: string, hint: string): VariableFile {
  return { variables: new Map(), diagnostics: [{ severity: 'error', code, message, hint }] };
}
