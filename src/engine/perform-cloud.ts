// A task that asks a service for things that are on no host: what changes there is told as changes of a host are.
import type { Change } from '../core/change.ts';
import type { CloudModule } from '../core/module.ts';
import { VezaError } from '../lib/errors.ts';
import type { JsonObject } from '../lib/json.ts';
import type { Converger } from './converge.ts';
import { stepTimeoutMs } from './decide.ts';
import { modesOf, type Ready } from './item.ts';
import type { DecidedWant } from './options.ts';
import type { ItemRecord, TaskRecord } from './record.ts';

/** Throws VezaError. What was decided before is done before. */
export async function performCloud(
  converger: Converger,
  record: TaskRecord,
  item: ItemRecord,
  ready: Ready,
  module: CloudModule<JsonObject>,
): Promise<void> {
  const { run, host } = converger.context;
  if (await converger.queue.flushFor(record)) return;
  const { observe, cloud, signal } = run.options;
  const modes = modesOf(run.options, record.task, item.scope);
  const decided = (key: string, change: Change<object>) =>
    observe?.({
      host: host.host.name,
      worker: host.host.name,
      task: record.info,
      item: item.index,
      want: wantOf(key),
      change,
      hidden: item.hidden,
    });
  const timeoutMs = stepTimeoutMs(record.task.timeoutSeconds?.evaluate(item.scope));
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    const { changes, result } = await cloud.work(module.asks(ready.args), {
      checkMode: modes.checkMode,
      foresee: modes.foresee,
      environment: ready.environment,
      signal: AbortSignal.any([signal, limit]),
      decided,
    });
    item.result = () => result;
    if (changes.length === 0) return;
    item.status = 'changed';
    item.onlyPredicted = modes.checkMode;
    const shown = modes.diff && !item.hidden;
    item.changes.push(...changes.map(({ key, action, diff }) => ({ key, action, ...(shown && { diff }) })));
  } catch (error) {
    if (!limit.aborted || signal.aborted) throw error;
    throw new VezaError('timeout', `not done within ${timeoutMs / 1000} s`, { cause: error });
  }
}

/** The thing that changes, as plans tell of it: it has a name, and no host could be asked for it. */
function wantOf(key: string): DecidedWant {
  return { resource: { kind: 'cloud', key: String }, id: key };
}
