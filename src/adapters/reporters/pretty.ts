// For people: tasks in the order of the playbook, hosts with the same outcome on one line, a recap at the end.
// Hosts run ahead of each other; a task is told when all hosts are past it.
import { counted, recapLines, taskLines } from './format.ts';
import type { Style } from './style.ts';
import { createRerunAdvice } from './rerun.ts';
import type { RunEvent, TaskInfo, TaskResult } from '../../engine/events.ts';
import type { Redactor } from '../../lib/redact.ts';
import { mapTexts, terminalText } from '../../lib/terminal-text.ts';

export interface PrettyOptions {
  readonly write: (text: string) => void;
  readonly style: Style;
  readonly redactor: Redactor;
  readonly checkMode: boolean;
}

interface Told {
  readonly task: TaskInfo;
  readonly results: TaskResult[];
  /** Hosts that are past it. A handler may run twice in a section: then it is told twice. */
  readonly past: Set<string>;
}

interface SectionState {
  readonly hosts: readonly string[];
  readonly order: Told[];
  /** The last task that each host is past; null: none yet, `end`: all of them. */
  readonly reached: Map<string, Told | null | 'end'>;
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
  readonly #advice = createRerunAdvice();

  constructor(options: PrettyOptions) {
    this.#options = options;
  }

  /** What hosts say never reaches the terminal as it is. Secrets first: they are known by how they are written. */
  handle(said: RunEvent): void {
    const { redactor } = this.#options;
    // A place stays as it is: the source line is looked up by it.
    const event = mapTexts(said, (text) => terminalText(redactor.redact(text)), ['where']);
    this.#advice.handle(event);
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
          hosts: event.hosts,
          order: event.tasks.map((task) => ({ task, results: [], past: new Set() })),
          reached: new Map(event.hosts.map((host) => [host, null])),
          told: 0,
        };
        return;
      case 'task-begin':
      case 'task-retry':
        return;
      case 'task-item':
      case 'task-end': {
        this.#result(event.result, event.type === 'task-item');
        return;
      }
      case 'host-section-end':
        this.#section?.reached.set(event.host, 'end');
        {
          this.#tell();
          return;
        }
      case 'section-end':
        this.#tell();
        this.#section = null;
        return;
      case 'play-end':
        return;
      case 'warning': {
        this.#say(colors.yellow(`warning: ${event.message}`));
        return;
      }
      case 'run-end': {
        const trips = [...event.roundTrips.values()].reduce((sum, count) => sum + count, 0);
        this.#say('', colors.bold('PLAY RECAP'), ...recapLines(event.hosts, colors));
        for (const task of this.#assumptions)
          this.#say(`assumed: what comes after "${task}" is not touched by it (-v shows where)`);
        this.#say(
          ...this.#advice.lines(event.hosts),
          colors.dim(
            `${counted(event.hosts.size, 'host')}, ${counted(trips, 'round trip')}, ${(event.durationMs / 1000).toFixed(1)} s`,
          ),
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
    if (!section) {
      this.#say(...taskLines(result.task, [result], this.#options.style));
      return;
    }
    const told = this.#place(section, result);
    // The items have told it all; the task's own line would say it twice.
    const repeats = !item && told.results.some((one) => one.item !== undefined && one.host === result.host);
    if (!repeats) told.results.push(result);
    if (!item) {
      told.past.add(result.host);
      section.reached.set(result.host, told);
    }
    this.#tell();
  }

  /** Handlers and connection troubles are not among the section's tasks: they come where the host was at that moment. */
  #place(section: SectionState, { task, host }: TaskResult): Told {
    const known = section.order.find(
      (one, index) => one.task.id === task.id && index >= section.told && !one.past.has(host),
    );
    if (known) return known;
    const added: Told = { task, results: [], past: new Set() };
    section.order.splice(placeOf(section, section.reached.get(host)) + 1, 0, added);
    return added;
  }

  #tell(): void {
    const section = this.#section;
    if (!section) return;
    const past = Math.min(...[...section.reached.values()].map((reached) => placeOf(section, reached)));
    while (section.told < section.order.length && section.told <= past) {
      const told = section.order[section.told];
      if (told && told.results.length > 0)
        this.#say(...taskLines(told.task, this.#ordered(section, told.results), this.#options.style));
      section.told += 1;
    }
  }

  /** Items in the order of the loop, hosts in that of the inventory, however fast each was. */
  #ordered(section: SectionState, results: readonly TaskResult[]): readonly TaskResult[] {
    const items = [...new Set(results.map(({ item }) => item))];
    const { hosts } = section;
    const rank = ({ item, host }: TaskResult) => items.indexOf(item) * hosts.length + hosts.indexOf(host);
    return results.toSorted((left, right) => rank(left) - rank(right));
  }

  #say(...lines: readonly string[]): void {
    this.#options.write(this.#options.redactor.redact(`${lines.join('\n')}\n`));
  }
}

function placeOf(section: SectionState, reached: Told | null | 'end' | undefined): number {
  if (reached === 'end') return section.order.length;
  return reached ? section.order.indexOf(reached) : -1;
}
