// What an authority says is wrong (RFC 7807 problem documents), and what a person can do about it.
import { VezaError, type ErrorDetails } from '../lib/errors.ts';
import { isJsonObject, type JsonObject } from '../lib/json.ts';

export type AcmeErrorCode =
  | 'acme-account'
  | 'acme-bad-answer'
  | 'acme-challenge-failed'
  | 'acme-challenge-unavailable'
  | 'acme-domain-not-allowed'
  | 'acme-order-failed'
  | 'acme-rate-limited'
  | 'acme-refused'
  | 'acme-terms-not-agreed'
  | 'acme-timeout'
  | 'acme-unreachable'
  | 'acme-wrong-options';

/** RFC 8555 section 6.7. */
export interface Problem {
  readonly status: number;
  /** Without `urn:ietf:params:acme:error:`. */
  readonly type: string;
  readonly detail: string;
  /** Of single names, where it was about several. */
  readonly parts: readonly { readonly name: string; readonly type: string; readonly detail: string }[];
}

export interface AcmeErrorDetails extends ErrorDetails {
  readonly problem?: Problem | undefined;
  /** What the authority asked to wait for. */
  readonly retryAfterMs?: number | undefined;
}

export class AcmeError extends VezaError {
  override readonly name = 'AcmeError';
  readonly problem: Problem | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: AcmeErrorCode, message: string, details: AcmeErrorDetails = {}) {
    super(code, message, details);
    this.problem = details.problem;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** Reads a problem document; where an answer is none, its text is the detail. */
export function problemOf(status: number, body: unknown): Problem {
  if (!isJsonObject(body)) {
    const detail = typeof body === 'string' ? body.trim().slice(0, 256) : '';
    return { status, type: '', detail: detail === '' ? `HTTP ${status}` : detail, parts: [] };
  }
  const parts = Array.isArray(body['subproblems']) ? body['subproblems'].filter((part) => isJsonObject(part)) : [];
  return {
    status,
    ...typeAndDetail(body, `HTTP ${status}`),
    parts: parts.map((part) => ({ name: nameOf(part), ...typeAndDetail(part, '') })),
  };
}

function typeAndDetail(body: JsonObject, otherwise: string) {
  const text = (key: string) => (typeof body[key] === 'string' ? body[key] : '');
  return { type: text('type').replace(/^urn:ietf:params:acme:error:/, ''), detail: text('detail') || otherwise };
}

function nameOf(part: JsonObject): string {
  const identifier = part['identifier'];
  const value = isJsonObject(identifier) ? identifier['value'] : undefined;
  return typeof value === 'string' ? value : '';
}

/** One line: what the authority said, with its own word for it. */
export function shownProblem({ type, detail, parts }: Problem): string {
  const own = type === '' ? detail : `${detail} (${type})`;
  const more = parts.map((part) => `${part.name === '' ? '' : `${part.name}: `}${part.detail} (${part.type})`);
  return [own, ...more].join('; ').replaceAll(/\s+/g, ' ');
}

const hints: Readonly<Record<string, string>> = {
  accountDoesNotExist: 'The account is gone at the authority; remove its folder, so that a new one is made.',
  caa: 'The CAA records of the domain do not let this authority issue; add one for it, or remove them.',
  connection:
    'The authority must reach the host on port 80 (http-01): look at its A and AAAA records, firewalls and the proxy.',
  dns: 'Look at the records of the domain as the world sees them: A and AAAA for http-01, TXT for dns-01, and CAA.',
  externalAccountRequired: 'This authority wants an account of its own first; it cannot be used here.',
  incorrectResponse: 'Somebody else answered for the domain: look where its A and AAAA (or TXT) records lead.',
  invalidContact: 'Give an e-mail address that exists.',
  orderNotReady: 'Run it again.',
  rateLimited: 'Wait as it says; use the staging directory to try things out.',
  rejectedIdentifier: 'The authority does not issue for this name: only public names can have its certificates.',
  serverInternal: 'The authority has a problem of its own; it is tried again later.',
  unauthorized:
    'The answer found for the domain was not ours: look where its A and AAAA records lead (http-01), and at its TXT records (dns-01).',
  unsupportedContact: 'Give an e-mail address that exists.',
  userActionRequired: 'Read what the authority wants at the address in the message.',
};

/** What to do next, as far as the type tells. */
export function hintOf({ type }: Pick<Problem, 'type'>): { readonly hint?: string } {
  const hint = hints[type];
  return hint === undefined ? {} : { hint };
}

/** The error of a refused request. */
export function refusal(doing: string, problem: Problem, retryAfterMs?: number): AcmeError {
  const limited = problem.status === 429 || problem.type === 'rateLimited';
  const code = limited ? 'acme-rate-limited' : problem.status >= 500 ? 'acme-unreachable' : 'acme-refused';
  const wait = limited && retryAfterMs !== undefined ? ` (wait ${Math.ceil(retryAfterMs / 1000)} s)` : '';
  return new AcmeError(code, `${doing}: ${shownProblem(problem)}${wait}`, {
    problem,
    retryAfterMs,
    ...hintOf(limited ? { type: 'rateLimited' } : problem),
  });
}
