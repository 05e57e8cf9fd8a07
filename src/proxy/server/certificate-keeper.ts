// Keeps certificates in the master: gets those that the proxy shall get itself, has all workers answer the authority's
// questions, says when there is a new one, and tells people of those that run out.
import { systemAcmeClock } from '../../acme/clock.ts';
import { logChannel, type WatchedCertificate, watchExpiry, webhookChannel } from '../../acme/expiry.ts';
import { AcmeManager } from '../../acme/manager.ts';
import type { AcmeEvent, WantedCertificate } from '../../acme/model.ts';
import { messageOf } from '../../lib/errors.ts';
import type { AcmeConfig, ExpiryAlertsConfig } from '../core/config/tls-model.ts';
import { mailChannel } from './alert-mail.ts';
import { dnsChallengeOf, type DnsProviders } from './acme-dns.ts';
import { allWanted, keptVersion } from './acme-files.ts';
import type { LoadedConfig } from './config-source.ts';
import type { ToWorker } from './ipc.ts';
import type { OperationalLog } from './operational-log.ts';
import { WorkersReady } from './workers-ready.ts';

export type Journal = Pick<OperationalLog, 'info' | 'warn' | 'error'>;

export interface KeeperPorts {
  readonly workers: () => readonly number[];
  readonly send: (worker: number, message: ToWorker) => void;
  readonly journal: Journal;
  /** Tells those who follow events what was done for which names. */
  readonly acted: (action: string, names: readonly string[]) => void;
  /** Who can publish DNS records. */
  readonly dnsProviders: DnsProviders;
  /** Certificates on disk are others than those that are served. */
  readonly renewed: () => void;
}

/** Somebody else may renew what lies in a folder of ours. */
const lookMs = 60_000;

interface Running {
  /** What it was made of. */
  readonly made: string;
  readonly stop: AbortController;
}

export class CertificateKeeper {
  readonly #ports: KeeperPorts;
  readonly #challenges = new Map<string, string>();
  readonly #knowing = new WorkersReady();
  readonly #timer: NodeJS.Timeout;
  #telling: Promise<void> = Promise.resolve();
  #keeping: Running | undefined;
  #watching: Running | undefined;
  #loaded: LoadedConfig | undefined;
  #versions = '';
  /** A worker may say that it listens while all of it ends. */
  #stopped = false;

  constructor(ports: KeeperPorts) {
    this.#ports = ports;
    this.#timer = setInterval(() => this.#look(), lookMs).unref();
  }

