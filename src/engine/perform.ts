// Does what an item asks, by the kind of its module.
import { isUnknown } from '../core/unknown.ts';
import type { HostState } from '../core/host-state.ts';
import type { Want } from '../core/resource.ts';
import type { ControlResult, ContactModule, StateModule } from '../core/module.ts';
import { VezaError } from '../lib/errors.ts';
import type { JsonObject } from '../lib/json.ts';
import type { Converger } from './converge.ts';
import { decideWant, stepsOf, type Decision } from './decide.ts';
import { learnResult, tellsAll } from './gather.ts';
import type { HostRun } from './host.ts';
import { toBoolean } from './identity.ts';
import { decisionFor, runControl, wantsOf, type Ready } from './item.ts';
import { includedVariables } from './include-vars.ts';
import { obeyInventoryOrder } from './inventory-orders.ts';
import { obeyMeta, obeyPause } from './orders.ts';
import { performCloud } from './perform-cloud.ts';
import { sessionAt } from './place.ts';
import { notPlanned } from './ports.ts';
import { fail, type ItemRecord, type Part, type TaskRecord } from './record.ts';

/** Performs an item whose arguments are known. Throws VezaError for its failure. */
export async function performItem(
  converger: Converger,
  record: TaskRecord,
  item: ItemRecord,
  ready: Ready,
): Promise<void> {
  switch (ready.module.kind) {
    case 'state':
      return performState(converger, record, item, ready, ready.module);
    case 'control': {
      const result = runControl(ready.module, ready, item, record.task);
      if (!isUnknown(result)) return performControl(converger, record, item, ready, result);
      item.status = 'unknown';
      item.message = result.reason;
      return;
    }
    case 'contact':
      return performContact(converger, record, item, ready, ready.module);
    case 'cloud':
      return performCloud(converger, record, item, ready, ready.module);
    default:
      ready.module satisfies never;
  }
}

async function performState(
  converger: Converger,
  record: TaskRecord,
  item: ItemRecord,
  ready: Ready,
  module: StateModule<JsonObject>,
): Promise<void> {
  const { run } = converger.context;
  item.result = (done) =>
    module.result?.(
      { changed: done.status === 'changed', changes: done.outcome, ...(done.output ? { output: done.output } : {}) },
      ready.args,
    ) ?? (module.result ? null : {});
  const decision: Decision = {
    ...decisionFor(run.options, record, item, ready, module),
    ...observing(converger, record, item, ready.delegate),
  };
  try {
    await decideAll(converger, decision, ready);
  } catch (error) {
    if (error instanceof VezaError && error.code === notPlanned) await stopAt(converger, record, item);
    // What looks impossible over foreseen states may be possible over real ones.
    if (!(error instanceof VezaError) || converger.queue.empty || item.outcome.length > 0) throw error;
    await converger.queue.flush();
    decision.place.reach.state.forget();
    await decideAll(converger, decision, ready);
  }
  if (item.status === 'ok') failAsItSays(item);
  if (module.gathers && item.status === 'ok') {
    const owner = factsOwner(record, item, converger.context.host, ready.delegate);
    learnResult(owner, item.result(item) ?? {}, tellsAll(module));
  }
}

/** Before a change that must not be made, what was decided is done; the failure is that of its task. */
async function stopAt(converger: Converger, { info }: TaskRecord, { delegate }: ItemRecord): Promise<void> {
  await converger.queue.flush();
  const { host } = converger.context;
  host.working = info;
  host.workingOn = delegate ?? null;
}

function observing(
  converger: Converger,
  { info }: TaskRecord,
  item: ItemRecord,
  delegate: HostRun | null,
): Pick<Decision, 'observe'> {
  const { run, host } = converger.context;
  const { observe } = run.options;
  if (!observe) return {};
  const { index, hidden } = item;
  const { name } = host.host;
  const whose = { host: delegate?.host.name ?? name, worker: name };
  return { observe: (want, change) => observe({ ...whose, task: info, item: index, want, change, hidden }) };
}

/** A command that only looked has done so by now, and may have failed. */
function failAsItSays(item: ItemRecord): void {
  const own = item.result(item);
  if (own?.['failed'] !== true) return;
  const said = [own['msg'], own['stderr']].filter(
    (text): text is string => typeof text === 'string' && text.trim() !== '',
  );
  fail(item, { message: said.join(': ') || 'failed' });
}

