// HTTP requests as seen from the host.
import { Buffer } from 'node:buffer';
import { defineContact, type Contact, type ContactResult, type HttpResponse } from '../core/module.ts';
import { VezaError } from '../lib/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../lib/json.ts';
import { redirectOf, type RedirectPolicy } from './shared/redirects.ts';

interface Args {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | number | boolean>>;
  readonly body?: Json;
  readonly body_format?: 'json' | 'form-urlencoded' | 'raw';
  readonly status_code?: readonly number[] | number;
  readonly return_content?: boolean;
  readonly timeout?: number;
  readonly follow_redirects?: 'all' | 'yes' | 'safe' | 'urllib2' | 'none' | 'no' | boolean;
  readonly url_username?: string;
  readonly url_password?: string;
  readonly validate_certs?: boolean;
  readonly http_agent?: string;
}

/** A body is registered whole, so it is bounded. */
const maxBodyBytes = 16 * 1024 * 1024;

export default defineContact({
  name: 'uri',
  summary: 'Make an HTTP request from the host and check the answer.',
  argumentAliases: { user: 'url_username', password: 'url_password' },
  returns: {
    status: 'Status code; -1 where there was no answer.',
    url: 'Where the answer came from, after redirects.',
    content: 'The body, with return_content or where the status is not the expected one.',
    json: 'The body as data, where it is JSON.',
    elapsed: 'Seconds that passed.',
    redirected: 'Whether a redirect was followed.',
    cookies: 'Cookies that the answer sets.',
  },
  schema: {
    type: 'object',
    required: ['url'],
    additionalProperties: false,
    properties: {
      url: { type: 'string', pattern: '^https?://', description: 'http:// or https:// address, seen from the host.' },
      method: { type: 'string', pattern: '^[A-Z]+$', default: 'GET', description: 'Method, in capital letters.' },
      headers: {
        type: 'object',
        additionalProperties: { type: ['string', 'number', 'boolean'] },
        description: 'Header fields of the request.',
      },
      body: { description: 'Body: a text, or for json and form-urlencoded also a map or list.' },
      body_format: {
        enum: ['json', 'form-urlencoded', 'raw'],
        default: 'raw',
        description: 'How `body` is written; sets Content-Type unless it is in `headers`.',
      },
      status_code: {
        anyOf: [{ type: 'array', items: { type: 'integer' } }, { type: 'integer' }],
        default: [200],
        description: 'Status codes that mean success.',
      },
      return_content: { type: 'boolean', default: false, description: 'Register the body as `content`.' },
      timeout: { type: 'number', minimum: 0, default: 30, description: 'Seconds for the whole exchange.' },
      follow_redirects: {
        enum: ['all', 'yes', 'safe', 'urllib2', 'none', 'no', true, false],
        default: 'safe',
        description: 'safe: redirects of GET and HEAD. all (yes): every redirect. none (no): no redirect.',
      },
      url_username: { type: 'string', description: 'Name for basic authentication.' },
      url_password: { type: 'string', writeOnly: true, description: 'Password for basic authentication.' },
      force_basic_auth: {
        type: 'boolean',
        default: true,
        description: 'Taken for compatibility; it is always sent at once.',
      },
      validate_certs: { type: 'boolean', default: true, description: 'Refuse certificates that do not verify.' },
      http_agent: { type: 'string', default: 'veza-run', description: 'User-Agent of the request.' },
    },
  },
  examples: [
    { title: 'A service that is healthy', args: { url: 'http://127.0.0.1:8080/health', timeout: 5 } },
    {
      title: 'A JSON request',
      args: {
        url: 'http://127.0.0.1:8080/items',
        method: 'POST',
        body: { name: 'one' },
        body_format: 'json',
        status_code: [200, 201],
      },
    },
  ],
  readOnly: (args) => ['GET', 'HEAD', 'OPTIONS'].includes(args.method ?? 'GET'),
  contact: request,
});

async function request(args: Args, contact: Contact): Promise<ContactResult> {
  const begin = contact.now();
  const expected = args.status_code === undefined ? [200] : [args.status_code].flat();
  const base = { url: args.url, redirected: false };
  const elapsed = (): JsonObject => ({ elapsed: Math.floor((contact.now() - begin) / 1000) });
  try {
    const answer = await exchange(args, contact, begin + (args.timeout ?? 30) * 1000);
    const result = { ...base, ...answered(args, answer), ...elapsed() };
    if (expected.includes(answer.response.status)) return { result };
    const { status, reason } = answer.response;
    const message = `Status code was ${status} and not [${expected.join(', ')}]: HTTP Error ${status}: ${reason}`;
    const content = textOf(answer.response);
    return { result: { ...result, content, msg: message }, failed: message };
  } catch (error) {
    if (!(error instanceof VezaError) || !requestFailures.has(error.code)) throw error;
    const message = `Status code was -1 and not [${expected.join(', ')}]: Request failed: ${error.message}`;
    return { result: { ...base, ...elapsed(), status: -1, msg: message }, failed: message };
  }
}

