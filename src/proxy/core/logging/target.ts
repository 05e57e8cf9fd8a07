// Where log lines may go, as a configuration writes it.

export type LogTarget =
  | { readonly kind: 'off' }
  | { readonly kind: 'stdout' }
  | { readonly kind: 'stderr' }
  | { readonly kind: 'file'; readonly path: string }
  /** Syslog over UDP, one datagram a line. */
  | { readonly kind: 'udp'; readonly host: string; readonly port: number }
  /** A syslog daemon's unix socket, such as /dev/log. */
  | { readonly kind: 'unix'; readonly path: string };

export const targetPattern = String.raw`^(off|stdout|stderr|syslog|/.+|unix:/.+|udp://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(:[0-9]{1,5})?)$`;

/** The target, or undefined if the text is none. */
export function parseLogTarget(text: string): LogTarget | undefined {
  if (text === 'off' || text === 'stdout' || text === 'stderr') return { kind: text };
  if (text === 'syslog') return { kind: 'unix', path: '/dev/log' };
  if (text.startsWith('/')) return { kind: 'file', path: text };
  if (text.startsWith('unix:/')) return { kind: 'unix', path: text.slice('unix:'.length) };
  const match = /^udp:\/\/(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9_.-]+))(?::([0-9]{1,5}))?$/.exec(text);
  if (!match) return undefined;
  const port = Number(match[3] ?? 514);
  return port > 65_535 || port === 0 ? undefined : { kind: 'udp', host: match[1] ?? match[2] ?? '', port };
}

export const facilities = (
  'kern user mail daemon auth syslog lpr news uucp cron auth2 ftp ntp audit alert cron2 ' +
  'local0 local1 local2 local3 local4 local5 local6 local7'
).split(' ');
