// Puts the engine's ports together: the real ones, for a run of what was loaded.
import { systemClock } from '../adapters/clock.ts';
import { createContact } from '../adapters/contact.ts';
import { createLocalTransport } from '../adapters/local/transport.ts';
import { createLocalFiles } from '../adapters/local-files.ts';
import { createController } from '../adapters/controller.ts';
import { diskFiles } from '../adapters/source-files.ts';
import { createSshTransport } from '../adapters/ssh/transport.ts';
import type { EngineOptions } from '../engine/options.ts';
import { createCloud } from '../infra/cloud.ts';
import { limits } from '../lib/limits.ts';
import { catalog } from '../modules/index.ts';
import { askLine } from './ask.ts';
import { sshOptions } from './inventory-flags.ts';
import { hostsOf, type LoadedRun } from './load-run.ts';
import { renderTemplate } from './render.ts';
import { readVarsFile } from './vars-files.ts';

type Given = Omit<
  EngineOptions,
  | 'clock'
  | 'cloud'
  | 'contact'
  | 'extraVars'
  | 'filesFor'
  | 'findModule'
  | 'hostsOf'
  | 'inventory'
  | 'inventoryDirectory'
  | 'rereadInventory'
  | 'controller'
  | 'playbooks'
  | 'readVariables'
  | 'render'
  | 'sourceFiles'
  | 'transports'
>;

/** All that a run needs; `given` is what differs from run to run. */
export function engineOptions(run: LoadedRun, given: Given): EngineOptions {
  return {
    inventory: run.inventory,
    playbooks: run.playbooks,
    hostsOf: (pattern, inventory) => hostsOf({ inventory, limit: run.limit }, pattern),
    rereadInventory: run.rereadInventory,
    ...(process.stdin.isTTY ? { ask: askLine } : {}),
    findModule: catalog.find,
    transports: { ssh: createSshTransport(sshOptions()), local: createLocalTransport() },
    contact: contactOf,
    cloud: createCloud({
      clock: { ...systemClock, random: () => Math.random() },
      redactor: given.redactor,
      environment: process.env,
    }),
    clock: systemClock,
    filesFor: createLocalFiles,
    render: renderTemplate,
    sourceFiles: diskFiles(),
    readVariables: (names, directory) => readVarsFile(diskFiles(), names, directory),
    controller: createController(renderTemplate),
    extraVars: run.loaded.extraVars,
    inventoryDirectory: run.loaded.directory,
    ...given,
  };
}

/** The network as a host sees it; looks are made as the task's user. */
const contactOf: EngineOptions['contact'] = (session, identity, signal) =>
  createContact({
    clock: systemClock,
    signal,
    dial: (host, port, options) => session.dial(host, port, options),
    look: async (script) => {
      const step = { script, timeoutMs: limits.probeTimeoutMs };
      const [result] = await session.run({ identity, signal, haltOnFailure: true, steps: [step] });
      return result ?? { exitCode: 255, stdout: '', stderr: 'no answer' };
    },
  });
