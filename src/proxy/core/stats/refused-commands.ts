// Commands of HAProxy that there are none of here: why, and what to do instead.

interface Refused {
  readonly words: RegExp;
  readonly why: string;
}

const files = 'change the file and say `reload` (or `run --watch` sees it): no connection is lost.';

const refused: readonly Refused[] = [
  {
    words: /^(?:show|set|add|del|new|commit|abort) ssl (?:ca-file|crl-file|crlfile|crt-list|cert|ocsp-response)\b/,
    why: `its files are what counts: ${files}`,
  },
  {
    words: /^(?:show tls-keys|set ssl tls-key)\b/,
    why: 'keys of session tickets are made, shared by all workers and replaced by the master.',
  },
  {
    words: /^(?:set maxconn global|set rate-limit)\b/,
    why: 'there is no limit for the whole process: use `set maxconn frontend`, or `rateLimit` in the configuration.',
  },
  {
    words: /^(?:show pools|show profiling|set profiling|show tasks|show fd|show threads|show libs|debug)\b/,
    why: 'it is about the inside of HAProxy: `GET /api/debug` of the admin interface has profiles and memory of this one.',
  },
  {
    words: /^(?:show trace|trace|show events|show startup-logs)\b/,
    why: 'the operational log tells it (`log` in the configuration), and `GET /api/events` of the admin interface.',
  },
  {
    words: /^show resolvers\b/,
    why: 'there are no counters of lookups: `show servers state` has the addresses that names have now.',
  },
  { words: /^show cache\b/, why: 'nothing is cached.' },
  {
    words: /^(?:get|set) var\b|^(?:enable|disable|set) dynamic-cookie/,
    why: 'it is what the configuration says: change the file and say `reload`.',
  },
  { words: /^show schema json\b/, why: '`show stat json` and `show info json` need none.' },
];

/** Why there is no such command, if HAProxy has it. */
export function refusal(line: string): string | undefined {
  const found = refused.find(({ words }) => words.test(line));
  return found && `Not a command of veza-proxy: ${found.why}\n`;
}
