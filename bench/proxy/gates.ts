// A figure of each round -> its median, its spread, and whether it keeps a bound.

/** `must` is what a release needs, `aim` what it would like; `side`: a figure of at least or at most that. */
export interface Bound {
  readonly must: number;
  readonly aim?: number;
  readonly side: 'least' | 'most';
}

export interface Verdict {
  readonly kept: boolean;
  /** For people: a sentence with figure, spread and bound. */
  readonly text: string;
}

/** How figures are printed: how many digits behind the point, and their unit. */
export interface Style {
  readonly digits: number;
  readonly unit?: string;
}

/** Of those that are known; NaN of none. */
export function median(numbers: readonly number[]): number {
  const sorted = known(numbers).sort((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length % 2 === 1) return sorted[middle] ?? NaN;
  return ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

function known(figures: readonly number[]): number[] {
  return figures.filter((figure) => !Number.isNaN(figure));
}

/** The median and, of more than one, the lowest and the highest: `0.62 (0.58–0.66)`. Nothing for what has no figure. */
export function withSpread(figures: readonly number[], digits: number): string {
  const all = known(figures);
  const show = (figure: number): string => figure.toFixed(digits);
  if (all.length === 0) return '';
  if (all.length === 1) return show(median(all));
  return `${show(median(all))} (${show(Math.min(...all))}–${show(Math.max(...all))})`;
}

function keeps(figure: number, { side }: Bound, limit: number): boolean {
  return side === 'least' ? figure >= limit : figure <= limit;
}

/** What the rounds say about a bound. Without a figure nothing is kept. */
export function judge(what: string, figures: readonly number[], bound: Bound, style: Style): Verdict {
  const { digits, unit = '' } = style;
  const limit = `at ${bound.side} ${bound.must.toFixed(digits)}${unit}`;
  const all = known(figures);
  if (all.length === 0) return { kept: false, text: `gate NOT met: ${what} was not measured (${limit})` };
  const middle = median(all);
  const kept = keeps(middle, bound, bound.must);
  const same = all.every((figure) => keeps(figure, bound, bound.must) === kept);
  const doubt = same ? '' : '; not every round says so';
  const aim =
    bound.aim === undefined
      ? ''
      : `; aim ${bound.aim.toFixed(digits)}${unit} ${keeps(middle, bound, bound.aim) ? 'reached' : 'not reached'}`;
  const state = kept ? 'gate met' : 'gate NOT met';
  return { kept, text: `${state}: ${what} ${withSpread(figures, digits)}${unit}, ${limit}${doubt}${aim}` };
}
