// What is known of each play before any host is looked at: its hosts, and the variables that belong to it.
import { dirname } from 'node:path';
import { isUnknown } from '../core/unknown.ts';
import { makesHosts } from '../engine/inventory-orders.ts';
import { outsidePlays, scopeOf, type PlayVariables } from '../engine/variables.ts';
import type { Host } from '../inventory/model.ts';
import { selectHosts } from '../inventory/patterns.ts';
import type { Variables } from '../language/value.ts';
import { VezaError } from '../lib/errors.ts';
import type { Play, Playbook } from '../playbook/ast.ts';
import { includesOf } from '../playbook/walk.ts';
import type { Findings } from './findings.ts';
import { nothingSet, sourceOf } from './ground.ts';
import type { LintOptions } from './options.ts';
import { tasksOfPlay } from './tasks-of.ts';

export interface Stage {
  readonly play: Play;
  readonly variables: PlayVariables;
  /** Null where nobody can say. */
  readonly hosts: ReadonlySet<string> | null;
  /** Files of variables that only a run can name. */
  readonly open: boolean;
  /** Plays before it may have added groups, and with them variables. */
  readonly grown: boolean;
}

/** Stands for the host that nobody knows. */
export const somebody: Host = { name: 'localhost', where: { file: '', line: 1, column: 1 }, groups: [], layers: [] };

/** The plays in their order, with what is known of each before any host is looked at. */
export function stagesOf(options: LintOptions, findings: Findings): readonly Stage[] {
  let dynamic = false;
  let grown = false;
  return options.playbooks.flatMap((playbook) =>
    playbook.plays.map((play) => {
      const { variables, open } = variablesOf(options, playbook, play, findings);
      const hosts = dynamic ? null : hostsOf(options, play, variables, findings);
      const names = [...(hosts ?? [])];
      const stage = { play, hosts, open, grown, variables: { ...variables, playHosts: names, batchHosts: names } };
      dynamic ||= makesHostsIn(play);
      grown ||= dynamic || hasOpenIncludes(play);
      return stage;
    }),
  );
}

function makesHostsIn(play: Play): boolean {
  return tasksOfPlay(play).some(({ module }) => makesHosts.has(module));
}

/** Whether only a run can tell what some include leads to: that may be anything. */
function hasOpenIncludes({ sections, handlerNodes }: Play): boolean {
  return [...sections.flatMap(({ nodes }) => includesOf(nodes)), ...includesOf(handlerNodes)].some(
    ({ known }) => known === undefined,
  );
}

function variablesOf(
  options: LintOptions,
  playbook: Playbook,
  play: Play,
  findings: Findings,
): { readonly variables: PlayVariables; readonly open: boolean } {
  const playbookDirectory = dirname(playbook.file);
  const base: PlayVariables = { ...outsidePlays, play, playbookDirectory, roles: play.roles };
  const scope = scopeOf(sourceOf(options), { ...nothingSet, host: somebody }, base, null);
  const varsFiles: Variables[] = [];
  let open = false;
  for (const templated of play.varsFiles) {
    try {
      const names = templated.evaluate(scope);
      if (isUnknown(names)) throw new VezaError('unknown', 'only a run can tell');
      varsFiles.push(options.readVariables((Array.isArray(names) ? names : [names]).map(String), playbookDirectory));
    } catch (error) {
      if (!(error instanceof VezaError)) throw error;
      open = true;
      // Of a name without templates, the reader of the playbook has told it already.
      if (error.code === 'file-not-found' && !templated.constant) {
        const { code, message } = error;
        findings.add({ severity: 'warning', code, message, where: templated.where });
      }
    }
  }
  return { variables: { ...base, varsFiles }, open };
}

function hostsOf(
  options: LintOptions,
  play: Play,
  variables: PlayVariables,
  findings: Findings,
): ReadonlySet<string> | null {
  if (!options.inventory) return null;
  const scope = scopeOf(sourceOf(options), { ...nothingSet, host: somebody }, variables, null);
  try {
    const pattern = play.hosts.evaluate(scope);
    if (isUnknown(pattern)) return null;
    const text = (Array.isArray(pattern) ? pattern : [pattern]).map(String).join(',');
    const { hosts, diagnostics } = selectHosts(options.inventory, text, options.limit, play.hosts.where);
    // What is wrong with --limit has been told by whoever read it.
    for (const one of diagnostics) if (one.where) findings.add(one);
    return new Set(hosts);
  } catch (error) {
    if (!(error instanceof VezaError)) throw error;
    const { code, message, where = play.hosts.where, hint } = error;
    const more = hint === undefined ? {} : { hint };
    findings.add({ severity: options.mode === 'run' ? 'error' : 'warning', code, message, where, ...more });
    return null;
  }
}