  /** Looks after the certificates of a configuration. Its sockets must listen: the authority asks at once. */
  sync(loaded: LoadedConfig): void {
    if (this.#stopped) return;
    const { config, tls } = loaded;
    this.#loaded = loaded;
    this.#versions = versionsOf(loaded);
    const wanted = allWanted(config);
    this.#keeping = restarted(this.#keeping, [config.acme, tls.acmeTrust, wanted], (signal) => {
      if (config.acme && wanted.length > 0) this.#keep(config.acme, tls.acmeTrust, wanted, signal);
    });
    this.#watching = restarted(this.#watching, config.expiryAlerts, (signal) =>
      this.#watch(config.expiryAlerts, signal),
    );
  }

  /** What a worker answers the authority with. */
  messageFor(worker: number): ToWorker {
    const answers = [...this.#challenges].map(([token, keyAuthorization]) => ({ token, keyAuthorization }));
    return { type: 'challenges', worker, generation: this.#knowing.generation, answers };
  }

  /** A worker took such a message. */
  known(worker: number, generation: number): void {
    this.#knowing.ready(worker, generation);
  }

  /** A worker is gone; the one in its place gets the message when it starts. */
  lost(worker: number): void {
    this.#knowing.failed(worker, 'ended');
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#keeping?.stop.abort();
    this.#watching?.stop.abort();
    // Whoever waits for workers need not do so any more.
    this.#knowing.next();
  }

  #keep(acme: AcmeConfig, trust: string, wanted: readonly WantedCertificate[], signal: AbortSignal): void {
    const manager = new AcmeManager({
      directory: acme.directory,
      folder: acme.storage,
      ...(acme.email !== undefined && { email: acme.email }),
      termsAgreed: true,
      allowedDomains: acme.hosts,
      http: {
        present: (_host, token, keyAuthorization) => {
          this.#challenges.set(token, keyAuthorization);
          return this.#tellWorkers();
        },
        remove: (_host, token) => {
          this.#challenges.delete(token);
          void this.#tellWorkers();
        },
      },
      ...(acme.dns && { dns: dnsChallengeOf(acme.dns, this.#ports.dnsProviders) }),
      trust: trust === '' ? undefined : trust,
      keyType: acme.keyType,
      clock: systemAcmeClock,
      onEvent: (event) => this.#onEvent(event),
    });
    manager
      .keep(wanted, signal)
      .catch((error: unknown) =>
        this.#ports.journal.error(`certificates are not renewed any more: ${messageOf(error)}`),
      );
  }

  /** Resolves when every worker knows all answers: nobody can say which of them the authority will meet. */
  #tellWorkers(): Promise<void> {
    this.#telling = this.#telling.then(async () => {
      const workers = this.#ports.workers();
      this.#knowing.next();
      const known = this.#knowing.wait(workers);
      for (const worker of workers) this.#ports.send(worker, this.messageFor(worker));
      const problem = await known;
      if (problem !== undefined) this.#ports.journal.warn(`not every worker may answer the authority: ${problem}`);
    });
    return this.#telling;
  }

  #onEvent(event: AcmeEvent): void {
    const { journal, acted } = this.#ports;
    if (event.kind === 'ordering') {
      journal.info(`asking for a certificate for ${event.domains.join(', ')}`);
      acted('requested', event.domains);
    }
    if (event.kind === 'left-behind') journal.warn(`the answer for ${event.domain} stays: ${event.reason}`);
    if (event.kind === 'failed') {
      const again =
        event.nextAttemptMs === null ? '' : `; tried again at ${new Date(event.nextAttemptMs).toISOString()}`;
      journal.error(`no certificate for ${event.name}: ${event.error.message}${again}`);
      acted('failed', [event.name]);
    }
    if (event.kind !== 'issued') return;
    const { name, notAfterMs } = event.certificate;
    journal.info(`got a certificate for ${name}, good until ${new Date(notAfterMs).toISOString()}`);
    acted('issued', event.certificate.domains);
    this.#ports.renewed();
  }

  #look(): void {
    if (!this.#loaded || versionsOf(this.#loaded) === this.#versions) return;
    this.#versions = versionsOf(this.#loaded);
    this.#ports.renewed();
  }

  #watch({ days, webhook, mail }: ExpiryAlertsConfig, signal: AbortSignal): void {
    const { journal } = this.#ports;
    const options = {
      certificates: () => Promise.resolve(this.#loaded ? watchedOf(this.#loaded, Date.now()) : []),
      channels: [
        logChannel((line) => journal.warn(line)),
        ...(webhook === undefined ? [] : [webhookChannel(webhook)]),
        ...(mail === undefined ? [] : [mailChannel(mail)]),
      ],
      clock: systemAcmeClock,
      thresholdDays: days,
      onProblem: (text: string) => journal.error(text),
    };
    void watchExpiry(options, signal);
  }
}

/** What runs with this already goes on; else it is stopped and begun anew. */
function restarted(running: Running | undefined, from: object, begin: (signal: AbortSignal) => void): Running {
  const made = JSON.stringify(from);
  if (running?.made === made) return running;
  running?.stop.abort();
  const stop = new AbortController();
  begin(stop.signal);
  return { made, stop };
}

/** Where the certificates of a configuration lie now: another place is another certificate. */
function versionsOf({ config }: LoadedConfig): string {
  const { acme } = config;
  return acme ? JSON.stringify(allWanted(config).map((wanted) => keptVersion(acme, wanted) ?? '')) : '';
}

/**
 * Certificates that are served. Those that renew themselves are nobody's business before that must have failed again
 * and again: they are renewed when a third of their life is left.
 */
function watchedOf({ tls }: LoadedConfig, nowMs: number): readonly WatchedCertificate[] {
  const found = new Map<string, WatchedCertificate>();
  for (const { certificates } of Object.values(tls.frontends)) {
    for (const { fingerprint, names, file, isKept, notBeforeMs, notAfterMs } of certificates) {
      if (isKept && nowMs < notAfterMs - (notAfterMs - notBeforeMs) / 4) continue;
      found.set(fingerprint, { name: names[0] ?? file, domains: names, notAfterMs });
    }
  }
  return [...found.values()];
}
