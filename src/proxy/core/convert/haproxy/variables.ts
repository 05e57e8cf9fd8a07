// `http-request set-var(txn.x) SAMPLE` and captures: names under which later lines look at something of the request.
import type { Proxy } from './sections.ts';

/** Samples by the name that stands for them: `var(txn.x)`, `capture.req.hdr(0)`. */
export type Aliases = ReadonlyMap<string, string>;

/** Those of all sections; one that stands for different things is left out. */
export function aliasesOf(proxies: readonly Proxy[]): Aliases {
  const found = new Map<string, string | undefined>();
  const put = (name: string, sample: string): void => {
    found.set(name, !found.has(name) || found.get(name) === sample ? sample : undefined);
  };
  for (const { lines, kind } of proxies) {
    let slot = 0;
    for (const { first, words } of lines) {
      const [, action, sample, third] = words.map(({ text }) => text);
      const name = /^set-var\(([a-z]+\.[\w.]+)\)$/.exec(action ?? '')?.[1];
      const isAlways = !words.some(({ text }) => text === 'if' || text === 'unless');
      if (first.text === 'http-request' && name !== undefined && sample !== undefined)
        put(`var(${name})`, isAlways ? sample : `${name} under a condition`);
      if (kind === 'backend') continue;
      if (first.text === 'capture' && action === 'request' && third !== undefined)
        put(`capture.req.hdr(${slot++})`, `req.hdr(${third})`);
      if (first.text === 'declare' && sample === 'request') slot += 1;
    }
  }
  return new Map([...found].flatMap(([name, sample]) => (sample === undefined ? [] : [[name, sample] as const])));
}

/** The text with what the names stand for: `var(txn.host),lower` -> `req.hdr(host),lower`. */
export function unaliased(text: string, aliases: Aliases): string {
  const [, name = '', rest = ''] = /^((?:var|capture\.req\.hdr)\([^)]*\))(.*)$/.exec(text) ?? [];
  const sample = aliases.get(name);
  return sample === undefined ? text : sample + rest;
}

/** Samples that still say something when there is a response; HAProxy never finds the others there. */
export function isLate(sample: string): boolean {
  return /^(?:ssl_|src\b|src_|dst\b|dst_|always_|var\(|capture\.)/.test(sample);
}
