// Keeps certificates: gets those that are missing, renews those that are due, and leaves the old one where that fails.
// What is due, and when to try again, is decided in schedule.ts.
import { checkIssued, isForDomains } from './certificate.ts';
import { AcmeError } from './errors.ts';
import type { AcmeOptions, StoredCertificate, WantedCertificate } from './model.ts';
import { challengeFor, placeOrder } from './order.ts';
import {
  isDue,
  nextOrderMs,
  noFailures,
  refusedDomains,
  retryPauseMs,
  shortestPauseMs,
  sleepMs,
  type Failures,
} from './schedule.ts';
import { AcmeSession, authorityFolder } from './session.ts';
import { CertificateStore } from './store.ts';

/** Errors that are found before the authority is asked. */
const mistakes: ReadonlySet<string> = new Set([
  'acme-account',
  'acme-challenge-unavailable',
  'acme-domain-not-allowed',
  'acme-terms-not-agreed',
  'acme-wrong-options',
]);

export class AcmeManager {
  readonly #options: AcmeOptions;
  readonly #store: CertificateStore;
  /** Orders under way, by name: whoever asks for the same waits for the one. */
  readonly #orders = new Map<string, Promise<StoredCertificate>>();

  /** Throws AcmeError `acme-wrong-options`. */
  constructor(options: AcmeOptions) {
    this.#options = options;
    this.#store = new CertificateStore(authorityFolder(options));
  }

  /** The certificate on disk, whatever its age; `null` where there is none. */
  async current(name: string): Promise<StoredCertificate | null> {
    return this.#store.read(name);
  }

  /** Whether `ensure` would place an order now. Asks nobody. */
  async isDue(wanted: WantedCertificate): Promise<boolean> {
    return isDue(await this.#fitting(wanted), this.#options.clock.now());
  }

  /** The certificate that is there, or a new one where it is due. Rejects with AcmeError; what was there stays. */
  async ensure(wanted: WantedCertificate, signal?: AbortSignal): Promise<StoredCertificate> {
    const there = await this.#fitting(wanted);
    if (there && !isDue(there, this.#options.clock.now())) return there;
    return this.order(wanted, signal);
  }

  /** A new certificate in the place of the one that is there. Rejects with AcmeError; what was there stays. */
  order(wanted: WantedCertificate, signal?: AbortSignal): Promise<StoredCertificate> {
    const underWay = this.#orders.get(wanted.name);
    if (underWay) return underWay;
    const work = this.#order(wanted, signal).finally(() => this.#orders.delete(wanted.name));
    this.#orders.set(wanted.name, work);
    return work;
  }

  /** Removes a certificate from disk. */
  async remove(name: string): Promise<void> {
    await this.#store.remove(name);
  }

  /**
   * Keeps all of them until `signal` aborts, then resolves. Problems are events (`failed`), never rejections; each is
   * tried again on its own.
   */
  async keep(wanted: readonly WantedCertificate[], signal: AbortSignal): Promise<void> {
    await Promise.all(wanted.map((one) => this.#keepOne(one, signal)));
  }

  async #keepOne(wanted: WantedCertificate, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    // What is on disk cannot be relied upon alone: a full disk must not become a loop of orders.
    let earliestMs = -Infinity;
    let failed = 0;
    while (!signal.aborted) {
      const life = await this.#fitting(wanted).catch(() => null);
      const failures = await this.#store.failures(wanted.name);
      const next = Math.max(earliestMs, nextOrderMs(life, failures, clock.now(), clock.random()));
      if (next > clock.now()) {
        await clock.sleep(sleepMs(next, clock.now()), signal).catch(() => undefined);
      } else {
        const got = await this.order(wanted, signal).catch(() => null);
        failed = got ? 0 : failed + 1;
        const pauseMs = got ? shortestPauseMs : retryPauseMs({ count: failed, lastMs: 0 }, 0);
        earliestMs = clock.now() + pauseMs;
      }
    }
  }

  async #order(wanted: WantedCertificate, signal: AbortSignal | undefined): Promise<StoredCertificate> {
    const { clock, onEvent } = this.#options;
    let kept: StoredCertificate | null = null;
    try {
      kept = await this.#store.read(wanted.name);
      this.#check(wanted);
      await using _lock = await this.#store.lock(wanted.name, clock, signal);
      const there = await this.#fitting(wanted);
      // Another process was at work on it: what it got is as good.
      if (there && there.fingerprint !== kept?.fingerprint) return there;
      onEvent?.({ kind: 'ordering', name: wanted.name, domains: wanted.domains });
      using session = await AcmeSession.open(this.#options, signal);
      const { certificate, privateKey } = await placeOrder(session, wanted, this.#options, signal);
      checkIssued(certificate, privateKey, wanted.domains, clock.now());
      const stored = await this.#store.write(wanted.name, certificate, privateKey);
      await this.#store.rememberFailures(wanted.name, noFailures);
      onEvent?.({ kind: 'issued', certificate: stored, renewed: kept !== null });
      return stored;
    } catch (error) {
      if (signal?.aborted !== true) await this.#failed(wanted, error, kept);
      throw error;
    }
  }

  async #failed(wanted: WantedCertificate, error: unknown, kept: StoredCertificate | null): Promise<void> {
    const { clock, onEvent } = this.#options;
    const { count } = await this.#store.failures(wanted.name);
    const retryAfterMs = error instanceof AcmeError ? error.retryAfterMs : undefined;
    const failures: Failures = { count: count + 1, lastMs: clock.now(), retryAfterMs };
    // What nobody was asked for costs no limit, and may be put right by the next start.
    const wasAsked = !(error instanceof AcmeError && mistakes.has(error.code));
    if (wasAsked) await this.#store.rememberFailures(wanted.name, failures).catch(() => undefined);
    const fitting = kept && isForDomains(kept, wanted.domains) ? kept : null;
    const nextAttemptMs = nextOrderMs(fitting, failures, clock.now(), 0);
    const shown = error instanceof Error ? error : new Error(String(error));
    onEvent?.({ kind: 'failed', name: wanted.name, error: shown, nextAttemptMs, kept });
  }

  /** The certificate on disk if it is for exactly these domains: a list that was changed needs a new one. */
  async #fitting(wanted: WantedCertificate): Promise<StoredCertificate | null> {
    const there = await this.#store.read(wanted.name);
    return there && isForDomains(there, wanted.domains) ? there : null;
  }

  /** Throws AcmeError before anybody is asked. */
  #check(wanted: WantedCertificate): void {
    const { allowedDomains } = this.#options;
    if (wanted.domains.length === 0) {
      throw new AcmeError('acme-wrong-options', `the certificate "${wanted.name}" has no domains`);
    }
    const refused = refusedDomains(wanted.domains, allowedDomains);
    if (refused.length > 0) {
      throw new AcmeError(
        'acme-domain-not-allowed',
        `not among the domains to get certificates for: ${refused.join(', ')}`,
        {
          hint: allowedDomains.length === 0 ? 'No domain is allowed yet.' : `Allowed are ${allowedDomains.join(', ')}.`,
        },
      );
    }
    challengeFor(wanted, this.#options);
  }
}
