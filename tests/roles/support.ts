// What a role would write: the real engine in check mode, with the role's real defaults, variables and templates.
// Texts are taken where templates are rendered, so what is on this machine's disk does not matter.
import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { systemClock } from '../../src/adapters/clock.ts';
import { createLocalTransport } from '../../src/adapters/local/transport.ts';
import { createLocalFiles } from '../../src/adapters/local-files.ts';
import { createController } from '../../src/adapters/controller.ts';
import { diskFiles } from '../../src/adapters/source-files.ts';
import { readInventory } from '../../src/cli/inventory-flags.ts';
import { renderTemplate } from '../../src/cli/render.ts';
import type { TaskResult } from '../../src/engine/events.ts';
import { runPlaybooks } from '../../src/engine/run.ts';
import { selectHosts } from '../../src/inventory/patterns.ts';
import { createRedactor } from '../../src/lib/redact.ts';
import { catalog } from '../../src/modules/index.ts';
import { loadPlaybook } from '../../src/playbook/load.ts';
import { projectDirectory } from '../support/cli.ts';

export interface RenderedRole {
  /** Texts by the name of the template, without `.hbs`. */
  readonly files: ReadonlyMap<string, string>;
  readonly results: readonly TaskResult[];
}

export interface RoleInput {
  readonly role: string;
  readonly host: string;
  /** A path, or the YAML of an inventory. */
  readonly inventory: string;
  readonly variables?: object;
}

/** Foresees the role on one host of the inventory. Nothing is changed, and no host but this machine is asked. */
export async function foresee({ role, host, inventory: given, variables = {} }: RoleInput): Promise<RenderedRole> {
  const scratch = mkdtempSync(join(tmpdir(), 'veza-role-'));
  try {
    const inventoryFile = given.includes('\n') ? join(scratch, 'inventory.yml') : join(projectDirectory, given);
    if (given.includes('\n')) writeFileSync(inventoryFile, given);
    // The files that the real roles install need not have been built.
    const bundle = join(scratch, 'bundle');
    mkdirSync(bundle);
    writeFileSync(join(bundle, 'veza-proxy.mjs'), '');
    const extra = { haproxy_bundle: bundle, ansible_connection: 'local', ansible_become: false, ...variables };
    return await run(`- hosts: ${host}\n  roles: [${role}]\n`, inventoryFile, JSON.stringify(extra));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function run(play: string, inventoryFile: string, extraVars: string): Promise<RenderedRole> {
  const disk = diskFiles();
  const playbookFile = join(projectDirectory, 'playbooks/this-test.yml');
  const files = { ...disk, read: (path: string) => (path === playbookFile ? play : disk.read(path)) };
  const {
    inventory,
    extraVars: variables,
    directory,
  } = readInventory({
    inventory: [inventoryFile],
    extraVars: [extraVars],
  });
  const { playbook } = loadPlaybook(playbookFile, {
    files,
    modules: catalog,
  });
  if (!inventory || !playbook) throw new Error('the inventory or the play cannot be read');
  const rendered = new Map<string, string>();
  const results: TaskResult[] = [];
  await runPlaybooks({
    inventory,
    playbooks: [playbook],
    hostsOf: (pattern) => selectHosts(inventory, pattern).hosts,
    findModule: catalog.find,
    transports: { local: createLocalTransport(), ssh: createLocalTransport() },
    contact: () => {
      throw new Error('a dry run asks nobody');
    },
    cloud: { work: () => Promise.reject(new Error('no cloud here')) },
    clock: systemClock,
    emit: (event) => {
      if (event.type === 'task-end' || event.type === 'task-item') results.push(event.result);
    },
    filesFor: createLocalFiles,
    render: (source, scope) => {
      const text = renderTemplate(source, scope);
      if (typeof text === 'string') rendered.set(basename(source.path, '.hbs'), text);
      return text;
    },
    sourceFiles: files,
    readVariables: () => new Map(),
    controller: createController(renderTemplate),
    redactor: createRedactor(),
    extraVars: variables,
    inventoryDirectory: directory,
    tags: [],
    skipTags: [],
    checkMode: true,
    diff: false,
    forks: 1,
    signal: new AbortController().signal,
    connection: { user: 'nobody', become: false, hostKeys: 'strict' },
  });
  return { files: rendered, results };
}
