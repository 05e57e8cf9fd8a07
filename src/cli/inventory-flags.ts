// What every command that works on hosts reads first: the inventory and the extra variables.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { userInfo } from 'node:os';
import { parse } from 'yaml';
import { diskFiles } from '../adapters/source-files.ts';
import type { SshOptions } from '../adapters/ssh/transport.ts';
import type { ConnectionDefaults } from '../engine/options.ts';
import { loadInventory } from '../inventory/load.ts';
import type { Inventory } from '../inventory/model.ts';
import { compileTemplated } from '../language/templated.ts';
import type { Variables } from '../language/value.ts';
import type { Diagnostic } from '../lib/diagnostic.ts';
import { messageOf, VezaError } from '../lib/errors.ts';
import { isJsonObject } from '../lib/json.ts';

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
    files: diskFiles(),
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

/** `key=value ...`, JSON or YAML, or `@file`. Throws VezaError `invalid-extra-vars`. */
export function readExtraVars(given: readonly string[]): Variables {
  const variables = new Map<string, ReturnType<typeof compileTemplated>['templated']>();
  for (const [index, text] of given.entries()) {
    const file = text.startsWith('@') ? text.slice(1) : `--extra-vars ${index + 1}`;
    for (const [name, value] of Object.entries(parseExtraVars(text))) {
      const { templated, diagnostics } = compileTemplated(value, { file, line: 1, column: 1 });
      const [problem] = diagnostics;
      if (problem) throw new VezaError('invalid-extra-vars', `--extra-vars ${name}: ${problem.message}`);
      variables.set(name, templated);
    }
  }
  return variables;
}

function parseExtraVars(text: string): Record<string, unknown> {
  try {
    const source = text.startsWith('@') ? readFileSync(text.slice(1), 'utf8') : text;
    if (text.startsWith('@') || /^\s*[{[]/.test(source)) {
      const value: unknown = parse(source);
      if (isJsonObject(value)) return { ...value };
      throw new TypeError('it must be a map');
    }
    return keyValues(source);
  } catch (error) {
    throw new VezaError(
      'invalid-extra-vars',
      `--extra-vars ${JSON.stringify(text)} could not be read: ${messageOf(error)}`,
      {
        hint: 'use key=value, JSON, or @file with YAML or JSON',
        cause: error,
      },
    );
  }
}

/** `a=1 b='two words'`: values are strings, as with Ansible. */
function keyValues(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([A-Za-z_]\w*)=("(?:[^"\\]|\\.)*"|'[^']*'|\S*)\s*/g)];
  if (pairs.map(([all]) => all).join('') !== text.trimStart()) throw new TypeError('it is not a list of key=value');
  return Object.fromEntries(pairs.map(([, key = '', value = '']) => [key, value.replace(/^(["'])(.*)\1$/s, '$2')]));
}
