// Facts that are the words of one small file each: time, name servers, the kernel's command line, what lsb_release says.
import type { Json, JsonObject } from '../../lib/json.ts';
import { distribution } from './distribution.ts';
import { assignments, known, type Collector } from './source.ts';

export const dateTime: Collector = {
  name: 'date_time',
  minimal: true,
  facts: ['date_time'],
  script: `vz date; date '+%Y/%m/%d/%H/%M/%S/%Z/%z/%A/%w/%W/%s/%N'`,
  parse(source) {
    const fields = source.output('date').trim().split('/');
    const [year = '', month = '', day = '', hour = '', minute = '', second = '', tz = '', offset = ''] = fields;
    const [weekday = '', weekdayNumber = '', week = '', epoch = '', nanoseconds = ''] = fields.slice(8);
    if (!/^\d+$/.test(epoch)) return {};
    const utc = new Date(Number(epoch) * 1000).toISOString().slice(0, 19);
    // BusyBox has no parts of a second.
    const micro = /^\d{9}$/.test(nanoseconds) ? nanoseconds.slice(0, 6) : '000000';
    return {
      date_time: {
        ...{ year, month, day, hour, minute, second, tz, tz_dst: tz, tz_offset: offset },
        ...{ weekday, weekday_number: weekdayNumber, weeknumber: week },
        date: `${year}-${month}-${day}`,
        time: `${hour}:${minute}:${second}`,
        epoch,
        epoch_int: epoch,
        iso8601: `${utc}Z`,
        iso8601_micro: `${utc}.${micro}Z`,
        iso8601_basic: `${year}${month}${day}T${hour}${minute}${second}${micro}`,
        iso8601_basic_short: `${year}${month}${day}T${hour}${minute}${second}`,
      },
    };
  },
};

export const dns: Collector = {
  name: 'dns',
  minimal: true,
  facts: ['dns'],
  files: ['/etc/resolv.conf'],
  parse(source) {
    const found: Record<string, Json> = {};
    const nameservers: string[] = [];
    for (const line of source.lines('/etc/resolv.conf')) {
      if (/^\s*[#;]/.test(line)) continue;
      const [keyword = '', ...values] = line.trim().split(/\s+/);
      if (keyword === 'nameserver') nameservers.push(...values.slice(0, 1));
      else if (keyword === 'domain' && values[0] !== undefined) found['domain'] = values[0];
      else if (keyword === 'search' || keyword === 'sortlist') found[keyword] = values;
      else if (keyword === 'options') found['options'] = options(values);
    }
    return { dns: { ...(nameservers.length > 0 ? { nameservers } : {}), ...found } };
  },
};

function options(words: readonly string[]): JsonObject {
  const option = (word: string): readonly [string, Json] => {
    const at = word.indexOf(':');
    return at === -1 ? [word, true] : [word.slice(0, at), word.slice(at + 1)];
  };
  return Object.fromEntries(words.map(option));
}

export const commandLine: Collector = {
  name: 'cmdline',
  minimal: true,
  facts: ['cmdline', 'proc_cmdline'],
  files: ['/proc/cmdline'],
  parse(source) {
    const line = source.first('/proc/cmdline');
    if (line === undefined) return {};
    const all = new Map<string, (string | true)[]>();
    for (const word of line.match(/(?:"[^"]*"|\S)+/g) ?? []) {
      const at = word.indexOf('=');
      const name = at === -1 ? word : word.slice(0, at);
      const value = at === -1 ? true : word.slice(at + 1).replace(/^"(.*)"$/, '$1');
      all.set(name, [...(all.get(name) ?? []), value]);
    }
    // The one tells the last value of a name, the other all of them.
    return {
      cmdline: Object.fromEntries([...all].map(([name, values]) => [name, values.at(-1) ?? true] as const)),
      proc_cmdline: Object.fromEntries(
        [...all].map(([name, values]) => [name, values.length > 1 ? values : (values[0] ?? true)] as const),
      ),
    };
  },
};

/** What `lsb_release -a` prints is in os-release too; asking it takes longer than all other facts together. */
export const lsb: Collector = {
  name: 'lsb',
  minimal: true,
  facts: ['lsb'],
  files: ['/etc/os-release', '/etc/debian_version', '/etc/lsb-release'],
  script: 'vz lsb; command -v lsb_release',
  parse(source) {
    const said = assignments(source.lines('/etc/lsb-release'));
    if (source.output('lsb').trim() === '' && said.size === 0) return { lsb: {} };
    const release = assignments(source.lines('/etc/os-release'));
    const number = said.get('DISTRIB_RELEASE') ?? release.get('VERSION_ID');
    return {
      lsb: known({
        id: said.get('DISTRIB_ID') ?? distribution.parse(source)['distribution'],
        description: said.get('DISTRIB_DESCRIPTION') ?? release.get('PRETTY_NAME'),
        release: number,
        major_release: number?.split('.')[0],
        codename: said.get('DISTRIB_CODENAME') ?? release.get('VERSION_CODENAME'),
      }),
    };
  },
};

export const load: Collector = {
  name: 'loadavg',
  facts: ['loadavg'],
  files: ['/proc/loadavg'],
  parse(source) {
    const numbers = source.first('/proc/loadavg')?.split(' ').map(Number);
    const [one = Number.NaN, five = Number.NaN, fifteen = Number.NaN] = numbers ?? [];
    return Number.isNaN(fifteen) ? {} : { loadavg: { '1m': one, '5m': five, '15m': fifteen } };
  },
};

export const chroot: Collector = {
  name: 'chroot',
  parts: ['is_chroot'],
  facts: ['is_chroot'],
  // The root of the first process is the host's; who may not look there cannot tell, and is then taken to be on the host.
  script: `vz chroot; [ -z "$debian_chroot" ] || echo debian
vz_own=$(stat -L -c %d:%i / 2>/dev/null) && vz_first=$(stat -L -c %d:%i /proc/1/root/. 2>/dev/null) && {
[ "$vz_own" = "$vz_first" ] || echo other; }`,
  parse: (source) => ({ is_chroot: source.output('chroot').trim() !== '' }),
};
