// Lines of proxies that no other part reads: which of them matter, and what is said of those that do not go along.
import { nearestName } from '../../../../lib/suggest.ts';
import type { Report } from '../report.ts';
import { isTcp, type Proxy } from './sections.ts';
import type { Line, Word } from './words.ts';

/** Read by other parts. */
const read: ReadonlySet<string> = new Set([
  'acl', 'balance', 'bind', 'capture', 'compression', 'declare', 'log-format', 'cookie', 'default-server', 'default_backend', 'hash-balance-factor',
  'hash-type', 'http-after-response', 'http-check', 'http-request', 'http-response', 'log', 'maxconn', 'mode',
  'monitor', 'monitor-uri', 'option', 'redirect', 'retries', 'retry-on', 'server', 'server-template', 'stats', 'stick', 'stick-table',
  'tcp-check', 'tcp-request', 'errorfile', 'timeout', 'use_backend', 'fullconn', 'http-reuse', 'force-persist', 'use-server',
]); // prettier-ignore

const unneeded: ReadonlySet<string> = new Set([
  'backlog', 'bind-process', 'description', 'enabled', 'hash-preserve-affinity', 'id', 'load-server-state-from-file',
  'log-format-sd', 'log-tag', 'max-keep-alive-queue', 'server-state-file-name', 'unique-id-format',
  'unique-id-header', 'clitcpka-cnt', 'srvtcpka-cnt', 'email-alert', 'rate-limit', 'external-check',
]); // prettier-ignore

const dangerous: readonly string[] = [
  'block', 'disabled', 'dispatch', 'errorfiles', 'errorloc', 'errorloc302', 'errorloc303', 'filter',
  'grace', 'http-error', 'ignore-persist', 'persist', 'source', 'tcp-response', 'use-fcgi-app',
  'reqadd', 'rspadd', 'reqrep', 'rsprep', 'transparent',
]; // prettier-ignore

const errorPages: ReadonlySet<string> = new Set(['errorfiles', 'errorloc', 'errorloc302', 'errorloc303', 'http-error']);

/** Options that are always on here, that other parts read, or that change nothing for clients. */
const options: ReadonlySet<string> = new Set([
  'abortonclose', 'allbackups', 'checkcache', 'contstats', 'dontlog-normal', 'dontlognull', 'forwardfor',
  'http-buffer-request', 'http-keep-alive', 'http-server-close', 'httpchk', 'httpclose', 'httplog', 'tcplog',
  'independent-streams', 'ldap-check', 'log-health-checks', 'log-separate-errors', 'logasap', 'mysql-check', 'nolinger',
  'originalto', 'persist', 'pgsql-check', 'prefer-last-server', 'redis-check', 'redispatch', 'smtpchk',
  'splice-auto', 'splice-request', 'splice-response', 'ssl-hello-chk', 'tcp-check', 'tcp-smart-accept',
  'tcp-smart-connect', 'tcpka', 'clitcpka', 'srvtcpka', 'socket-stats', 'spop-check', 'external-check', 'httpslog',
  'http-use-htx', 'http-pretend-keepalive', 'accept-invalid-http-request', 'accept-invalid-http-response',
  'http-ignore-probes', 'http-no-delay', 'http-use-proxy-header', 'h1-case-adjust-bogus-client',
  'h1-case-adjust-bogus-server', 'forceclose', 'disable-h2-upgrade', 'idle-close-on-response', 'transparent',
]); // prettier-ignore

const optionErrors: ReadonlySet<string> = new Set(['transparent', 'http-use-proxy-header']);
const optionWarnings: Readonly<Record<string, string>> = {
  originalto: 'no X-Original-To is added',
  'accept-invalid-http-request': 'what cannot be understood in one way only is refused',
  'accept-invalid-http-response': 'what cannot be understood in one way only is refused',
  httpclose: 'connections are kept',
  forceclose: 'connections are kept',
};

