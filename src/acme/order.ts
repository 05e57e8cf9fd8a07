// One order at an authority, from the wish to the chain: publish the answers to its challenges, wait until they are seen,
// tell it, wait, clear them away whatever happened, get the certificate.
import type { Authorization, Order } from 'acme-client';
import { messageOf } from '../lib/errors.ts';
import { AcmeError, hintOf, problemOf, shownProblem } from './errors.ts';
import type { AcmeOptions, WantedCertificate } from './model.ts';
import { newKey, type AcmeSession } from './session.ts';

export interface Issued {
  /** PEM, the leaf first. */
  readonly certificate: string;
  readonly privateKey: string;
}

type ChallengeType = 'http-01' | 'dns-01';

/** Pauses between two looks: an authority asks for others where it wants others. */
const firstLookMs = 250;
const longestLookMs = 5000;
/** Let's Encrypt validates within seconds; an order that is not decided by then is stuck. */
const patienceMs = 5 * 60_000;

/** Rejects with AcmeError; nothing of the challenges is left then. */
export async function placeOrder(
  session: AcmeSession,
  wanted: WantedCertificate,
  options: AcmeOptions,
  signal?: AbortSignal,
): Promise<Issued> {
  const about = `cannot get a certificate for ${wanted.domains.join(', ')}`;
  const identifiers = wanted.domains.map((value) => ({ type: 'dns', value }));
  const { value: order } = await session.ask(about, (client) => client.createOrder({ identifiers }));
  const { value: all } = await session.ask(about, (client) => client.getAuthorizations(order));
  const open = all.filter(({ status }) => status !== 'valid');
  await answer(session, open, wanted, options, signal);
  const privateKey = newKey(options.keyType);
  const { certificate } = await finish(session, order, wanted, privateKey, about);
  return { certificate, privateKey };
}

interface Task {
  readonly authorization: Authorization;
  readonly type: ChallengeType;
  readonly challenge: Authorization['challenges'][number];
  readonly keyAuthorization: string;
}

async function answer(
  session: AcmeSession,
  open: readonly Authorization[],
  wanted: WantedCertificate,
  options: AcmeOptions,
  signal: AbortSignal | undefined,
): Promise<void> {
  const tasks: Task[] = [];
  for (const authorization of open) tasks.push(await taskOf(session, authorization, wanted, options));
  const shown: Task[] = [];
  try {
    // One after the other: several values at one name are changes of the same record set.
    for (const task of tasks) {
      shown.push(task);
      await show(task, options, signal);
    }
    await settle(tasks.map((task) => untilSeen(task, options, signal)));
    for (const task of tasks) {
      await session.ask(failedAt(task), (client) => client.completeChallenge(task.challenge));
    }
    await settle(tasks.map((task) => untilValid(session, task)));
  } finally {
    for (const task of shown) await hide(task, options);
  }
}

async function taskOf(
  session: AcmeSession,
  authorization: Authorization,
  wanted: WantedCertificate,
  options: AcmeOptions,
): Promise<Task> {
  const type = challengeFor(wanted, options);
  const challenge = authorization.challenges.find((one) => one.type === type);
  if (!challenge) {
    const offered = authorization.challenges.map((one) => one.type).join(', ');
    throw new AcmeError(
      'acme-challenge-unavailable',
      `${authorization.identifier.value}: the authority does not offer ${type}, but ${offered}`,
    );
  }
  const { value } = await session.ask('challenge', (client) => client.getChallengeKeyAuthorization(challenge));
  return { authorization, type, challenge, keyAuthorization: value };
}

/** The challenge that a certificate is got by. Throws AcmeError where what it needs was not given. */
export function challengeFor(
  wanted: WantedCertificate,
  { http, dns }: Pick<AcmeOptions, 'http' | 'dns'>,
): ChallengeType {
  const wildcard = wanted.domains.find((domain) => domain.startsWith('*.'));
  const type = wanted.challenge ?? (wildcard !== undefined || !http ? 'dns-01' : 'http-01');
  if (type === 'http-01' && wildcard !== undefined) {
    throw new AcmeError('acme-challenge-unavailable', `${wildcard}: a wildcard certificate can only be had by dns-01`);
  }
  if (type === 'dns-01' ? dns : http) return type;
  const lacks = type === 'dns-01' ? 'nobody who writes DNS records was given' : 'nobody answers on port 80';
  throw new AcmeError('acme-challenge-unavailable', `${wanted.domains.join(', ')}: ${type} is needed, but ${lacks}`);
}

async function show(task: Task, { http, dns }: AcmeOptions, signal: AbortSignal | undefined): Promise<void> {
  const host = task.authorization.identifier.value;
  if (task.type === 'http-01') await http?.present(host, task.challenge.token, task.keyAuthorization);
  else await dns?.present(dnsNameOf(task), task.keyAuthorization, signal);
}

async function untilSeen(task: Task, { dns }: AcmeOptions, signal: AbortSignal | undefined): Promise<void> {
  if (task.type === 'dns-01') await dns?.ready?.(dnsNameOf(task), task.keyAuthorization, signal);
}

