// The admin interface: finds the route of a request, sees to it that who asks may, checks what was sent, answers.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { messageOf } from '../../../lib/errors.ts';
import { nearestName } from '../../../lib/suggest.ts';
import { type SchemaProblem, validatorFor } from '../../../lib/validate.ts';
import { requestSchemas } from '../../core/admin/schemas.ts';
import type { ControlledProxy } from '../controlled-proxy.ts';
import type { ServerActions } from '../server-actions.ts';
import type { Authority } from './authority.ts';
import { type AdminAnswer, problem } from './exchange.ts';
import { type Route, routes } from './routes.ts';

const maxBodyBytes = 4 * 1024 * 1024;

export class AdminApi {
  readonly #proxy: ControlledProxy;
  readonly #actions: ServerActions;
  readonly #authority: Authority;

  constructor(proxy: ControlledProxy, actions: ServerActions, authority: Authority) {
    this.#proxy = proxy;
    this.#actions = actions;
    this.#authority = authority;
  }

  async answer(message: IncomingMessage, response: ServerResponse): Promise<void> {
    let answer: AdminAnswer;
    try {
      answer = await this.#answerTo(message);
    } catch (error) {
      answer =
        error instanceof TooLarge ? problem(413, 'too-large', error.message) : problem(500, 'failed', messageOf(error));
    }
    response.writeHead(answer.status, {
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
      'Cross-Origin-Resource-Policy': 'same-origin',
      ...answer.headers,
    });
    if (!answer.stream) {
      response.end(answer.body);
      return;
    }
    const end = answer.stream(response);
    response.on('close', end);
    response.on('error', end);
  }

  async #answerTo(message: IncomingMessage): Promise<AdminAnswer> {
    const overUnix = message.socket.remoteAddress === undefined;
    if (!overUnix && !this.#isOurs(message.headers.host)) {
      return problem(421, 'wrong-host', 'this host name is not one of this proxy; see `admin.hosts`');
    }
    const url = new URL(message.url ?? '/', 'http://proxy');
    const found = routeOf(message.method ?? '', url.pathname);
    if (found === undefined) return problem(404, 'not-found', 'there is nothing here; see /api/openapi.json');
    if ('allow' in found)
      return { ...problem(405, 'method', `here is only ${found.allow}`), headers: { Allow: found.allow } };
    const { route, parameters } = found;
    const grant = this.#authority.grantOf(message, overUnix);
    if (route.role !== 'anyone') {
      if (!grant) {
        const refused = problem(401, 'no-token', 'a bearer token is missing or worth nothing');
        return { ...refused, headers: { ...refused.headers, 'WWW-Authenticate': 'Bearer' } };
      }
      if (route.role === 'admin' && grant.role !== 'admin')
        return problem(
          403,
          'role',
          'this needs the role admin; a reader neither changes things nor sees what may hold secrets',
        );
    }
    const body = await this.#bodyOf(message, route);
    if (body instanceof Error) return problem(400, 'bad-request', body.message);
    const from = overUnix ? 'unix socket' : (message.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    const who = grant ?? { name: '', role: 'reader' as const };
    return route.run({
      proxy: this.#proxy,
      actions: this.#actions,
      authority: this.#authority,
      message,
      grant: who,
      actor: `${who.name} (${from})`,
      from,
      parameters,
      query: url.searchParams,
      body,
    });
  }

  async #bodyOf(message: IncomingMessage, route: Route): Promise<unknown> {
    if (route.takesText === true) return read(message);
    if (!route.takes) return undefined;
    // A form of another site can send text, but no JSON.
    if (!/^application\/json\b/i.test(message.headers['content-type'] ?? '')) {
      return new Error('the body must be JSON: Content-Type: application/json');
    }
    let value: unknown;
    try {
      value = JSON.parse(await read(message));
    } catch (error) {
      if (error instanceof TooLarge) throw error;
      return new Error(`the body is no JSON: ${messageOf(error)}`);
    }
    const problems = validatorFor(requestSchemas[route.takes])(value);
    return problems.length === 0 ? value : new Error(problems.map(inWords).join('; '));
  }

  /** A name that an attacker points at our address (DNS rebinding) is not one of ours. */
  #isOurs(header: string | undefined): boolean {
    const host = /^(\[[^\]]+\]|[^:]+)(?::[0-9]+)?$/.exec(header ?? '')?.[1]?.toLowerCase() ?? '';
    if (host === 'localhost' || isIP(host.replace(/^\[|\]$/g, '')) !== 0) return true;
    return this.#proxy.config().admin?.hosts.includes(host) === true;
  }
}

/** What is wrong in a body. */
function inWords({ kind, path, name, wanted, candidates }: SchemaProblem): string {
  const at = path.length === 0 ? 'the body' : `\`${path.join('.')}\``;
  switch (kind) {
    case 'missing':
      return `${at} needs \`${name}\``;
    case 'unknown': {
      const near = nearestName(name, candidates);
      const advice = near === null ? `known here: ${candidates.join(', ')}` : `did you mean \`${near}\`?`;
      return `\`${name}\` is unknown in ${at} (${advice})`;
    }
    case 'wrong':
      return `${at} must be ${wanted}`;
    default:
      return kind satisfies never;
  }
}

class TooLarge extends Error {}

async function read(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) throw new TooLarge(`at most ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

type Found = { readonly route: Route; readonly parameters: Record<string, string> } | { readonly allow: string };

function routeOf(method: string, path: string): Found | undefined {
  const matching = routes.flatMap((route) => {
    const parameters = parametersOf(route.path, path);
    return parameters ? [{ route, parameters }] : [];
  });
  if (matching.length === 0) return undefined;
  return (
    matching.find(({ route }) => route.method === method) ?? {
      allow: matching.map(({ route }) => route.method).join(', '),
    }
  );
}

function parametersOf(pattern: string, path: string): Record<string, string> | undefined {
  const [wanted, given] = [pattern.split('/'), path.split('/')];
  if (wanted.length !== given.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? '';
    const name = /^\{([a-z]+)\}$/.exec(part)?.[1];
    if (name === undefined) {
      if (part !== value) return undefined;
      continue;
    }
    try {
      parameters[name] = decodeURIComponent(value);
    } catch {
      return undefined;
    }
  }
  return parameters;
}
