// The statistics page: one self-contained HTML document, complete without JavaScript. Everything shown is escaped.
import type { Row } from './rows.ts';

export interface PageFacts {
  readonly title: string;
  readonly refreshMs: number;
  readonly workers: number;
  readonly pid: number;
  readonly uptimeMs: number;
  readonly csvHref: string;
}

const heads = [
  'Server',
  'Status',
  'Weight',
  'Cur',
  'Max',
  'Total',
  'Queue',
  'In',
  'Out',
  '2xx',
  '4xx',
  '5xx',
  'Conn err',
  'Resp err',
  'Retries',
  'Redisp',
  'Check',
  'Last change',
  'Downtime',
  'Time ms',
];

const style = `:root{color-scheme:light dark;--line:#8884;--up:#1a7f37;--down:#c62828;--warn:#b26a00}
body{font:14px/1.45 system-ui,sans-serif;margin:1.5rem;max-width:1500px}h1{font-size:1.3rem;margin:0}h2{font-size:1.05rem;margin:1.6rem 0 .4rem}
p{margin:.2rem 0;opacity:.8}.wrap{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .55rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}th:first-child,td:first-child,.l{text-align:left}
th{font-weight:600;font-size:.85em;opacity:.8}tr.total td{font-weight:600}.s{font-weight:600}.up{color:var(--up)}.down{color:var(--down)}.warn{color:var(--warn)}`;

/** The whole document. */
export function statsPage(rows: readonly Row[], facts: PageFacts): string {
  const names = [...new Set(rows.map((row) => String(row['pxname'])))];
  const tables = names
    .map((name) =>
      section(
        name,
        rows.filter((row) => row['pxname'] === name),
      ),
    )
    .join('');
  const refresh =
    facts.refreshMs > 0
      ? `<meta http-equiv="refresh" content="${Math.max(1, Math.round(facts.refreshMs / 1000))}">`
      : '';
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">${refresh}
<title>${escapeHtml(facts.title)}</title><style>${style}</style></head><body>
<h1>${escapeHtml(facts.title)}</h1>
<p>pid ${facts.pid}, ${facts.workers} workers, up ${escapeHtml(duration(facts.uptimeMs / 1000))}. <a href="${escapeHtml(facts.csvHref)}">CSV</a></p>
${tables}</body></html>
`;
}

function section(name: string, rows: readonly Row[]): string {
  const head = heads.map((text, index) => `<th scope="col"${index < 2 ? ' class="l"' : ''}>${text}</th>`).join('');
  return `<h2>${escapeHtml(name)}</h2><div class="wrap"><table><thead><tr>${head}</tr></thead><tbody>${rows.map(line).join('')}</tbody></table></div>`;
}

function line(row: Row): string {
  const total = row['type'] !== 2;
  const status = String(row['status'] ?? '');
  const cells = [
    ['scur', 'smax', 'stot', 'qcur'],
    ['hrsp_2xx', 'hrsp_4xx', 'hrsp_5xx', 'econ', 'eresp', 'wretr', 'wredis'],
  ].map((names) => names.map((name) => cell(row[name])).join(''));
  const throttle = row['throttle'] === undefined ? '' : ` (${row['throttle']} %)`;
  const check =
    row['check_status'] === undefined
      ? ''
      : `${row['check_status']}${row['check_code'] === undefined ? '' : `/${row['check_code']}`} ${row['check_duration'] ?? 0} ms`;
  const changed = row['lastchg'] === undefined ? '' : duration(Number(row['lastchg']));
  const down = row['downtime'] === undefined ? '' : duration(Number(row['downtime']));
  return (
    `<tr${total ? ' class="total"' : ''}><td>${escapeHtml(String(row['svname']))}</td>` +
    `<td class="l s ${tone(status)}">${escapeHtml(status)}</td>${cell(`${row['weight'] ?? ''}${throttle}`)}${cells[0] ?? ''}` +
    `${cell(size(Number(row['bin'] ?? 0)))}${cell(size(Number(row['bout'] ?? 0)))}${cells[1] ?? ''}` +
    `${cell(check)}${cell(changed)}${cell(down)}${cell(row['ttime'])}</tr>`
  );
}

function cell(value: string | number | undefined): string {
  return `<td>${escapeHtml(String(value ?? ''))}</td>`;
}

function tone(status: string): string {
  if (status === 'UP' || status === 'OPEN' || status === 'no check') return 'up';
  return status.startsWith('DOWN') ? 'down' : 'warn';
}

function size(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ''}`;
}

function duration(seconds: number): string {
  const whole = Math.floor(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${whole % 60}s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)}h${Math.floor((whole % 3600) / 60)}m`;
  return `${Math.floor(whole / 86_400)}d${Math.floor((whole % 86_400) / 3600)}h`;
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
