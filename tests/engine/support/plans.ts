// Makes plans of playbooks and applies them.
import type { EngineOptions } from '../../../src/engine/options.ts';
import { createFingerprinter } from '../../../src/engine/plan/fingerprint.ts';
import { guardOf } from '../../../src/engine/plan/guard.ts';
import type { PlannedHost, SavedPlan } from '../../../src/engine/plan/model.ts';
import { createPlanRecorder, summaryOf } from '../../../src/engine/plan/recorder.ts';
import { Workspace, type PlaybookRun, type RunOptions } from './harness.ts';

export const salt = 'AAAAAAAAAAAAAAAAAAAAAAAA';
export const fingerprints = createFingerprinter(salt, new Map());
/** The name of a file alone. */
export const shown = (path: string) => path.split('/').at(-1) ?? path;

/** A dry run, and the plan that it makes. */
export async function planOf(host: Workspace, yaml: string, options: RunOptions = {}): Promise<readonly PlannedHost[]> {
  let hosts: () => readonly PlannedHost[] = () => [];
  await host.run(yaml, {
    ...options,
    check: true,
    attach: (engine) => {
      const recorder = createPlanRecorder({ fingerprints, redactor: engine.redactor }, shown);
      hosts = () => recorder.hosts();
      return {
        ...engine,
        observe: (change) => recorder.observe(change),
        emit: (event) => {
          recorder.handle(event);
          engine.emit(event);
        },
      };
    },
  });
  return hosts();
}

/** Guards a run by a plan. */
export function applying(hosts: readonly PlannedHost[]): (engine: EngineOptions) => EngineOptions {
  return (engine) => ({ ...engine, observe: guardOf({ hosts }, { fingerprints, redactor: engine.redactor }, shown) });
}

/** A run that applies a plan. */
export function applied(
  host: Workspace,
  yaml: string,
  hosts: readonly PlannedHost[],
  options: RunOptions = {},
): Promise<PlaybookRun> {
  return host.run(yaml, { ...options, attach: applying(hosts) });
}

/** A whole plan with these hosts. */
export const saved = (hosts: readonly PlannedHost[]): SavedPlan => ({
  format: 'veza-run plan',
  version: 1,
  createdAt: '2026-01-01T00:00:00.000Z',
  salt,
  inputs: { playbooks: ['site.yml'], options: { tags: ['a'] }, extraVars: {}, files: {} },
  hosts,
  summary: summaryOf(hosts),
});
