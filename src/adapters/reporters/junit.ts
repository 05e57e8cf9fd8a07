// The results of a run as JUnit XML, for machines that collect test results: one suite a play, one case a task and host.
import { junitDocument, type JunitCase, type JunitSuite } from '../../lib/junit.ts';
import type { RunEvent, TaskResult } from '../../engine/events.ts';
import type { Redactor } from '../../lib/redact.ts';

interface Suite extends JunitSuite {
  readonly cases: JunitCase[];
}

/** `write` gets the whole document at the end of the run. */
export function createJunitReporter(options: {
  readonly write: (xml: string) => void;
  readonly redactor: Redactor;
  readonly now: () => number;
}): (event: RunEvent) => void {
  const suites: Suite[] = [];
  const begun = new Map<string, number>();
  return (event) => {
    if (event.type === 'play-begin') suites.push({ name: options.redactor.redact(event.name), cases: [] });
    else if (event.type === 'task-begin') begun.set(`${event.host} ${event.task.id}`, options.now());
    else if (event.type === 'task-end') {
      const { host, task } = event.result;
      const sinceMs = begun.get(`${host} ${task.id}`) ?? options.now();
      suites.at(-1)?.cases.push(caseOf(event.result, options.now() - sinceMs, options.redactor));
    } else if (event.type === 'run-end') options.write(junitDocument(suites));
  };
}

function caseOf(result: TaskResult, durationMs: number, redactor: Redactor): JunitCase {
  const { status, ignored, message = status, output } = result;
  const failed = (status === 'failed' || status === 'unreachable') && !ignored;
  const said = [output?.stdout, output?.stderr].filter((text) => text !== undefined && text !== '').join('\n');
  return {
    className: redactor.redact(result.host),
    name: redactor.redact(result.task.name),
    durationMs,
    ...(failed ? { failure: { message: redactor.redact(message), text: redactor.redact(said) } } : {}),
    ...(status === 'skipped' || status === 'unknown'
      ? { skipped: status === 'unknown' ? redactor.redact(message) : 'skipped' }
      : {}),
  };
}
