// What programs import: `import { runPlaybooks } from 'veza-run'`. The same run as on the command line, with callbacks
// instead of text. Secrets are redacted in what callbacks get, as they are in every output.
import type { HostTotals, RunEvent, TaskInfo, TaskResult } from '../engine/events.ts';
import { runPlaybooks as runEngine } from '../engine/run.ts';
import { DiagnosticsError } from '../lib/errors.ts';
import type { JsonObject } from '../lib/json.ts';
import { limits } from '../lib/limits.ts';
import { createRedactor, type Redactor } from '../lib/redact.ts';
import { engineOptions } from './engine-options.ts';
import { connectionDefaults } from './inventory-flags.ts';
import { loadRun } from './load-run.ts';

export type { HostTotals, RunEvent, TaskInfo, TaskResult } from '../engine/events.ts';
export { DiagnosticsError, VezaError } from '../lib/errors.ts';

/** What happens, as it happens. What they throw ends the run. */
export interface RunCallbacks {
  readonly onPlayStart?: (play: { readonly name: string; readonly hosts: readonly string[] }) => void;
  readonly onTaskStart?: (task: TaskInfo, host: string) => void;
  /** One call for each task and host. */
  readonly onTaskEnd?: (result: TaskResult) => void;
  readonly onPlayEnd?: () => void;
  readonly onStats?: (stats: RunStats) => void;
  /** Every event, items of loops and warnings too. */
  readonly onEvent?: (event: RunEvent) => void;
}

export interface RunStats {
  readonly hosts: Readonly<Record<string, HostTotals>>;
  readonly durationMs: number;
}

export interface RunRequest extends RunCallbacks {
  /** Files, folders or `host,` lists; localhost if left out. */
  readonly inventory?: readonly string[];
  readonly limit?: string;
  readonly extraVars?: JsonObject;
  readonly tags?: readonly string[];
  readonly skipTags?: readonly string[];
  /** Foresee only. */
  readonly check?: boolean;
  /** Results carry differences. */
  readonly diff?: boolean;
  readonly forks?: number;
  readonly user?: string;
  readonly become?: boolean;
  readonly privateKey?: string;
  /** Ends the run at once. */
  readonly signal?: AbortSignal;
}

/**
 * Runs playbooks. Failures of hosts are in the result. Rejects with DiagnosticsError for mistakes in files,
 * and with VezaError for what else no host can be blamed for.
 */
export async function runPlaybooks(playbooks: readonly string[], request: RunRequest = {}): Promise<RunStats> {
  const flags = {
    ...(request.inventory === undefined ? {} : { inventory: request.inventory }),
    ...(request.user === undefined ? {} : { user: request.user }),
    ...(request.privateKey === undefined ? {} : { privateKey: request.privateKey }),
    become: request.become ?? false,
    extraVars: request.extraVars === undefined ? [] : [JSON.stringify(request.extraVars)],
  };
  const { run, diagnostics } = loadRun(playbooks, flags, request.limit);
  if (!run) throw new DiagnosticsError(diagnostics);
  const redactor = createRedactor();
  let stats: RunStats = { hosts: {}, durationMs: 0 };
  const options = engineOptions(run, {
    redactor,
    emit: (event) => {
      if (event.type === 'run-end') stats = { hosts: Object.fromEntries(event.hosts), durationMs: event.durationMs };
      tell(redacted(event, redactor), request, stats);
    },
    tags: request.tags ?? [],
    skipTags: request.skipTags ?? [],
    checkMode: request.check ?? false,
    diff: request.diff ?? false,
    forks: request.forks ?? limits.forks,
    verbosity: 1,
    ...(request.limit === undefined ? {} : { limit: request.limit }),
    inventorySources: request.inventory ?? [],
    signal: request.signal ?? new AbortController().signal,
    connection: connectionDefaults(flags),
  });
  await runEngine(options);
  return stats;
}

function tell(event: RunEvent, callbacks: RunCallbacks, stats: RunStats): void {
  callbacks.onEvent?.(event);
  if (event.type === 'play-begin') callbacks.onPlayStart?.({ name: event.name, hosts: event.hosts });
  else if (event.type === 'task-begin') callbacks.onTaskStart?.(event.task, event.host);
  else if (event.type === 'task-end') callbacks.onTaskEnd?.(event.result);
  else if (event.type === 'play-end') callbacks.onPlayEnd?.();
  else if (event.type === 'run-end') callbacks.onStats?.(stats);
}

/** The same event with secrets masked in every text. */
function redacted(event: RunEvent, redactor: Redactor): RunEvent {
  return mask(event, redactor) as RunEvent;
}

function mask(value: unknown, redactor: Redactor): unknown {
  if (typeof value === 'string') return redactor.redact(value);
  if (typeof value !== 'object' || value === null || value instanceof Map) return value;
  if (Array.isArray(value)) return value.map((part: unknown) => mask(part, redactor));
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, mask(part, redactor)]));
}
