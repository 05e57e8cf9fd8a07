// Looks at things: one script for all of them, grouped by who may look and by kind; one round trip an identity.
import { VezaError } from '../lib/errors.ts';
import { limits } from '../lib/limits.ts';
import type { HostState } from '../core/host-state.ts';
import type { AnyResourceKind, Want } from '../core/resource.ts';
import type { Identity, Session, Step, StepResult } from './ports.ts';

export interface Look {
  readonly identity: Identity;
  readonly want: Pick<Want, 'resource' | 'id'>;
  /** A task with `no_log` wants it. */
  readonly hidden?: boolean;
}

/** One kind's part of a probe: the step to run, and what to do with its output. */
export interface ProbeStep {
  readonly step: Step;
  read(result: StepResult): ReadonlyMap<string, { readonly id: unknown; readonly state: object | null }>;
}

/** Looks at all of `looks` that the state does not know yet. Rejects as Session.run, and with VezaError `probe-failed`. */
export async function probe(
  session: Session,
  state: HostState,
  looks: readonly Look[],
  signal: AbortSignal,
): Promise<void> {
  const unseen = looks.filter(({ want }) => !state.knows(want));
  const groups = Map.groupBy(unseen, ({ identity }) => `${identity.method} ${identity.user ?? ''}`);
  // All of them must be over before anything is decided: an answer that comes late would undo what is foreseen by then.
  const looked = await Promise.allSettled(
    [...groups.values()].map(async (group) => {
      const identity = group[0]?.identity;
      if (!identity) return;
      const probes = probeSteps(group.map(({ want }) => want));
      const results = await session.run({
        // Who is only going to be there cannot look: root sees all that such a user would.
        identity: state.isProspect(`user:${identity.user ?? ''}`) ? { ...identity, user: 'root' } : identity,
        signal,
        haltOnFailure: false,
        steps: probes.map(({ step }) => (group.some(({ hidden }) => hidden) ? { ...step, hidden: true } : step)),
      });
      probes.forEach((part, index) => {
        const result = results[index];
        if (!result) throw new VezaError('probe-failed', 'the probe gave no answer');
        for (const { resource, id, seen } of readAll(part, result)) state.see({ resource, id }, seen);
      });
    }),
  );
  const failed = looked.find((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
}

interface KindProbe extends ProbeStep {
  readonly resource: AnyResourceKind;
}

/** One step a kind, for all wants of that kind; the same thing wanted twice is looked at once. */
export function probeSteps(wants: readonly Pick<Want, 'resource' | 'id'>[]): readonly KindProbe[] {
  return [...Map.groupBy(wants, ({ resource }) => resource)].map(([resource, group]) => {
    const ids = new Map<string, unknown>();
    for (const { id } of group) {
      const key = resource.key(id);
      const known = ids.get(key);
      ids.set(key, known === undefined || !resource.merge ? (known ?? id) : resource.merge(known, id));
    }
    const asked = [...ids.values()];
    return {
      resource,
      step: { script: resource.probe(asked), timeoutMs: limits.probeTimeoutMs },
      read: (result) => readKind(resource, asked, result),
    };
  });
}

function readKind(
  resource: AnyResourceKind,
  ids: readonly unknown[],
  result: StepResult,
): Map<string, { id: unknown; state: object | null }> {
  if (result.exitCode !== 0) {
    throw new VezaError(
      'probe-failed',
      `looking at ${resource.kind} resources failed (exit code ${result.exitCode}): ${result.stderr.trim()}`,
    );
  }
  const states = resource.parse(result.stdout, ids) as Map<string, object | null>;
  const read = new Map<string, { id: unknown; state: object | null }>();
  for (const id of ids) {
    const state = states.get(resource.key(id));
    if (state !== undefined) read.set(resource.key(id), { id, state });
  }
  return read;
}

function readAll(
  part: KindProbe,
  result: StepResult,
): { resource: AnyResourceKind; id: unknown; seen: object | null }[] {
  return [...part.read(result).values()].map(({ id, state }) => ({ resource: part.resource, id, seen: state }));
}
