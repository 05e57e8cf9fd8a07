// A small curve of the last two minutes, as SVG without text: what it shows stands beside it.

const width = 120;
const height = 28;

/** Values oldest first; gaps are undefined. `label` is read by who cannot see. */
export function sparkline(values: readonly (number | undefined)[], slots: number, label: string, tone = ''): string {
  const known = values.filter((value) => value !== undefined);
  const top = Math.max(1e-9, ...known);
  const step = width / Math.max(1, slots - 1);
  const left = width - step * (values.length - 1);
  const runs: string[][] = [[]];
  values.forEach((value, index) => {
    if (value === undefined) runs.push([]);
    else runs.at(-1)?.push(`${round(left + index * step)},${round(height - 2 - (value / top) * (height - 4))}`);
  });
  const drawn = runs.filter((run) => run.length > 0);
  const lines = drawn.map(
    (run) => `<path class="line" d="M${(run.length === 1 ? [...run, ...run] : run).join('L')}"/>`,
  );
  const areas = drawn
    .filter((run) => run.length > 1)
    .map((run) => `<path class="area" d="M${xOf(run[0])},${height}L${run.join('L')}L${xOf(run.at(-1))},${height}Z"/>`);
  return `<svg class="spark ${tone}" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${label}">${areas.join('')}${lines.join('')}</svg>`;
}

function xOf(point: string | undefined): string {
  return (point ?? '0,0').split(',')[0] ?? '0';
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