async function decideAll(converger: Converger, decision: Decision, ready: Ready): Promise<void> {
  const wants = await converger.resolved(() => wantsOf(ready, decision.module), isUnknown);
  if (isUnknown(wants)) {
    decision.item.status = 'unknown';
    decision.item.message = wants.reason;
    return;
  }
  const { state } = decision.place.reach;
  let parts: Part[] = [];
  for (const want of wants) {
    if (!state.knows(want)) {
      // What is decided must have happened before the host is looked at again.
      push(converger, decision, parts);
      parts = [];
      if (await converger.queue.flushFor(decision.record)) return;
      const { hidden } = decision.item;
      await converger.look(wants.map((one) => ({ place: decision.place, want: one, hidden })));
    }
    const part = decideOrDoubt(decision, want, state);
    if (part === 'in doubt') return;
    if (part) parts.push(part);
  }
  push(converger, decision, parts);
}

/** In a dry run, what looks impossible may become possible by an earlier task whose effects could not be foreseen. */
function decideOrDoubt(decision: Decision, want: Want, state: HostState): Part | null | 'in doubt' {
  try {
    return decideWant(decision, want, state);
  } catch (error) {
    if (!(error instanceof VezaError) || !decision.checkMode || state.assumption === null) throw error;
    decision.item.status = 'unknown';
    decision.item.message = `depends on "${state.assumption}"; without it: ${error.message}`;
    return 'in doubt';
  }
}

function push(converger: Converger, decision: Decision, parts: readonly Part[]): void {
  for (const pending of stepsOf(decision, parts)) converger.queue.push(pending);
}

async function performControl(
  converger: Converger,
  record: TaskRecord,
  item: ItemRecord,
  ready: Ready,
  outcome: ControlResult,
): Promise<void> {
  const { run, host, play } = converger.context;
  if (outcome.variables) {
    const { variables, result } = includedVariables(
      run.options,
      outcome.variables,
      record.task,
      play.playbookDirectory,
      item.scope,
    );
    for (const [name, value] of variables) host.included.set(name, value);
    item.result = () => result;
  }
  if (outcome.result) item.result = () => outcome.result ?? {};
  if (outcome.result?.['skipped'] === true) item.status = 'skipped';
  if (outcome.message !== undefined) item.shown = outcome.message;
  if (outcome.failed !== undefined) fail(item, { message: outcome.failed });
  const owner = factsOwner(record, item, host, ready.delegate);
  setFacts(record, owner, host, outcome.facts);
  if (outcome.hostFacts) owner.gathered.learn(outcome.hostFacts, false);
  if (outcome.inventory) obeyInventoryOrder(converger.context, record.task, outcome.inventory);
  if (outcome.pause) await obeyPause(converger, record, item, outcome.pause);
  if (outcome.meta !== undefined && outcome.meta !== 'noop')
    await obeyMeta(converger, record.task, outcome.meta, ready.delegate ?? host);
}

/** Facts belong to the host that the task is for; with `delegate_facts`, to the one it is delegated to. */
function factsOwner({ task }: TaskRecord, { scope }: ItemRecord, host: HostRun, delegate: HostRun | null): HostRun {
  const delegates = task.delegateFacts !== undefined && toBoolean(task.delegateFacts.evaluate(scope), 'delegate_facts');
  return delegates ? (delegate ?? host) : host;
}

function setFacts({ facts }: TaskRecord, owner: HostRun, host: HostRun, given: ControlResult['facts'] = {}): void {
  Object.assign(owner.facts, given);
  if (owner === host) for (const [name, value] of Object.entries(given)) facts.set(name, value);
}

async function performContact(
  converger: Converger,
  record: TaskRecord,
  item: ItemRecord,
  ready: Ready,
  module: ContactModule<JsonObject>,
): Promise<void> {
  const { run, host } = converger.context;
  if (run.options.checkMode && !(module.readOnly(ready.args) && host.totals.changed === 0)) {
    item.status = 'unknown';
    item.message = 'not asked in a dry run that would change something before';
    return;
  }
  if (await converger.queue.flushFor(record)) return;
  const place = ready.place();
  const contact = run.options.contact(await sessionAt(run, place), place.identity, run.options.signal);
  const { result, failed } = await module.contact(ready.args, contact);
  item.result = () => result;
  if (failed !== undefined) fail(item, { message: failed });
}
