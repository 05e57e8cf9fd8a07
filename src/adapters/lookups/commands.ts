// `pipe` and `lines` run a command of the user's on the controller, `url` fetches a page. They wait: so all have a limit.
import { spawnSync } from 'node:child_process';
import type { LookupRequest } from '../../language/controller.ts';
import { flagOption, numberOption, textOption, textTerm } from '../../language/lookups/options.ts';
import type { Value, ValueMap } from '../../language/value.ts';
import { isMap, ownValue } from '../../language/values.ts';
import { VezaError } from '../../lib/errors.ts';
import { limits } from '../../lib/limits.ts';
import { baseOf } from './places.ts';

export const commandLookups = { pipe, lines, url } as const;

function pipe({ terms, scope }: LookupRequest): readonly Value[] {
  return terms.map((term) => run('pipe', textTerm('pipe', term), baseOf(scope)).trimEnd());
}

function lines({ terms, scope }: LookupRequest): readonly Value[] {
  return terms.flatMap((term) => linesOf(run('lines', textTerm('lines', term), baseOf(scope))));
}

/** The command as the user wrote it, through the shell; nothing is added to it. */
function run(plugin: string, command: string, directory: string): string {
  const { status, signal, stdout, stderr, error } = spawnSync('/bin/sh', ['-c', command], {
    cwd: directory,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limits.lookupTimeoutMs,
    maxBuffer: limits.sourceFileBytes,
  });
  if (status === 0 && !error) return stdout;
  const last = stderr.trim().split('\n').at(-1) ?? '';
  const ended = signal ? `was ended by ${signal} (limit ${limits.lookupTimeoutMs / 1000} s)` : `exited with ${status}`;
  throw new VezaError('lookup-failed', `the command of the lookup '${plugin}' ${ended}${last && `: ${last}`}`, {
    hint: `it runs on the controller, in ${directory}: ${command}`,
  });
}

/** Runs in a process of its own, because lookups cannot wait for the network; the request goes over standard input. */
const fetcher = `
const fs = require('node:fs');
const { url, headers, timeoutMs, limit } = JSON.parse(fs.readFileSync(0, 'utf8'));
fetch(url, { headers, signal: AbortSignal.timeout(timeoutMs) })
  .then(async (response) => {
    const parts = [];
    let size = 0;
    for await (const part of response.body ?? []) {
      size += part.length;
      if (size > limit) throw new Error('the answer is larger than ' + limit + ' bytes');
      parts.push(part);
    }
    fs.writeFileSync(1, JSON.stringify({ status: response.status, body: Buffer.concat(parts).toString('utf8') }));
  })
  .catch((error) => {
    fs.writeFileSync(2, String(error.cause?.message ?? error.message));
    process.exitCode = 1;
  });
`;
const urlOptions = [
  'validate_certs',
  'split_lines',
  'username',
  'password',
  'headers',
  'timeout',
  'http_agent',
  'force',
];

function url({ terms, options }: LookupRequest): readonly Value[] {
  const strange = Object.keys(options).find((name) => !urlOptions.includes(name));
  if (strange !== undefined) {
    throw new VezaError('wrong-arguments', `the lookup 'url' has no option '${strange}'`, {
      hint: `it has ${urlOptions.join(', ')}`,
    });
  }
  return terms.flatMap((term) => {
    const body = fetchText(textTerm('url', term), options);
    return flagOption(options, 'split_lines', true) ? linesOf(body) : [body];
  });
}

function fetchText(address: string, options: ValueMap): string {
  if (!/^https?:\/\//i.test(address)) throw new VezaError('wrong-arguments', `'${address}' is no http or https URL`);
  const timeoutMs = Math.min(numberOption(options, 'timeout', 10) * 1000, limits.lookupTimeoutMs);
  const input = JSON.stringify({ url: address, headers: headersOf(options), timeoutMs, limit: limits.sourceFileBytes });
  const checks = flagOption(options, 'validate_certs', true);
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--no-warnings', '-e', fetcher], {
    input,
    encoding: 'utf8',
    timeout: timeoutMs + 2000,
    maxBuffer: limits.sourceFileBytes * 2,
    env: { ...process.env, ...(checks ? {} : { NODE_TLS_REJECT_UNAUTHORIZED: '0' }) },
  });
  if (status !== 0) {
    const why = stderr.trim() || `no answer within ${timeoutMs / 1000} s`;
    throw new VezaError('lookup-failed', `the lookup 'url' cannot read ${address}: ${why}`);
  }
  const answer = JSON.parse(stdout) as { readonly status: number; readonly body: string };
  if (answer.status < 400) return answer.body;
  throw new VezaError('lookup-failed', `the lookup 'url' cannot read ${address}: status ${answer.status}`);
}

function headersOf(options: ValueMap): Readonly<Record<string, string>> {
  const given = ownValue(options, 'headers');
  const user = textOption(options, 'username', '');
  const login = Buffer.from(`${user}:${textOption(options, 'password', '')}`).toString('base64');
  return {
    'user-agent': textOption(options, 'http_agent', 'veza-run'),
    ...(user !== '' && { authorization: `Basic ${login}` }),
    ...(flagOption(options, 'force', false) && { 'cache-control': 'no-cache' }),
    ...(isMap(given) && Object.fromEntries(Object.keys(given).map((name) => [name, textOption(given, name, '')]))),
  };
}

function linesOf(text: string): readonly string[] {
  const all = text.split(/\r?\n/);
  return all.at(-1) === '' ? all.slice(0, -1) : all;
}
