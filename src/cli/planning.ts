// Makes a saved plan of a dry run: what it read, and what it would do. Used to write one, and to see whether one still holds.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { diskFiles } from '../adapters/source-files.ts';
import type { LocalFiles, LocalSource } from '../core/module.ts';
import type { EngineOptions } from '../engine/options.ts';
import { createFingerprinter, type Fingerprinter } from '../engine/plan/fingerprint.ts';
import { decidingOptions, planVersion, type SavedPlan } from '../engine/plan/model.ts';
import { createPlanRecorder, summaryOf, type PlanRecorder } from '../engine/plan/recorder.ts';
import type { Redactor } from '../lib/redact.ts';
import type { LoadedRun } from './load-run.ts';
import { partialFolders } from './render.ts';
import { limitOf } from './limit.ts';
import { type RunFlags } from './run-flags.ts';
import { readVarsFile } from './vars-files.ts';

export interface Planning {
  /** Lets the plan see the run. */
  readonly attach: (options: EngineOptions) => EngineOptions;
  /** The plan, when the run is over. */
  plan(): SavedPlan;
}

interface Given {
  readonly run: LoadedRun;
  readonly playbooks: readonly string[];
  readonly flags: RunFlags;
  /** Files that were read before the run began. */
  readonly sources: Iterable<string>;
  readonly salt: string;
}

export function beginPlanning({ run, playbooks, flags, sources, salt }: Given): Planning {
  const fingerprints = createFingerprinter(salt, run.loaded.extraVars);
  const read = new Set([...sources].filter((path) => existsSync(path)).map((path) => resolve(path)));
  let recorder: PlanRecorder | null = null;
  return {
    attach(options) {
      hideSecrets(run, options.redactor);
      const recording = createPlanRecorder({ fingerprints, redactor: options.redactor }, planPath);
      recorder = recording;
      return {
        ...watched(options, read),
        observe: (change) => recording.observe(change),
        emit: (event) => {
          recording.handle(event);
          options.emit(event);
        },
      };
    },
    plan() {
      const hosts = recorder?.hosts() ?? [];
      return {
        format: 'veza-run plan',
        version: planVersion,
        createdAt: new Date().toISOString(),
        salt,
        inputs: {
          playbooks: playbooks.map(planPath),
          options: optionsOf(flags),
          extraVars: fingerprints.extraVars,
          files: filePrints(allFiles(run, read), fingerprints),
        },
        hosts,
        summary: summaryOf(hosts),
      };
    },
  };
}

/** What was read before the run, by its tasks, and by its includes. */
function allFiles(run: LoadedRun, read: ReadonlySet<string>): readonly string[] {
  const included = run.playbooks.flatMap((playbook) => [...playbook.sources.keys()]);
  const there = included.filter((path) => existsSync(path));
  return [...new Set([...read, ...there].map(planPath))].sort();
}

/** A path as a plan has it: from the folder of the run, so that another checkout has the same. */
export function planPath(path: string): string {
  return relative(process.cwd(), resolve(path));
}

/** Fingerprints of files; one that is not there has that of nothing. */
export function filePrints(paths: readonly string[], fingerprints: Fingerprinter): Readonly<Record<string, string>> {
  return Object.fromEntries(paths.map((path) => [path, fingerprints.of(contentHash(path), false)] as const));
}

function contentHash(path: string): string | null {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex');
  } catch {
    return null;
  }
}

function optionsOf(flags: RunFlags): SavedPlan['inputs']['options'] {
  const limit = limitOf(flags);
  const given = { ...flags, ...(limit === undefined ? {} : { limit }) };
  return Object.fromEntries(
    decidingOptions.flatMap((name) => {
      const value = given[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

const secretName = /pass(?:word|wd|phrase)?|secret|token|credential|(?:api|private)_?key/i;

/** Values of --extra-vars whose names say that they are secret must not be in a name or path of the plan. */
export function hideSecrets(run: LoadedRun, redactor: Redactor): void {
  for (const [name, { raw }] of run.loaded.extraVars) {
    if (secretName.test(name) && typeof raw === 'string') redactor.add(raw);
  }
}

/** Notes every file that tasks read on the controller. */
function watched(options: EngineOptions, read: Set<string>): EngineOptions {
  const note = (source: LocalSource): LocalSource => {
    read.add(resolve(source.path));
    return source;
  };
  const filesFor = (rolePath: string | null, directory: string): LocalFiles => {
    const files = options.filesFor(rolePath, directory);
    return {
      find: (path, kind) => note(files.find(path, kind)),
      list: (path, kind) => files.list(path, kind)?.map(note) ?? null,
    };
  };
  const disk = diskFiles();
  const readDisk = (path: string) => {
    const text = disk.read(path);
    if (text !== null) read.add(resolve(path));
    return text;
  };
  return {
    ...options,
    filesFor,
    render: (source, scope) => {
      if (source.path.endsWith('.hbs')) {
        for (const folder of partialFolders(source.path, scope.get('playbook_dir'))) noteFolder(folder, read);
      }
      return options.render(source, scope);
    },
    readVariables: (names, directory) => readVarsFile({ ...disk, read: readDisk }, names, directory),
  };
}

function noteFolder(folder: string, read: Set<string>): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) if (name.endsWith('.hbs')) read.add(join(folder, name));
}
