// Maps and ACLs on the stats socket. A changed list makes another configuration of the text that was read, which takes the
// place of the running one in all workers as a reload does, without its files. Whoever reads the files again undoes it.
import type { Edited } from '../core/config/edit.ts';
import type { ProxyConfig } from '../core/config/model.ts';
import type { ChangedPatterns, Pattern } from '../core/patterns/pattern-list.ts';
import { type PatternCommand, patternOutcome } from '../core/patterns/pattern-words.ts';
import { PatternVersions } from '../core/patterns/versions.ts';
import { failure, type Reply } from '../core/stats/reply.ts';
import { describe } from './config-facts.ts';
import type { PatternSource } from './config-source.ts';
import type { ControlledProxy } from './controlled-proxy.ts';
import type { Speaker } from './text-changes.ts';

export class PatternCommands {
  readonly #proxy: ControlledProxy;
  #source: PatternSource | undefined;
  #lists: readonly PatternVersions[] = [];
  /** One after the other: each builds on what the one before it left. */
  #working: Promise<unknown> = Promise.resolve();

  constructor(proxy: ControlledProxy) {
    this.#proxy = proxy;
  }

  run(command: PatternCommand, speaker: Speaker): Promise<Reply> {
    const answer = this.#working.then(() => this.#run(command, speaker));
    this.#working = answer.catch(() => undefined);
    return answer;
  }

  async #run(command: PatternCommand, { actor, level }: Speaker): Promise<Reply> {
    const outcome = patternOutcome(command, this.#current(), level !== 'user');
    if ('answer' in outcome) return outcome.answer;
    const { of, patterns, commit } = outcome;
    const problem = await this.#proxy.edit((config) => this.#edited(config, of, patterns));
    if (problem !== undefined) return failure(`${problem}\n`);
    if (commit === undefined) of.set(patterns);
    else of.commit(commit);
    const { kind, action } = command;
    this.#proxy.events.emit('admin_action', {
      actor,
      action: `${action}-${kind}`,
      detail: {
        list: of.list.file === '' ? `#${of.list.id}` : of.list.file,
        patterns: patterns.length,
      },
    });
    return '';
  }

  /** As they are now: those of files that were read since are as in the files. */
  #current(): readonly PatternVersions[] {
    const source = this.#proxy.loaded().patterns;
    if (source !== this.#source) {
      this.#source = source;
      this.#lists = source.lists.map((list) => new PatternVersions(list));
    }
    return this.#lists;
  }

  #edited(config: ProxyConfig, changing: PatternVersions, patterns: readonly Pattern[]): Edited {
    const source = this.#source;
    if (!source || source !== this.#proxy.loaded().patterns) return { problem: 'The configuration was read again.' };
    const changed: ChangedPatterns = new Map(
      this.#lists
        .map((each) => [each.list.origin, each === changing ? patterns : each.of(), each.list] as const)
        .filter(([, now, list]) => !isSame(now, list.patterns))
        .map(([origin, now]) => [origin, now]),
    );
    try {
      return { config: withRulesOf(config, source.again(changed)) };
    } catch (error) {
      return { problem: describe(error) };
    }
  }
}

function isSame(one: readonly Pattern[], other: readonly Pattern[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ key, value }, at) => key === other[at]?.key && value === other[at].value)
  );
}

/** Patterns decide what frontends do; what commands made of addresses and limits stays. */
function withRulesOf(config: ProxyConfig, read: ProxyConfig): ProxyConfig {
  const frontends = config.frontends.map((each) => {
    const found = read.frontends.find(({ name }) => name === each.name);
    return found ? { ...found, binds: each.binds, maxconn: each.maxconn } : each;
  });
  return { ...config, frontends };
}
