// What a command of the stats socket is answered with: data, or a message. A message has a severity, which a session may ask to
// be told (`set severity-output`): so programs know what failed without knowing all words.

/** As in syslog: the place is the number. */
const severities = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const;
type Severity = (typeof severities)[number];

export interface Message {
  readonly text: string;
  readonly severity: Severity;
}

/** A bare text is data. */
export type Reply = string | Message;

export const severityOutputs = ['none', 'number', 'string'] as const;
/** How severities are told. */
export type SeverityOutput = (typeof severityOutputs)[number];

/** It was not done: always an error, where HAProxy only warns of a few. */
export function failure(text: string): Message {
  return { text, severity: 'err' };
}

/** What was done, or need not be. */
export function note(text: string, severity: 'warning' | 'notice' | 'info' = 'info'): Message {
  return { text, severity };
}

/** As it goes to the client. Where nothing is said there is no severity either. */
export function replyText(reply: Reply, output: SeverityOutput): string {
  if (typeof reply === 'string') return reply;
  const { text, severity } = reply;
  if (output === 'none' || text === '') return text;
  return `[${output === 'number' ? severities.indexOf(severity) : severity}]: ${text}`;
}

/** What was said with numbers: without them, and whether anything failed. */
export function readNumbered(said: string): { readonly text: string; readonly failed: boolean } {
  const mark = /^\[([0-7])\]: /gm;
  const failed = [...said.matchAll(mark)].some(([, severity]) => Number(severity) <= severities.indexOf('err'));
  return { text: said.replaceAll(mark, ''), failed };
}
