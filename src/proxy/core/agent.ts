// What an agent beside a server says, in the words of HAProxy's agent-check. Pure.

export interface AgentReport {
  /** It vouches for the server, or says that it does not work. */
  readonly up: boolean | undefined;
  /** Why it is down, as it says. */
  readonly reason: string;
  readonly admin: 'ready' | 'drain' | 'maint' | undefined;
  /** Percent of the weight in the file. */
  readonly weightPercent: number | undefined;
  /** Requests at once that it takes, instead of what the file says. */
  readonly maxconn: number | undefined;
}

/** Reads the first line; undefined if it has no known word. A reason may follow `#`. */
export function parseAgentReport(text: string): AgentReport | undefined {
  const [line = ''] = text.split(/[\r\n]/, 1);
  const [words = '', reason = ''] = line.split('#', 2);
  let up: boolean | undefined;
  let admin: AgentReport['admin'];
  let weightPercent: number | undefined;
  let maxconn: number | undefined;
  for (const word of words.toLowerCase().split(/[ \t,]+/)) {
    if (word === 'up') up = true;
    else if (word === 'down' || word === 'fail' || word === 'failed' || word === 'stopped') up = false;
    else if (word === 'ready' || word === 'drain' || word === 'maint') admin = word;
    else if (/^[0-9]{1,4}%$/.test(word)) weightPercent = Number(word.slice(0, -1));
    else if (/^maxconn:[0-9]{1,7}$/.test(word)) maxconn = Number(word.slice('maxconn:'.length));
  }
  if ((up ?? admin ?? weightPercent ?? maxconn) === undefined) return undefined;
  return { up, reason: reason.trim(), admin, weightPercent, maxconn };
}
