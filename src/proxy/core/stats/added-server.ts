// The words of `add server`: those of a `server` line that a server can have of its own while the proxy runs.
import type { CheckTiming, NewServer } from '../config/edit.ts';

type Word = (found: ServerWords, value: string) => string | undefined;

interface ServerWords extends Omit<NewServer, 'name' | 'address' | 'port'> {
  check?: boolean;
  backup?: boolean;
  disabled?: boolean;
  cookie?: string;
  weight?: number;
  maxconn?: number;
  minconn?: number;
  maxqueue?: number;
  timing?: CheckTiming;
}

const flags: Readonly<Record<string, (found: ServerWords) => void>> = {
  check: (found) => void (found.check = true),
  'no-check': (found) => void (found.check = false),
  backup: (found) => void (found.backup = true),
  'no-backup': (found) => void (found.backup = false),
  disabled: (found) => void (found.disabled = true),
  enabled: (found) => void (found.disabled = false),
};

const settings: Readonly<Record<string, Word>> = {
  weight: number(256, (found, value) => (found.weight = value)),
  maxconn: number(9_999_999, (found, value) => (found.maxconn = value)),
  minconn: number(9_999_999, (found, value) => (found.minconn = value)),
  maxqueue: number(9_999_999, (found, value) => (found.maxqueue = value)),
  fall: number(1000, (found, fall) => (found.timing = { ...found.timing, fall: Math.max(1, fall) })),
  rise: number(1000, (found, rise) => (found.timing = { ...found.timing, rise: Math.max(1, rise) })),
  inter: time((found, interMs) => (found.timing = { ...found.timing, interMs })),
  fastinter: time((found, fastinterMs) => (found.timing = { ...found.timing, fastinterMs })),
  downinter: time((found, downinterMs) => (found.timing = { ...found.timing, downinterMs })),
  port: number(65_535, (found, port) => (found.timing = { ...found.timing, port })),
  addr: (found, address) => void (found.timing = { ...found.timing, address }),
  cookie: (found, cookie) => void (found.cookie = cookie),
};

/** What is the backend's here, for all of its servers. */
const ofBackend = /^(?:no-)?(?:ssl|verify|verifyhost|sni|alpn|ca-file|crt|ciphers|ciphersuites|check-ssl|check-sni|check-alpn|proto|check-proto|send-proxy|send-proxy-v2|ssl-min-ver|ssl-max-ver|agent-check|agent-port|agent-inter|observe|on-error|error-limit|slowstart|source)$/; // prettier-ignore

/** Reads them; or what is wrong, as HAProxy says it. */
export function parseServerWords(words: readonly string[]): ServerWords | string {
  const found: ServerWords = {};
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const flag = Object.hasOwn(flags, word) ? flags[word] : undefined;
    const setting = Object.hasOwn(settings, word) ? settings[word] : undefined;
    if (flag) flag(found);
    else if (setting) {
      at += 1;
      const value = words[at];
      if (value === undefined) return `'${word}' expects a value.`;
      const problem = setting(found, value);
      if (problem !== undefined) return `'${word}' : ${problem}`;
    } else if (ofBackend.test(word)) return `'${word}' : it is what the backend says for all of its servers.`;
    else
      return `unknown keyword '${word}'; there are ${[...Object.keys(flags), ...Object.keys(settings)].sort().join(', ')}.`;
  }
  return found;
}

function number(highest: number, take: (found: ServerWords, value: number) => unknown): Word {
  return (found, text) => {
    if (!/^[0-9]{1,7}$/.test(text) || Number(text) > highest) return `a number up to ${highest} expected.`;
    take(found, Number(text));
    return undefined;
  };
}

/** A bare number is in milliseconds. */
function time(take: (found: ServerWords, valueMs: number) => unknown): Word {
  return (found, text) => {
    const [, count, unit = 'ms'] = /^([0-9]{1,9})(ms|s|m|h)?$/.exec(text) ?? [];
    const valueMs = Number(count) * ({ ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit] ?? 1);
    if (count === undefined || valueMs < 1) return 'a time such as `500ms` or `2s` expected.';
    take(found, valueMs);
    return undefined;
  };
}