/** What is the answer's fault; anything else (a lost host, a cancelled run) is not this module's to explain. */
const requestFailures: ReadonlySet<string> = new Set([
  'connect-failed',
  'timeout',
  'invalid-response',
  'too-many-redirects',
]);

interface Answer {
  readonly response: HttpResponse;
  readonly url: string;
  readonly redirected: boolean;
}

async function exchange(args: Args, contact: Contact, deadline: number): Promise<Answer> {
  const policy = policyOf(args.follow_redirects);
  let step = { url: args.url, method: args.method ?? 'GET', ...encoded(args) };
  for (let hops = 0; ; hops += 1) {
    const timeoutMs = Math.max(1, deadline - contact.now());
    const response = await contact.request({
      url: step.url,
      method: step.method,
      headers: step.headers,
      ...(step.body && { body: step.body }),
      timeoutMs,
      maxBodyBytes,
      verifyCertificates: args.validate_certs !== false,
    });
    const next = redirectOf(step, response, policy);
    if (!next) return { response, url: step.url, redirected: hops > 0 };
    if (hops >= 10) throw new VezaError('too-many-redirects', `more than 10 redirects, the last to ${next.url}`);
    step = next;
  }
}

function policyOf(follow: Args['follow_redirects']): RedirectPolicy {
  if (follow === undefined || follow === 'safe') return 'safe';
  return follow === false || follow === 'none' || follow === 'no' ? 'none' : follow === 'urllib2' ? 'safe' : 'all';
}

function encoded(args: Args): { headers: Record<string, string>; body?: Uint8Array } {
  const headers: Record<string, string> = { 'User-Agent': args.http_agent ?? 'veza-run' };
  for (const [name, value] of Object.entries(args.headers ?? {})) headers[name] = String(value);
  const has = (name: string): boolean => Object.keys(headers).some((key) => key.toLowerCase() === name);
  if (args.url_username !== undefined && !has('authorization')) {
    const login = Buffer.from(`${args.url_username}:${args.url_password ?? ''}`).toString('base64');
    headers.Authorization = `Basic ${login}`;
  }
  if (args.body === undefined) return { headers };
  const types = { json: 'application/json', 'form-urlencoded': 'application/x-www-form-urlencoded', raw: undefined };
  const type = types[args.body_format ?? 'raw'];
  if (type !== undefined && !has('content-type')) headers['Content-Type'] = type;
  return { headers, body: new TextEncoder().encode(bodyText(args.body, args.body_format ?? 'raw')) };
}

function bodyText(body: Json, format: 'json' | 'form-urlencoded' | 'raw'): string {
  if (typeof body === 'string') return body;
  if (format !== 'form-urlencoded') return JSON.stringify(body);
  const form = new URLSearchParams();
  for (const [name, value] of pairsOf(body)) {
    const values: readonly Json[] = Array.isArray(value) ? value : [value];
    for (const one of values) form.append(name, typeof one === 'string' ? one : JSON.stringify(one));
  }
  return form.toString();
}

function pairsOf(body: Json): (readonly [string, Json])[] {
  if (isJsonObject(body)) return Object.entries(body);
  const pairs: readonly Json[] = Array.isArray(body) ? body : [];
  return pairs.map((pair) => {
    const parts: readonly Json[] = Array.isArray(pair) ? (pair as readonly Json[]) : [];
    const [name, value] = parts;
    if (typeof name === 'string' && value !== undefined) return [name, value];
    throw new VezaError('invalid-argument', 'a form-urlencoded body is a map, or a list of pairs of name and value');
  });
}

function answered(args: Args, { response, url, redirected }: Answer): JsonObject {
  const headers = Object.entries(response.headers).map(([name, value]) => [name.replaceAll('-', '_'), value] as const);
  const text = textOf(response);
  return {
    ...Object.fromEntries(headers),
    ...jsonOf(response, text),
    ...(args.return_content === true && { content: text }),
    status: response.status,
    msg: `${response.reason || 'OK'} (${response.headers['content-length'] ?? response.body.length} bytes)`,
    url,
    redirected,
  };
}

function textOf(response: HttpResponse): string {
  return new TextDecoder().decode(response.body);
}

function jsonOf(response: HttpResponse, text: string): JsonObject {
  if (!/^(?:application|text)\/(?:[\w.+-]*\+)?json\b|javascript/i.test(response.headers['content-type'] ?? ''))
    return {};
  try {
    return { json: JSON.parse(text) as Json };
  } catch {
    // A wrong Content-Type is the server's mistake, not this task's failure; the text is there as `content`.
    return {};
  }
}
