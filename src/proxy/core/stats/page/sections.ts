// Tables of the statistics page: one for each backend with its servers, one for the frontends.
import { historyLength, type RateTracker } from '../rates.ts';
import type { Row } from '../rows.ts';
import { sparkline } from './sparkline.ts';
import { duration, escapeHtml, milliseconds, quantity } from './words.ts';

/** Header cells: text, and whether only wide screens show the column. */
const serverHeads: readonly (readonly [string, string])[] = [
  ['Server', 'l'],
  ['State', 'l'],
  ['Admin', 'actions'],
  ['Weight', 'wide'],
  ['Now', ''],
  ['Queue', 'wide'],
  ['Req/s', ''],
  ['Latency', ''],
  ['Last two minutes', 'wide'],
  ['Requests', ''],
  ['4xx', 'wide'],
  ['5xx', ''],
  ['Failed', ''],
  ['Retries', 'wider'],
  ['In', 'wider'],
  ['Out', 'wide'],
  ['Check', 'wide'],
  ['Since', 'wide'],
];

/** `stuck`: entries of its stick table, if it has one. */
export function backendSection(
  backend: Row,
  servers: readonly Row[],
  rates: RateTracker,
  stuck: number | undefined,
): string {
  const name = escapeHtml(text(backend['pxname']));
  const cookie = backend['cookie'] === undefined ? '' : `, cookie ${escapeHtml(text(backend['cookie']))}`;
  const table = stuck === undefined ? '' : `, ${quantity(stuck)} in its stick table`;
  const heads = serverHeads.map(
    ([head, kind]) => `<th scope="col"${kind === '' ? '' : ` class="${kind}"`}>${head}</th>`,
  );
  return (
    `<section aria-labelledby="b-${name}"><div class="head"><h2 id="b-${name}">${name}</h2>${pill(text(backend['status']))}` +
    `<span class="facts">${escapeHtml(text(backend['algo']))}${cookie}${table}</span></div><div class="wrap"><table><thead><tr>${heads.join('')}</tr></thead><tbody>` +
    `${servers.map((row) => serverLine(row, rates)).join('')}${serverLine(backend, rates)}</tbody></table></div></section>`
  );
}

function serverLine(row: Row, rates: RateTracker): string {
  const isServer = row['type'] === 2;
  const name = text(row['svname']);
  const key = isServer ? `${text(row['pxname'])}/${name}` : text(row['pxname']);
  const history = rates.historyOf(isServer ? `server:${key}` : `backend:${key}`);
  const throttle = row['throttle'] === undefined ? '' : ` <span class="soft">${text(row['throttle'])} %</span>`;
  const under = isServer ? `<small>${escapeHtml(text(row['addr']))}</small>` : '';
  const failed = Number(row['econ'] ?? 0) + Number(row['eresp'] ?? 0);
  const curve = sparkline(
    history.map(({ latency }) => latency),
    historyLength,
    `Latency of ${escapeHtml(name)}, last two minutes`,
  );
  const latency = history.findLast((point) => point.latency !== undefined)?.latency;
  return (
    `<tr${isServer ? '' : ' class="total"'} data-row="${escapeHtml(key)}"><th scope="row">${escapeHtml(name)}${under}</th>` +
    `<td class="l">${pill(text(row['status']))}</td><td class="actions">${isServer ? buttons(row, key) : ''}</td><td class="wide">${text(row['weight'])}${throttle}</td>${number(row['scur'])}` +
    `${number(row['qcur'], 'wide')}<td>${quantity(history.at(-1)?.requests ?? 0)}</td><td>${milliseconds(latency)}</td>` +
    `<td class="wide">${curve}</td>${number(row['stot'])}${number(row['hrsp_4xx'], 'wide')}${number(row['hrsp_5xx'], 'bad')}` +
    `${number(failed, 'bad')}${number(row['wretr'], 'wider')}<td class="wider">${quantity(Number(row['bin'] ?? 0), 'B')}</td>` +
    `<td class="wide">${quantity(Number(row['bout'] ?? 0), 'B')}</td><td class="wide soft">${escapeHtml(check(row))}</td>` +
    `<td class="wide soft">${row['lastchg'] === undefined ? '' : duration(Number(row['lastchg']))}</td></tr>`
  );
}

