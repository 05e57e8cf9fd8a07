// What frontends do with requests: rules, rewrites, redirects, edits and middleware, case by case from the files beside.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseAddress } from '../../../src/proxy/core/address.ts';
import { readConfig } from '../../../src/proxy/core/config/read.ts';
import { compileFrontend } from '../../../src/proxy/core/handling/compile.ts';
import type { Incoming } from '../../../src/proxy/core/handling/incoming.ts';
import { RateLimit } from '../../../src/proxy/core/handling/rate-limit.ts';
import { parseRequestHead, RequestHead } from '../../../src/proxy/core/http/request-head.ts';
import { parseResponseHead } from '../../../src/proxy/core/http/response-head.ts';

interface Step {
  readonly request: string;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly from?: string;
  readonly sni?: string;
  readonly scheme?: 'http' | 'https';
  readonly atMs?: number;
  /** `backend NAME`, or a status with what follows it in the Location header. */
  readonly gives: string;
  /** What servers see. */
  readonly target?: string;
  readonly sees?: readonly string[];
  readonly lacks?: readonly string[];
  /** What a server answers, and what then goes to the client. */
  readonly answer?: readonly string[];
  readonly returns?: readonly string[];
  readonly withholds?: readonly string[];
}

interface Case {
  readonly name: string;
  readonly frontend: { readonly rules?: readonly { readonly backend?: string }[] };
  readonly steps: readonly Step[];
}

const limits = { headerBytes: 16_384, headers: 128, uriBytes: 8192 };

function incomingOf(step: Step): Incoming {
  const headers = Object.entries({ Host: step.host ?? 'example.org', ...step.headers });
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const head = parseRequestHead(`${step.request} HTTP/1.1\r\n${lines}`, limits);
  if (!(head instanceof RequestHead)) throw new Error(`refused: ${head.reason}`);
  const from = step.from ?? '192.0.2.1';
  const nowMs = 1_000_000 + (step.atMs ?? 0);
  return {
    head,
    peer: parseAddress(from),
    peerText: from,
    port: 4711,
    client: from,
    scheme: step.scheme ?? 'http',
    tls:
      step.sni === undefined
        ? undefined
        : { sni: step.sni, version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256', client: undefined },
    frontend: 'http',
    nowMs,
    epochMs: 1_700_000_000_000,
    target: head.target,
    requestId: '',
  };
}

/** Names of backends that the rules of a case use. */
function configOf({ frontend }: Case): object {
  const names = new Set(['api', ...(frontend.rules ?? []).flatMap(({ backend }) => backend ?? [])]);
  return {
    frontends: [{ name: 'http', bind: ['127.0.0.1:80'], defaultBackend: 'api', ...frontend }],
    backends: [...names].map((name) => ({ name, servers: [{ name: 's1', address: '192.0.2.9', port: 8080 }] })),
  };
}

const files = ['routing', 'rewriting', 'terraster', 'middleware'];

describe.each(files)('%s', (file) => {
  const cases = parse(readFileSync(new URL(`./cases/${file}.yml`, import.meta.url), 'utf8'), { merge: true }) as Case[];
  it.each(cases.map((each) => [each.name, each] as const))('%s', async (_name, each) => {
    const read = readConfig(JSON.stringify(configOf(each)), 'case.json');
    if (!read.ok) throw new Error(read.diagnostics.map(({ message }) => message).join('\n'));
    const [config] = read.config.frontends;
    if (!config) throw new Error('no frontend');
    const known = new Map<string, RateLimit>();
    const frontend = compileFrontend(config, (wanted) => {
      if (!wanted) return undefined;
      const limit = known.get(wanted.id) ?? new RateLimit(wanted);
      known.set(wanted.id, limit);
      return limit;
    });
    for (const step of each.steps) {
      const incoming = incomingOf(step);
      const handling = frontend.handlingOf(incoming);
      const verdict = await handling.check(incoming, () => 'id-1');
      const finished = verdict && handling.finished(incoming, verdict);
      const location = /^Location: (.*)\r$/m.exec(finished?.fields ?? '')?.[1];
      const given = finished
        ? `${finished.status}${location === undefined ? '' : ` ${location}`}`
        : `backend ${handling.backend ?? 'none'}`;
      expect({ request: step.request, gives: given }).toEqual({ request: step.request, gives: step.gives });
      if (step.target !== undefined) expect(incoming.target).toBe(step.target);
      for (const line of step.sees ?? []) expect(incoming.head.fields).toContain(`${line}\r\n`);
      for (const text of step.lacks ?? []) expect(incoming.head.fields).not.toContain(text);
      let returned = (finished?.fields ?? '') + (finished?.body ?? '');
      if (step.answer) {
        const head = parseResponseHead(`HTTP/1.1 ${step.answer.join('\r\n')}\r\n`, false);
        if (typeof head === 'string') throw new Error(head);
        const facts = { status: head.status, backend: 'api', server: 's1', attempt: 1 };
        returned = handling.edited(incoming, head, facts, ['example.org', '192.0.2.9:8080']).fields;
      }
      for (const line of step.returns ?? []) expect(returned).toContain(line);
      for (const text of step.withholds ?? []) expect(returned).not.toContain(text);
    }
  });
});
