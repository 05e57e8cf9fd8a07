// How two peers greet: who calls says three lines, who is called answers with a status.

export const statuses = {
  200: 'handshake succeeded',
  300: 'try again later',
  501: 'protocol error',
  502: 'bad version',
  503: 'it has another name',
  504: 'it does not know us',
} as const;

export type Status = keyof typeof statuses;

/** Three lines of names are far shorter. */
export const maxHelloBytes = 1024;

export interface Hello {
  /** Whom it wants to speak to. */
  readonly to: string;
  readonly from: string;
}

const version = '2.1';

export function writeHello({ to, from }: Hello, processId: number): string {
  return `HAProxyS ${version}\n${to}\n${from} ${processId} 0\n`;
}

/** What a caller said in its three lines, or what to answer. */
export function readHello(lines: readonly string[]): Hello | Status {
  const [first = '', to = '', who = ''] = lines.map((line) => line.replace(/\r$/, ''));
  const [, major, minor] = /^HAProxyS ([0-9]{1,4})\.([0-9]{1,4})$/.exec(first) ?? [];
  if (major === undefined) return 501;
  if (major !== '2' || Number(minor) < 1) return 502;
  const [, from] = /^(\S+) [0-9]+ [0-9]+$/.exec(who) ?? [];
  return from === undefined || to === '' ? 501 : { to, from };
}

/** The status of an answer; undefined: it is none. */
export function readStatus(line: string): Status | undefined {
  const code = Number(/^([0-9]{3})\r?$/.exec(line)?.[1]);
  return code in statuses ? (code as Status) : undefined;
}