function buttons(row: Row, key: string): string {
  const status = text(row['status']);
  const state = status.startsWith('MAINT') ? 'maint' : status === 'DRAIN' ? 'drain' : 'ready';
  const server = escapeHtml(key);
  return ['ready', 'drain', 'maint']
    .map((wanted) => {
      const label = { ready: 'Ready', drain: 'Drain', maint: 'Maint' }[wanted] ?? wanted;
      return `<button type="button" data-server="${server}" data-set="${wanted}"${wanted === state ? ' disabled' : ''} aria-label="${label} ${server}">${label}</button>`;
    })
    .join(' ');
}

function check(row: Row): string {
  if (row['check_status'] === undefined) return '';
  const code = row['check_code'] === undefined ? '' : `/${text(row['check_code'])}`;
  return `${text(row['check_status'])}${code} ${text(row['check_duration'] ?? 0)} ms`;
}

const frontendHeads = [
  'Frontend',
  'State',
  'Connections',
  'Limit',
  'Req/s',
  'Requests',
  '2xx',
  '3xx',
  '4xx',
  '5xx',
  'Invalid',
  'Denied',
  'In',
  'Out',
];

export function frontendSection(frontends: readonly Row[], rates: RateTracker): string {
  const heads = frontendHeads.map((head, index) => `<th scope="col"${index < 2 ? ' class="l"' : ''}>${head}</th>`);
  const lines = frontends.map((row) => {
    const name = text(row['pxname']);
    const numbers = ['stot', 'hrsp_2xx', 'hrsp_3xx', 'hrsp_4xx'].map((column) =>
      number(row[column === 'stot' ? 'req_tot' : column]),
    );
    const last = rates.historyOf(`frontend:${name}`).at(-1);
    return (
      `<tr data-row="${escapeHtml(name)}"><th scope="row">${escapeHtml(name)}</th><td class="l">${pill(text(row['status']))}</td>` +
      `${number(row['scur'])}<td class="soft">${quantity(Number(row['slim'] ?? 0))}</td><td>${quantity(last?.requests ?? 0)}</td>${numbers.join('')}` +
      `${number(row['hrsp_5xx'], 'bad')}${number(row['ereq'])}${number(row['dreq'])}` +
      `<td>${quantity(Number(row['bin'] ?? 0), 'B')}</td><td>${quantity(Number(row['bout'] ?? 0), 'B')}</td></tr>`
    );
  });
  return `<section aria-labelledby="frontends"><div class="head"><h2 id="frontends">Frontends</h2></div><div class="wrap"><table><thead><tr>${heads.join('')}</tr></thead><tbody>${lines.join('')}</tbody></table></div></section>`;
}

function number(value: string | number | undefined, kind = ''): string {
  const amount = Number(value ?? 0);
  const tone = amount === 0 ? 'zero' : kind === 'bad' ? 'some' : '';
  const classes = [kind.startsWith('wide') ? kind : '', tone].filter((each) => each !== '').join(' ');
  return `<td${classes === '' ? '' : ` class="${classes}"`} title="${amount}">${quantity(amount)}</td>`;
}

function pill(status: string): string {
  const tone = /^(UP$|OPEN)/.test(status)
    ? 'up'
    : status.startsWith('DOWN') || status === 'STOP'
      ? 'down'
      : status === 'no check'
        ? ''
        : 'warn';
  return `<span class="pill ${tone}">${escapeHtml(status)}</span>`;
}

function text(value: string | number | undefined): string {
  return value === undefined ? '' : String(value);
}