/** What was shown is cleared away even where the order was given up; that it cannot be is told, and hides no other error. */
async function hide(task: Task, { http, dns, onEvent }: AcmeOptions): Promise<void> {
  const host = task.authorization.identifier.value;
  try {
    if (task.type === 'http-01') await http?.remove(host, task.challenge.token);
    else await dns?.remove(dnsNameOf(task), task.keyAuthorization);
  } catch (error) {
    onEvent?.({ kind: 'left-behind', domain: host, challenge: task.type, reason: messageOf(error) });
  }
}

function dnsNameOf({ authorization }: Task): string {
  return `_acme-challenge.${authorization.identifier.value.replace(/^\*\./, '')}`;
}

function failedAt({ authorization, type }: Task): string {
  return `${authorization.identifier.value}: ${type} failed`;
}

async function untilValid(session: AcmeSession, task: Task): Promise<void> {
  const about = failedAt(task);
  const decided = await look(session, about, async () => {
    const { value, retryAfterMs } = await session.ask(about, (client) =>
      client.getAuthorizations({ ...emptyOrder, authorizations: [task.authorization.url] }),
    );
    const [authorization] = value;
    return { item: authorization, retryAfterMs, done: authorization?.status !== 'pending' };
  });
  if (decided?.status === 'valid') return;
  const failed = decided?.challenges.find((one) => one.type === task.type);
  const problem = problemOf(
    403,
    failed && 'error' in failed ? failed.error : `the authority says "${decided?.status}"`,
  );
  throw new AcmeError('acme-challenge-failed', `${about}: ${shownProblem(problem)}`, { problem, ...hintOf(problem) });
}

/** acme-client reads authorizations of an order; this is one of nothing else. */
const emptyOrder = { url: '', status: 'pending', identifiers: [], finalize: '' } as const satisfies Partial<Order>;

async function finish(
  session: AcmeSession,
  order: Order,
  wanted: WantedCertificate,
  privateKey: string,
  about: string,
): Promise<{ readonly certificate: string }> {
  const [first = ''] = wanted.domains;
  // Longer common names than 64 characters are not allowed; authorities take the names from the other field anyway.
  const commonName = first.length <= 64 ? { commonName: first } : {};
  const csrOptions = { altNames: [...wanted.domains], ...commonName };
  const [, csr] = await session.module.crypto.createCsr(csrOptions, privateKey);
  try {
    await session.ask(about, (client) => client.finalizeOrder(order, csr));
  } catch (error) {
    // An answer that was lost, and then "it is not ready": the order may be on its way; what it says decides.
    if (!(error instanceof AcmeError) || error.problem?.type !== 'orderNotReady') throw error;
  }
  const done = await look(session, about, async () => {
    const { value, retryAfterMs } = await session.ask(about, (client) => client.getOrder(order));
    return { item: value, retryAfterMs, done: value.status === 'valid' || value.status === 'invalid' };
  });
  if (done.status !== 'valid') {
    const problem = problemOf(403, 'error' in done ? done.error : `the order is ${done.status}`);
    throw new AcmeError('acme-order-failed', `${about}: ${shownProblem(problem)}`, { problem, ...hintOf(problem) });
  }
  const { value: certificate } = await session.ask(about, (client) => client.getCertificate(done));
  return { certificate };
}

interface Look<T> {
  readonly item: T;
  readonly done: boolean;
  readonly retryAfterMs: number | undefined;
}

/** Looks until it is decided, as often as the authority likes it. Rejects with AcmeError `acme-timeout`. */
async function look<T>(session: AcmeSession, about: string, once: () => Promise<Look<T>>): Promise<T> {
  let sleptMs = 0;
  for (let pauseMs = firstLookMs; ; pauseMs = Math.min(pauseMs * 1.5, longestLookMs)) {
    const { item, done, retryAfterMs = 0 } = await once();
    if (done) return item;
    const waitMs = Math.max(pauseMs, retryAfterMs);
    if (sleptMs + waitMs > patienceMs) {
      throw new AcmeError('acme-timeout', `${about}: not decided after ${Math.round(sleptMs / 1000)} s`, {
        retryAfterMs,
      });
    }
    await session.sleep(waitMs);
    sleptMs += waitMs;
  }
}

/** Waits for all, also where one fails: nothing goes on behind the caller's back. All their problems are told. */
async function settle(works: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(works);
  const reasons = results.flatMap((result) =>
    result.status === 'rejected'
      ? [result.reason instanceof Error ? result.reason : new Error(String(result.reason))]
      : [],
  );
  const [first] = reasons;
  if (first === undefined) return;
  if (!(first instanceof AcmeError) || reasons.length === 1) throw first;
  const message = reasons.map((reason) => messageOf(reason)).join('\n');
  throw new AcmeError('acme-challenge-failed', message, {
    problem: first.problem,
    ...(first.hint !== undefined && { hint: first.hint }),
  });
}