/** `shared`: lines that hold for a frontend, too. */
export function reportLines(proxy: Proxy, shared: ReadonlySet<Line>, report: Report): void {
  const { kind, lines } = proxy;
  const inTcp = isTcp(proxy);
  for (const line of lines) {
    const { first, words } = line;
    const [, second] = words;
    const name = first.text === 'no' || first.text === 'default' ? (second?.text ?? '') : first.text;
    if (first.text === 'option' && second) option(second.text, line, report);
    else if (errorPages.has(name)) report.warning(first, `\`${name}\`: clients get a short text instead`);
    else if (dangerous.includes(name)) report.error(first, `\`${name}\` cannot be carried over`);
    else if (unneeded.has(name)) report.warning(first, `\`${name}\` has no counterpart here`);
    else if (!read.has(name)) {
      const near = nearestName(name, [...read, ...unneeded, ...dangerous]);
      report.error(
        first,
        `\`${name}\` is no keyword of this section`,
        near === null ? undefined : `Did you mean \`${near}\`?`,
      );
    }
    if (name === 'errorfile' && kind === 'backend' && !shared.has(line))
      report.warning(first, '`errorfile` of a backend: pages stand in frontends and rules here');
    if (name === 'compression' && kind === 'backend' && !shared.has(line))
      report.warning(
        first,
        '`compression` of a backend: it stands in frontends and rules here',
        'Say it of the frontend.',
      );
    if (first.text === 'timeout' && second) timeout(second, report);
    if (first.text === 'tcp-request') tcpRequest(line, inTcp && kind !== 'backend', report);
    if (inTcp && /^http-(?:request|response)$/.test(first.text))
      report.warning(first, `\`${first.text}\` does nothing in mode tcp`);
    if (first.text === 'http-after-response')
      report.error(first, '`http-after-response` cannot be carried over', 'Use http-response.');
  }
}

/** Read by other parts; the rest bounds waits that are bounded here anyway. */
const timeouts = ['check', 'client', 'connect', 'http-keep-alive', 'http-request', 'queue', 'server', 'tunnel'];
const otherTimeouts = ['client-fin', 'server-fin', 'tarpit', 'clitimeout', 'contimeout', 'srvtimeout', 'client-hs'];

function timeout(word: Word, report: Report): void {
  if (timeouts.includes(word.text)) return;
  if (otherTimeouts.includes(word.text)) return report.info(word, `\`timeout ${word.text}\` is not needed`);
  const near = nearestName(word.text, [...timeouts, ...otherTimeouts]);
  report.error(
    word,
    `HAProxy has no \`timeout ${word.text}\``,
    near === null ? undefined : `Did you mean \`${near}\`?`,
  );
}

function option(name: string, { words, first }: Line, report: Report): void {
  const spot = words[1] ?? first;
  if (!options.has(name)) {
    const near = nearestName(name, options);
    report.error(spot, `HAProxy has no \`option ${name}\``, near === null ? undefined : `Did you mean \`${near}\`?`);
  } else if (optionErrors.has(name)) report.error(spot, `\`option ${name}\` cannot be carried over`);
  else if (name in optionWarnings) report.warning(spot, `\`option ${name}\`: ${optionWarnings[name] ?? ''}`);
}

/** `isRead`: what lets in or rejects becomes rules. */
function tcpRequest({ words, first }: Line, isRead: boolean, report: Report): void {
  const text = words.slice(1).map((word) => word.text);
  if (isRead && (text[0] === 'inspect-delay' || text[1] === 'accept' || text[1] === 'reject')) return;
  const isHarmless = text[0] === 'inspect-delay' || text[1] === 'accept' || (text[1] ?? '').startsWith('track-sc');
  if (isHarmless) report.info(words[1] ?? first, 'requests are always read before they are judged');
  else
    report.error(
      words[1] ?? first,
      `\`tcp-request ${text.slice(0, 2).join(' ')}\` cannot be carried over`,
      'Look at `deny` and `allow` of frontends.',
    );
}
