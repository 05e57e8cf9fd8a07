// Five fields of cron as calendar expressions of systemd. Pure.

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;

interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
}

const fields: readonly [Field, Field, Field, Field, Field] = [
  { name: 'minute', least: 0, most: 59 },
  { name: 'hour', least: 0, most: 23 },
  { name: 'day of the month', least: 1, most: 31 },
  { name: 'month', least: 1, most: 12 },
  { name: 'day of the week', least: 0, most: 7 },
];

/** What is wrong with a schedule; null if nothing is. */
export function scheduleProblem(schedule: string): string | null {
  const parts = schedule.trim().split(/\s+/);
  if (parts.length !== 5) return 'it has not the five fields of cron';
  for (const [index, field] of fields.entries()) {
    const problem = fieldProblem(parts[index] ?? '', field);
    if (problem !== null) return problem;
  }
  return null;
}

function fieldProblem(text: string, { name, least, most }: Field): string | null {
  for (const item of text.split(',')) {
    const found = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(item);
    if (!found || found[3] === '0') return `"${item}" is no ${name}`;
    const [, from, to] = found;
    for (const number of [from, to]) {
      if (number !== undefined && (Number(number) < least || Number(number) > most))
        return `"${number}" is no ${name} (${least} to ${most})`;
    }
    if (from !== undefined && to !== undefined && Number(from) > Number(to)) return `"${item}" goes backwards`;
  }
  return null;
}

/**
 * The expressions for OnCalendar=. Two where cron means "or": a day of the month and a day of the week. `schedule` is one that
 * `scheduleProblem` has nothing against.
 */
export function calendarOf(schedule: string): readonly string[] {
  const [minute = '*', hour = '*', day = '*', month = '*', weekday = '*'] = schedule.trim().split(/\s+/);
  const time = `${part(hour, 0, 23)}:${part(minute, 0, 59)}:00`;
  const date = (days: string) => `*-${part(month, 1, 12)}-${part(days, 1, 31)}`;
  const days = weekday === '*' ? '' : `${weekdaysOf(weekday)} `;
  if (weekday !== '*' && day !== '*') return [`${date(day)} ${time}`, `${days}${date('*')} ${time}`];
  return [`${days}${date(day)} ${time}`];
}

/** `*` with a step begins at the least value, as cron has it; a step in a range is written out. */
function part(text: string, least: number, most: number): string {
  return text
    .split(',')
    .map((item) => {
      const [range = '', step] = item.split('/');
      const [from, to] = range.split('-');
      if (range === '*') return step === undefined ? '*' : `${least}/${step}`;
      if (step !== undefined) return steps(Number(from), Number(to ?? most), Number(step)).join(',');
      return to === undefined ? range : `${from ?? ''}..${to}`;
    })
    .join(',');
}

function steps(from: number, to: number, step: number): readonly number[] {
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);
}

function weekdaysOf(text: string): string {
  const numbers = text.split(',').flatMap((item) => {
    const [range = '', step = '1'] = item.split('/');
    const [from, to] = range === '*' ? ['0', '6'] : range.split('-');
    const last = to ?? (item.includes('/') ? '6' : from);
    return steps(Number(from), Number(last), Number(step));
  });
  return [...new Set(numbers.map((number) => weekdays[number] ?? 'Sun'))].join(',');
}
