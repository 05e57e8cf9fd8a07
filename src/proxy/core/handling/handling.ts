// What is done with the requests of one rule beside passing them on: checks in front of servers, edits both ways.
// Compiled once from the configuration; requests only walk through what is there.
import { fieldValue, withoutFields } from '../http/scan.ts';
import type { HandlingConfig, RuleAction } from '../config/model.ts';
import type { ResponseHead } from '../http/response-head.ts';
import { Access } from './access.ts';
import { BasicAuth } from './basic-auth.ts';
import { type Coding, chooseCoding, compressedFields, isCompressible, varyingFields } from './compression.ts';
import { Cors, corsHeaders } from './cors.ts';
import { withErrorPage } from './error-page.ts';
import { HeaderEdits } from './header-edits.ts';
import { answer, type Answer, type Incoming } from './incoming.ts';
import { Jwt } from './jwt.ts';
import { maintenanceAnswer } from './maintenance.ts';
import type { Plugins } from './plugins.ts';
import { RateLimit } from './rate-limit.ts';
import { Redirect } from './redirect.ts';
import { type PathRewrite, pathRewrite } from './rewrite.ts';
import { SecurityHeaders } from './security-headers.ts';
import { type ResponseFacts, Template } from './template.ts';

type Verdict = Answer | undefined;

/** A response head as the client gets it. */
export interface EditedHead {
  readonly fields: string;
  readonly coding: Coding | undefined;
}

export class Handling {
  /** Nothing is to be done: requests and responses go through as they are. */
  readonly isPlain: boolean;
  /** Responses of servers may differ from what they sent. */
  readonly editsResponses: boolean;
  readonly rateLimit: RateLimit | undefined;
  readonly plugins: Plugins | undefined;
  readonly #config: HandlingConfig;
  readonly #action: RuleAction;
  readonly #access: Access | undefined;
  readonly #basicAuth: BasicAuth | undefined;
  readonly #jwt: Jwt | undefined;
  readonly #cors: Cors | undefined;
  readonly #security: SecurityHeaders | undefined;
  readonly #redirect: Redirect | undefined;
  readonly #rewrite: PathRewrite | undefined;
  readonly #request: HeaderEdits | undefined;
  readonly #response: HeaderEdits | undefined;
  readonly #body: Template | undefined;

  constructor(config: HandlingConfig, action: RuleAction, rateLimit: RateLimit | undefined, plugins?: Plugins) {
    this.#config = config;
    this.#action = action;
    this.rateLimit = rateLimit;
    this.plugins = plugins;
    this.#access = config.access && new Access(config.access);
    this.#basicAuth = config.basicAuth && new BasicAuth(config.basicAuth);
    this.#jwt = config.jwt && new Jwt(config.jwt);
    this.#cors = config.cors && new Cors(config.cors);
    this.#security = config.securityHeaders && new SecurityHeaders(config.securityHeaders);
    this.#redirect = action.redirect && new Redirect(action.redirect);
    this.#rewrite = config.rewrite && pathRewrite(config.rewrite);
    this.#request = config.requestHeaders && new HeaderEdits(config.requestHeaders);
    this.#response = config.responseHeaders && new HeaderEdits(config.responseHeaders);
    this.#body = action.respond && new Template(action.respond.body);
    const { cors, securityHeaders, rewrite, responseHeaders, requestId, compression } = config;
    this.editsResponses = [cors, securityHeaders, rewrite, responseHeaders, requestId, compression].some(Boolean);
    this.isPlain = Object.values(config).every((part) => part === undefined) && !action.redirect && !action.respond;
  }

  get priority(): number {
    return this.#action.priority;
  }

  get backend(): string | undefined {
    return this.#action.backend;
  }

  /** The server of it that is used while it can be. */
  get server(): string | undefined {
    return this.#action.server;
  }

  /** Bound clients get their server whatever its state is. */
  get forcePersist(): boolean {
    return this.#action.forcePersist;
  }

