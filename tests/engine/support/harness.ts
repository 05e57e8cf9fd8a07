// Runs playbooks given as YAML with the real engine, modules and local shell: a fresh folder is "the host".
// `{{ root }}` is that folder; every host has one of its own below it, by paths with `{{ inventory_hostname }}` (`{{ home }}`).
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createLocalTransport } from '../../../src/adapters/local/transport.ts';
import { createLocalFiles } from '../../../src/adapters/local-files.ts';
import { createController } from '../../../src/adapters/controller.ts';
import { diskFiles } from '../../../src/adapters/source-files.ts';
import { readExtraVars } from '../../../src/cli/inventory-flags.ts';
import { renderTemplate } from '../../../src/cli/render.ts';
import { readVarsFile } from '../../../src/cli/vars-files.ts';
import type { HostTotals, RunEvent, TaskResult } from '../../../src/engine/events.ts';
import type { EngineOptions } from '../../../src/engine/options.ts';
import type { Clock } from '../../../src/engine/ports.ts';
import { runPlaybooks } from '../../../src/engine/run.ts';
import { loadInventory } from '../../../src/inventory/load.ts';
import { selectHosts } from '../../../src/inventory/patterns.ts';
import { formatDiagnostic, type Diagnostic } from '../../../src/lib/diagnostic.ts';
import { VezaError } from '../../../src/lib/errors.ts';
import { createRedactor } from '../../../src/lib/redact.ts';
import { catalog } from '../../../src/modules/index.ts';
import { loadPlaybook } from '../../../src/playbook/load.ts';
import { record, type Recording, type RecordingOptions } from './recording.ts';

export interface RunOptions extends RecordingOptions {
  readonly check?: boolean;
  readonly diff?: boolean;
  /** Default: `h1` alone. */
  readonly hosts?: readonly string[];
  /** YAML of the inventory instead of `hosts`. */
  readonly inventory?: string;
  /** Files beside the playbook: roles, templates, group_vars. */
  readonly files?: Readonly<Record<string, string>>;
  readonly extraVars?: readonly string[];
  readonly tags?: readonly string[];
  readonly skipTags?: readonly string[];
  readonly forks?: number;
  /** Answers to `vars_prompt` and `pause`, in the order asked; without them nobody can be asked. */
  readonly answers?: readonly string[];
  readonly step?: NonNullable<EngineOptions['step']>;
  readonly startAtTask?: string;
  readonly limit?: string;
  readonly signal?: AbortSignal;
  /** Who sits at the terminal, instead of `answers`. */
  readonly ask?: (prompt: string) => Promise<string>;
  /** Puts more between the engine and what it talks to. */
  readonly attach?: (options: EngineOptions) => EngineOptions;
  readonly onEvent?: (event: RunEvent) => void;
}

export interface PlaybookRun {
  readonly events: readonly RunEvent[];
  /** Results of tasks (not of items), in the order they were told. */
  readonly results: readonly TaskResult[];
  readonly items: readonly TaskResult[];
  /** The result of a task on a host (default: `h1`); fails where there is none. */
  result(task: string, host?: string): TaskResult;
  /** The statuses of the tasks of a host by name: `write: changed`. */
  statuses(host?: string): readonly string[];
  readonly totals: Readonly<Record<string, HostTotals>>;
  readonly roundTrips: Readonly<Record<string, number>>;
  readonly recording: Recording;
  /** What the run waited for, in milliseconds. */
  readonly sleeps: readonly number[];
  /** Events as the JSON reporter would write them, but not redacted. */
  readonly json: string;
  readonly redacted: string;
}

