// Keeps what issuers say of our certificates at hand: asked by the master, long before the last answer is out of date,
// and sent to the workers. An answer is kept as long as it holds, whatever becomes of the responder.
import { X509Certificate } from 'node:crypto';
import { builtins } from '../../lib/builtins.ts';
import { messageOf, VezaError } from '../../lib/errors.ts';
import type { ProxyConfig } from '../core/config/model.ts';
import type { Journal } from './certificate-keeper.ts';
import type { OcspAnswer } from './ocsp.ts';
import type { CertificateMaterial, TlsMaterial } from './tls-material.ts';
import { mayStaple } from './tls-terminator.ts';

const timeoutMs = 10_000;
const answerBytes = 65_536;
/** How long a start or a reload waits for first answers. */
const firstWaitMs = 3000;
const retryMs = { first: 30_000, last: 3_600_000 } as const;
const refreshMs = { least: 60_000, most: 43_200_000 } as const;
/** Answers that name no end are asked for again every so often, and not used for longer than a day. */
const endless = { refreshMs: 3_600_000, useMs: 86_400_000 } as const;

interface Kept {
  certificate: CertificateMaterial;
  answer: OcspAnswer | undefined;
  failures: number;
  timer: NodeJS.Timeout | undefined;
}

export class OcspStapler {
  readonly #kept = new Map<string, Kept>();
  readonly #journal: Journal;
  readonly #changed: () => void;

  constructor(journal: Journal, changed: () => void) {
    this.#journal = journal;
    this.#changed = changed;
  }

  /** Answers that hold now, in Base64, by the fingerprint of their certificate. */
  get staples(): Record<string, string> {
    const now = Date.now();
    const holding = [...this.#kept].filter(([, { answer }]) => answer && now < endOf(answer));
    return Object.fromEntries(
      holding.map(([fingerprint, { answer }]) => [fingerprint, answer?.der.toString('base64') ?? '']),
    );
  }

  /** Looks after the certificates of a configuration too; resolves when they have answers, or after a short while. */
  async ask(config: ProxyConfig, material: TlsMaterial): Promise<void> {
    const wanted = stapledOf(config, material);
    const fresh: Promise<void>[] = [];
    for (const [fingerprint, certificate] of wanted) {
      const before = this.#kept.get(fingerprint);
      if (before?.certificate.answer === certificate.answer) {
        before.certificate = certificate;
        continue;
      }
      clearTimeout(before?.timer);
      const kept: Kept = { certificate, answer: undefined, failures: 0, timer: undefined };
      this.#kept.set(fingerprint, kept);
      fresh.push(this.#ask(kept));
    }
    if (fresh.length === 0) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => resolve(undefined), firstWaitMs);
    await Promise.race([Promise.all(fresh), promise]);
    clearTimeout(timer);
  }

  /** Forgets all other certificates. */
  keepOnly(config: ProxyConfig, material: TlsMaterial): void {
    const wanted = stapledOf(config, material);
    for (const [fingerprint, kept] of this.#kept) {
      if (wanted.has(fingerprint)) continue;
      clearTimeout(kept.timer);
      this.#kept.delete(fingerprint);
    }
  }

  stop(): void {
    for (const { timer } of this.#kept.values()) clearTimeout(timer);
    this.#kept.clear();
  }

  async #ask(kept: Kept): Promise<void> {
    const { certificate } = kept;
    let delayMs: number;
    try {
      kept.answer = await newestAnswer(certificate);
      kept.failures = 0;
      delayMs = certificate.responder === '' ? restOf(kept.answer) : refreshOf(kept.answer);
    } catch (error) {
      delayMs = Math.min(retryMs.last, retryMs.first * 2 ** kept.failures);
      kept.failures += 1;
      this.#journal.warn(
        `no stapled answer for ${certificate.file} from ${certificate.responder || 'the file beside it'}: ${messageOf(error)}`,
      );
      // Told again when what there was is out of date.
      if (kept.answer) delayMs = Math.max(1000, Math.min(delayMs, endOf(kept.answer) - Date.now()));
    }
    if (this.#kept.get(certificate.fingerprint) !== kept) return;
    kept.timer = setTimeout(() => void this.#ask(kept), delayMs).unref();
    this.#changed();
  }
}

/** The certificates with which a configuration may send answers, by fingerprint. */
function stapledOf(config: ProxyConfig, material: TlsMaterial): Map<string, CertificateMaterial> {
  const wanted = new Map<string, CertificateMaterial>();
  for (const { name, tls } of config.frontends) {
    for (const certificate of material.frontends[name]?.certificates ?? []) {
      if (tls && mayStaple(tls, certificate)) wanted.set(certificate.fingerprint, certificate);
    }
  }
  return wanted;
}

function endOf({ thisUpdateMs, nextUpdateMs }: OcspAnswer): number {
  return nextUpdateMs ?? thisUpdateMs + endless.useMs;
}

/** At half of the time that an answer holds. */
function refreshOf({ thisUpdateMs, nextUpdateMs }: OcspAnswer): number {
  if (nextUpdateMs === undefined) return endless.refreshMs;
  const middle = (thisUpdateMs + nextUpdateMs) / 2 - Date.now();
  return Math.min(refreshMs.most, Math.max(refreshMs.least, middle));
}

/** That of the responder, else the one that stands beside the certificate as long as it holds. */
async function newestAnswer({
  cert,
  issuer: issuing,
  responder,
  answer: stored,
}: CertificateMaterial): Promise<OcspAnswer> {
  if (issuing === '') throw new VezaError('no-issuer', "its file does not hold its issuer's certificate");
  const [certificate, issuer] = [new X509Certificate(cert), new X509Certificate(issuing)];
  // Loaded for those who staple: the libraries of its formats take 2 MB.
  const { ocspRequest, readOcspAnswer } = await import('./ocsp.ts');
  const read = (answer: Buffer): OcspAnswer => readOcspAnswer(answer, certificate, issuer, Date.now());
  const fallback = stored === '' ? undefined : Buffer.from(stored, 'base64');
  if (responder === '' && fallback) return read(fallback);
  try {
    return read(await post(responder, ocspRequest(certificate, issuer)));
  } catch (error) {
    if (!fallback) throw error;
    return read(fallback);
  }
}

/** Until an answer from a file is out of date, which is told then. */
function restOf(answer: OcspAnswer): number {
  return Math.min(refreshMs.most, Math.max(1000, endOf(answer) - Date.now()));
}

function post(url: string, body: Buffer): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const headers = { 'Content-Type': 'application/ocsp-request', 'Content-Length': body.length };
  const outgoing = builtins.http.request(
    url,
    { method: 'POST', headers, signal: AbortSignal.timeout(timeoutMs) },
    (response) => {
      const pieces: Buffer[] = [];
      let size = 0;
      response.on('data', (bytes: Buffer) => {
        size += bytes.length;
        if (size > answerBytes) outgoing.destroy(new VezaError('bad-ocsp-answer', 'the answer is too large'));
        else pieces.push(bytes);
      });
      response.on('end', () => {
        if (response.statusCode === 200) resolve(Buffer.concat(pieces));
        else reject(new VezaError('bad-ocsp-answer', `status ${response.statusCode ?? 0}`));
      });
      response.on('error', reject);
    },
  );
  outgoing.on('error', reject);
  outgoing.end(body);
  return promise;
}