  /** Decides in front of servers. Undefined: pass it on, with the target and header lines that `incoming` then has. */
  check(incoming: Incoming, newId: () => string): Verdict | Promise<Verdict> {
    this.#identify(incoming, newId);
    const denied = this.#access?.check(incoming) ?? this.rateLimit?.check(incoming) ?? this.#cors?.preflight(incoming);
    if (denied) return denied;
    const { maintenance } = this.#config;
    const closed = maintenance && maintenanceAnswer(maintenance, incoming);
    if (closed) return closed;
    const known = this.#basicAuth?.check(incoming);
    if (known instanceof Promise) return known.then((verdict) => verdict ?? this.#proceed(incoming));
    return known ?? this.#proceed(incoming);
  }

  #identify(incoming: Incoming, newId: () => string): void {
    const { requestId } = this.#config;
    if (!requestId) return;
    const { head } = incoming;
    const name = requestId.header.toLowerCase();
    const given = requestId.accept ? requestIdOf(head.fields, name) : undefined;
    incoming.requestId = given ?? newId();
    if (given === undefined)
      head.fields = `${withoutFields(head.fields, [name])}${requestId.header}: ${incoming.requestId}\r\n`;
  }

  #proceed(incoming: Incoming): Verdict | Promise<Verdict> {
    const { head } = incoming;
    if (this.#jwt) {
      const lines = this.#jwt.check(incoming);
      if (typeof lines !== 'string') return lines;
      const { forwarded } = this.#jwt;
      if (forwarded.length > 0) head.fields = withoutFields(head.fields, forwarded) + lines;
    }
    if (this.plugins) return this.plugins.onRequest(incoming).then((verdict) => verdict ?? this.#act(incoming));
    return this.#act(incoming);
  }

  #act(incoming: Incoming): Verdict {
    const elsewhere = this.#redirect?.answer(incoming);
    if (elsewhere) return elsewhere;
    const { respond } = this.#action;
    if (respond && this.#body) {
      return answer(respond.status, `Content-Type: ${respond.contentType}\r\n`, this.#body.fill(incoming));
    }
    if (this.#rewrite) {
      const target = this.#rewrite.target(incoming.target, incoming);
      if (target === undefined) return answer(400);
      incoming.target = target;
    }
    this.#request?.editRequest(incoming);
    return undefined;
  }

  /** Header lines of a server's response for the client. `asked`: names by which the server was addressed. */
  edited(incoming: Incoming, head: ResponseHead, facts: ResponseFacts, asked: readonly string[]): EditedHead {
    let { fields } = head;
    if (this.#rewrite && /^location:/im.test(fields)) {
      const rewrite = this.#rewrite;
      const said = { host: incoming.head.host, status: head.status };
      fields = fields.replace(
        /^(location:[ \t]*)([^\r\n]*?)([ \t]*\r\n)/im,
        (_line, start: string, place: string, end: string) => start + rewrite.location(place, asked, said) + end,
      );
    }
    if (this.#cors) fields = withoutFields(fields, corsHeaders);
    if (this.#security) fields = withoutFields(fields, this.#security.names);
    fields = this.#added(fields, incoming, facts);
    const { compression } = this.#config;
    if (!compression || !isCompressible(compression, incoming.head, head)) return { fields, coding: undefined };
    const coding = chooseCoding(compression, incoming.head, head);
    return { fields: varyingFields(coding ? compressedFields(fields, coding) : fields), coding };
  }

  /** An answer of the proxy with what every response of this rule has. */
  finished(incoming: Incoming, given: Answer): Answer {
    const whole = withErrorPage(given, incoming, this.#config.errors);
    const facts = { status: whole.status, backend: '', server: '', attempt: 0 };
    return { ...whole, fields: this.#added(whole.fields, incoming, facts) };
  }

  #added(fields: string, incoming: Incoming, facts: ResponseFacts): string {
    const { requestId } = this.#config;
    let lines = fields;
    if (requestId && incoming.requestId !== '') {
      lines = `${withoutFields(lines, [requestId.header.toLowerCase()])}${requestId.header}: ${incoming.requestId}\r\n`;
    }
    if (this.#cors) lines += this.#cors.lines(incoming);
    if (this.#security) lines += this.#security.lines(incoming);
    return this.#response ? this.#response.apply(lines, incoming, facts) : lines;
  }
}

/** A request id that a client may choose: short, and of harmless characters, since it stands in logs. */
function requestIdOf(fields: string, name: string): string | undefined {
  const value = fieldValue(fields, name);
  return value !== undefined && /^[A-Za-z0-9._~:/+=@-]{1,128}$/.test(value) ? value : undefined;
}
