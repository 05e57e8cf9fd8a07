// Runs the hosts of one batch through a play, as its strategy has it, and judges whether the play goes on without those lost.
import type { Play, Section } from '../playbook/ast.ts';
import type { HostRun } from './host.ts';
import { toBoolean } from './identity.ts';
import { Meeting } from './meeting.ts';
import { SectionRun, type TaskInfos } from './section.ts';
import { Slots } from './slots.ts';
import { scopeOf, type PlayVariables, type RunState } from './variables.ts';

/**
 * Returns false where the run is over. `batched` and `linear`: all hosts end a section before any begins the next one;
 * within it, `linear` has them meet at every task. `free` and `host_pinned`: each host goes through the play on its own.
 */
export async function runBatch(
  run: RunState,
  play: Play,
  variables: PlayVariables,
  infos: TaskInfos,
): Promise<boolean> {
  const free = play.strategy === 'free' || play.strategy === 'host_pinned';
  const stages = free && !run.gate.asks ? [play.sections] : play.sections.map((section) => [section]);
  for (const stage of stages) {
    if (stage.length === 0) continue;
    await runStage(run, play, variables, infos, stage);
    if (tooManyLost(run, play, variables)) return false;
  }
  const { batchHosts } = variables;
  return batchHosts.length === 0 || batchHosts.some((name) => run.hosts.get(name)?.lost === null);
}

/** Sections that every host goes through without waiting for the others at their ends. */
async function runStage(
  run: RunState,
  play: Play,
  variables: PlayVariables,
  infos: TaskInfos,
  sections: readonly Section[],
): Promise<void> {
  const { options, gate } = run;
  const takesPart = (host: HostRun) => host.lost === null && !host.ended;
  const hosts = variables.batchHosts.flatMap((name) => run.hosts.get(name) ?? []).filter(takesPart);
  const names = hosts.map(({ host }) => host.name);
  const tasks = sections.flatMap((section) => infos.selected(section));
  options.emit({ type: 'section-begin', name: sections[0]?.name ?? 'tasks', hosts: names, tasks });
  // What was seen on hosts that tasks are delegated to is as old as that of the batch.
  if (!options.checkMode) for (const host of [...run.hosts.values(), ...run.strangers.values()]) host.forget();
  const forks = new Slots(options.forks);
  const everyTask = play.strategy === 'linear' || gate.asks;
  const meeting = new Meeting({ hosts: names, forks, everyTask });
  const onLost = () => tooManyLost(run, play, variables);
  await Promise.all(
    hosts.map((host) =>
      forks.hold(async () => {
        try {
          for (const section of sections) {
            if (!takesPart(host)) break;
            await new SectionRun({ run, play, variables, infos, section, host, meeting, onLost }).converge();
          }
        } finally {
          meeting.leave(host.host.name);
          options.emit({ type: 'host-section-end', host: host.host.name });
        }
      }),
    ),
  );
  options.emit({ type: 'section-end' });
}

/** `max_fail_percentage` (exceeded, not reached) and `any_errors_fatal`. */
function tooManyLost(run: RunState, play: Play, variables: PlayVariables): boolean {
  const hosts = variables.batchHosts.map((name) => run.hosts.get(name));
  const lost = hosts.filter((host) => host?.lost !== null);
  if (lost.length === 0) return false;
  const scope = scopeOf(run, run.newHost(nowhere), variables, null);
  if (lost.some((host) => host?.fatal)) return true;
  if (play.anyErrorsFatal && toBoolean(play.anyErrorsFatal.evaluate(scope), 'any_errors_fatal')) return true;
  const limit = play.maxFailPercentage?.evaluate(scope);
  if (limit === undefined) return false;
  return (100 * lost.length) / hosts.length > Number(limit);
}

/** Things that belong to the play belong to no host. */
const nowhere = { name: 'localhost', where: { file: '', line: 1, column: 1 }, groups: [], layers: [] };
