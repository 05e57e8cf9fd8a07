// For people: tasks in the order of the playbook, hosts with the same outcome on one line, a recap at the end.
// Hosts run ahead of each other; a task is told when all hosts are past it.
import { recapLines, taskLines, type Style } from './format.ts';
import type { RunEvent, TaskInfo, TaskResult } from '../../engine/events.ts';
import type { Redactor } from '../../lib/redact.ts';

export interface PrettyOptions {
  readonly write: (text: string) => void;
  readonly style: Style;
  readonly redactor: Redactor;
  readonly checkMode: boolean;
}

interface SectionState {
  readonly hosts: Set<string>;
  readonly order: TaskInfo[];
  /** Of each task, by its place in `order`. */
  readonly results: Map<number, TaskResult[]>;
  /** The place that each host has got to. */
  readonly reached: Map<string, number>;
  told: number;
}

export function createPrettyReporter(options: PrettyOptions): (event: RunEvent) => void {
  const reporter = new PrettyReporter(options);
  return (event) => reporter.handle(event);
}

class PrettyReporter {
  readonly #options: PrettyOptions;
  #section: SectionState | null = null;
  /** Tasks whose effects a dry run could not foresee. */
  readonly #assumptions = new Set<string>();

  constructor(options: PrettyOptions) {
    this.#options = options;
  }

  handle(event: RunEvent): void {
    const { colors } = this.#options.style;
    switch (event.type) {
      case 'play-begin':
        this.#say(
          '',
          colors.bold(`PLAY [${event.name}]${this.#options.checkMode ? ' (dry run: nothing is changed)' : ''}`),
        );
        if (event.hosts.length === 0) this.#say('skipping: no hosts matched');
        return;
      case 'section-begin':
        this.#section = {
          hosts: new Set(event.hosts),
          order: [...event.tasks],
          results: new Map(),
          reached: new Map(event.hosts.map((host) => [host, -1])),
          told: 0,
        };
        return;
      case 'task-begin':
        return;
      case 'task-item':
      case 'task-end':
        return this.#result(event.result, event.type === 'task-item');
      case 'host-section-end':
        this.#section?.reached.set(event.host, Number.POSITIVE_INFINITY);
        return this.#tell();
      case 'section-end':
        this.#tell();
        this.#section = null;
        return;
      case 'play-end':
        return;
      case 'warning':
        return this.#say(colors.yellow(`warning: ${event.message}`));
      case 'run-end': {
        const trips = [...event.roundTrips.values()].reduce((sum, count) => sum + count, 0);
        this.#say('', colors.bold('PLAY RECAP'), ...recapLines(event.hosts, colors));
        for (const task of this.#assumptions)
          this.#say(`assumed: what comes after "${task}" is not touched by it (-v shows where)`);
        this.#say(
          colors.dim(`${event.hosts.size} hosts, ${trips} round trips, ${(event.durationMs / 1000).toFixed(1)} s`),
        );
        return;
      }
      default:
        event satisfies never;
    }
  }

  #result(result: TaskResult, item: boolean): void {
    if (result.assuming !== undefined) this.#assumptions.add(result.assuming);
    const section = this.#section;
    if (!section) return this.#say(...taskLines(result.task.name, result.task.handler, [result], this.#options.style));
    const place = this.#place(section, result.task);
    const results = section.results.get(place) ?? [];
    // The items have told it all; the task's own line would say it twice.
    const repeats = !item && results.some((one) => one.item !== undefined && one.host === result.host);
    if (!repeats) results.push(result);
    section.results.set(place, results);
    if (!item) section.reached.set(result.host, Math.max(place, section.reached.get(result.host) ?? -1));
    this.#tell();
  }

  /** Handlers and connection troubles are not among the section's tasks: they come after those known so far. */
  #place(section: SectionState, task: TaskInfo): number {
    const known = section.order.findIndex(({ id }) => id === task.id);
    if (known >= 0) return known;
    section.order.push(task);
    return section.order.length - 1;
  }

  #tell(): void {
    const section = this.#section;
    if (!section) return;
    const past = Math.min(...section.reached.values());
    while (section.told < section.order.length && section.told <= past) {
      const task = section.order[section.told];
      const results = section.results.get(section.told);
      if (task && results)
        this.#say(...taskLines(task.name, task.handler, this.#ordered(section, results), this.#options.style));
      section.told += 1;
    }
  }

  /** Items in the order of the loop, hosts in that of the inventory, however fast each was. */
  #ordered(section: SectionState, results: readonly TaskResult[]): readonly TaskResult[] {
    const items = [...new Set(results.map(({ item }) => item))];
    const hosts = [...section.hosts];
    const rank = ({ item, host }: TaskResult) => items.indexOf(item) * hosts.length + hosts.indexOf(host);
    return results.toSorted((left, right) => rank(left) - rank(right));
  }

  #say(...lines: readonly string[]): void {
    this.#options.write(this.#options.redactor.redact(`${lines.join('\n')}\n`));
  }
}