export class Workspace implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'veza-engine-'));
  readonly root = join(this.directory, 'target');
  readonly control = join(this.directory, 'control');

  constructor() {
    mkdirSync(this.root);
    mkdirSync(this.control);
  }

  /** Path on the "host". */
  path(...parts: readonly string[]): string {
    return join(this.root, ...parts);
  }

  exists(...parts: readonly string[]): boolean {
    return existsSync(this.path(...parts));
  }

  read(...parts: readonly string[]): string {
    return readFileSync(this.path(...parts), 'utf8');
  }

  lines(...parts: readonly string[]): readonly string[] {
    return this.exists(...parts)
      ? this.read(...parts)
          .trimEnd()
          .split('\n')
      : [];
  }

  mode(...parts: readonly string[]): string {
    return (statSync(this.path(...parts)).mode & 0o7777).toString(8).padStart(4, '0');
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(this.path(path)), { recursive: true });
    writeFileSync(this.path(path), text);
  }

  /** Runs a playbook; the tasks alone are enough: a list without `hosts:` is put in a play on all hosts. */
  async run(yaml: string, options: RunOptions = {}): Promise<PlaybookRun> {
    const { run } = await this.attempt(yaml, options);
    return run;
  }

  async attempt(yaml: string, options: RunOptions = {}): Promise<{ run: PlaybookRun }> {
    const hosts = options.hosts ?? ['h1'];
    for (const [path, text] of Object.entries(options.files ?? {})) this.#control(path, text);
    const playbookFile = this.#control('site.yml', /^\s*- (?:\w+: .*\n\s+)*hosts:/.test(yaml) ? yaml : play(yaml));
    const inventoryFile = this.#control('inventory.yml', options.inventory ?? inventoryOf(hosts));
    const files = diskFiles();
    const { inventory, diagnostics } = loadInventory([inventoryFile], { files, playbookDirectory: this.control });
    const loaded = loadPlaybook(playbookFile, {
      files,
      modules: catalog,
    });
    throwErrors([...diagnostics, ...loaded.diagnostics]);
    if (!inventory || !loaded.playbook) throw new Error('nothing was read');
    const events: RunEvent[] = [];
    const sleeps: number[] = [];
    const redactor = createRedactor();
    const answers = options.answers && [...options.answers];
    const ask = options.ask ?? (answers && (() => Promise.resolve(answers.shift() ?? '')));
    const recording = record(createLocalTransport(), options);
    const engine: EngineOptions = {
      inventory,
      playbooks: [loaded.playbook],
      hostsOf: (pattern, known) => selectHosts(known, pattern).hosts,
      findModule: catalog.find,
      transports: { ssh: recording.transport, local: recording.transport },
      contact: () => {
        throw new Error('no contact modules here');
      },
      cloud: { work: () => Promise.reject(new Error('no cloud here')) },
      clock: fakeClock(sleeps),
      ...(ask && { ask }),
      emit: (event) => {
        events.push(event);
        options.onEvent?.(event);
      },
      filesFor: createLocalFiles,
      render: renderTemplate,
      sourceFiles: files,
      readVariables: (names, directory) => readVarsFile(files, names, directory),
      controller: createController(renderTemplate),
      redactor,
      extraVars: readExtraVars([`root=${this.root}`, ...(options.extraVars ?? [])]),
      inventoryDirectory: this.control,
      tags: options.tags ?? [],
      skipTags: options.skipTags ?? [],
      checkMode: options.check ?? false,
      diff: options.diff ?? true,
      forks: options.forks ?? 10,
      ...(options.step && { step: options.step }),
      ...(options.startAtTask !== undefined && { startAtTask: options.startAtTask }),
      ...(options.limit !== undefined && { limit: options.limit }),
      signal: options.signal ?? new AbortController().signal,
      connection: { user: 'nobody', become: false, hostKeys: 'strict' },
    };
    const { hosts: totals, roundTrips } = await runPlaybooks(options.attach?.(engine) ?? engine);
    const results = events.filter((event) => event.type === 'task-end').map(({ result }) => result);
    const json = events.map((event) => JSON.stringify(event, withMaps)).join('\n');
    const run: PlaybookRun = {
      events,
      results,
      items: events.filter((event) => event.type === 'task-item').map(({ result }) => result),
      result(task, host = hosts[0] ?? 'h1') {
        const found = results.find((result) => result.task.name === task && result.host === host);
        if (!found) throw new Error(`no result of "${task}" on ${host}: ${results.map((r) => r.task.name).join(', ')}`);
        return found;
      },
      statuses: (host = hosts[0] ?? 'h1') =>
        results.filter((result) => result.host === host).map(({ task, status }) => `${task.name}: ${status}`),
      totals: Object.fromEntries(totals),
      roundTrips: Object.fromEntries(roundTrips),
      recording,
      sleeps,
      json,
      redacted: redactor.redact(json),
    };
    return { run };
  }

  #control(path: string, text: string): string {
    const file = join(this.control, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Time that passes only when somebody sleeps. */
function fakeClock(sleeps: number[]): Clock {
  let nowMs = 0;
  return {
    now: () => nowMs,
    sleep(milliseconds, signal) {
      signal?.throwIfAborted();
      nowMs += milliseconds;
      sleeps.push(milliseconds);
      return Promise.resolve();
    },
  };
}

/** A play on all hosts around a list of tasks. */
function play(tasks: string): string {
  const indented = tasks
    .replace(/^\n/, '')
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
  return `- name: play\n  hosts: all\n  tasks:\n${indented}\n`;
}

function inventoryOf(hosts: readonly string[]): string {
  return ['all:', '  vars:', '    ansible_connection: local', '  hosts:', ...hosts.map((host) => `    ${host}: {}`)]
    .join('\n')
    .concat('\n');
}

function throwErrors(diagnostics: readonly Diagnostic[]): void {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0)
    throw new VezaError('invalid-files', errors.map((diagnostic) => formatDiagnostic(diagnostic)).join('\n'));
}

function withMaps(_key: string, value: unknown): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value;
}
