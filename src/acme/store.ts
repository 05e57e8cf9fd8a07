// Certificates on disk. A certificate and its key belong together, so each pair has a folder of its own, and
// `live/NAME` is a link to the one that holds: it is replaced whole.
//   live/NAME -> ../archive/NAME/VERSION/{fullchain.pem,privkey.pem}      state/NAME.json
import { readdir, readFile, realpath, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { isJsonObject } from '../lib/json.ts';
import { readCertificate } from './certificate.ts';
import { AcmeError } from './errors.ts';
import { linkAtomically, makePrivateFolder, writeAtomically } from './files.ts';
import { takeLock } from './lock.ts';
import type { AcmeClock, StoredCertificate } from './model.ts';
import { noFailures, type Failures } from './schedule.ts';

/** Versions that are kept: the one that holds and the one before it, which a server may be reading. */
const keptVersions = 2;

export class CertificateStore {
  readonly #folder: string;
  readonly #certificateMode: number;

  /** Keys are always 0600. */
  constructor(folder: string, { certificateMode = 0o600 }: { readonly certificateMode?: number } = {}) {
    this.#folder = folder;
    this.#certificateMode = certificateMode;
  }

  /** The certificate that holds, or `null` where there is none that can be read. */
  async read(name: string): Promise<StoredCertificate | null> {
    try {
      const live = liveFolder(this.#folder, name);
      // Resolved once, so that both files are of one version.
      const version = await realpath(live);
      const certificate = await readFile(join(version, 'fullchain.pem'), 'utf8');
      const privateKey = await readFile(join(version, 'privkey.pem'), 'utf8');
      return {
        ...readCertificate(certificate),
        name,
        certificate,
        privateKey,
        certificateFile: join(live, 'fullchain.pem'),
        keyFile: join(live, 'privkey.pem'),
      };
    } catch (error) {
      if (isCode(error, 'EACCES')) {
        throw new AcmeError('acme-wrong-options', `cannot read the certificate "${name}" in ${this.#folder}`, {
          hint: 'Run it as the user that the folder belongs to.',
          cause: error,
        });
      }
      return null;
    }
  }

  /** Puts a new pair in the place of the old one, at once. */
  async write(name: string, certificate: string, privateKey: string): Promise<StoredCertificate> {
    const archive = join(this.#folder, 'archive', fileName(name));
    const { notBeforeMs, fingerprint } = readCertificate(certificate);
    const started = new Date(notBeforeMs).toISOString().replaceAll(/[-:]|\.\d+/g, '');
    const version = join(archive, `${started}-${fingerprint.slice(0, 12)}`);
    const live = join(this.#folder, 'live');
    await makePrivateFolder(version);
    await makePrivateFolder(live);
    await writeAtomically(join(version, 'privkey.pem'), privateKey, 0o600);
    await writeAtomically(join(version, 'fullchain.pem'), certificate, this.#certificateMode);
    await linkAtomically(join(live, fileName(name)), relative(live, version));
    await this.#forget(archive, version);
    const stored = await this.read(name);
    if (!stored) throw new AcmeError('acme-bad-answer', `the certificate "${name}" cannot be read back`);
    return stored;
  }

  /** Removes a certificate, all its versions and what is remembered of it. */
  async remove(name: string): Promise<void> {
    await rm(liveFolder(this.#folder, name), { force: true });
    await rm(join(this.#folder, 'archive', fileName(name)), { recursive: true, force: true });
    await rm(this.#stateFile(name), { force: true });
  }

  /** Failures are remembered over restarts: a service that is restarted all the time must not spend the authority's limits. */
  async failures(name: string): Promise<Failures> {
    try {
      const state: unknown = JSON.parse(await readFile(this.#stateFile(name), 'utf8'));
      if (!isJsonObject(state)) return noFailures;
      const { count, lastMs, retryAfterMs } = state;
      if (typeof count !== 'number' || typeof lastMs !== 'number') return noFailures;
      return { count, lastMs, ...(typeof retryAfterMs === 'number' && { retryAfterMs }) };
    } catch {
      return noFailures;
    }
  }

  async rememberFailures(name: string, failures: Failures): Promise<void> {
    await makePrivateFolder(join(this.#folder, 'state'));
    if (failures.count === 0) await rm(this.#stateFile(name), { force: true });
    else await writeAtomically(this.#stateFile(name), `${JSON.stringify(failures)}\n`, 0o600);
  }

  /** Waits until no other process works on this certificate. */
  async lock(name: string, clock: Pick<AcmeClock, 'sleep'>, signal?: AbortSignal): Promise<AsyncDisposable> {
    const folder = join(this.#folder, 'state');
    await makePrivateFolder(folder);
    return takeLock(join(folder, `${fileName(name)}.lock`), clock, signal);
  }

  #stateFile(name: string): string {
    return join(this.#folder, 'state', `${fileName(name)}.json`);
  }

  async #forget(archive: string, current: string): Promise<void> {
    const others = (await readdir(archive)).map((entry) => join(archive, entry)).filter((path) => path !== current);
    const kept = others.toSorted().slice(-(keptVersions - 1));
    for (const path of others) if (!kept.includes(path)) await rm(path, { recursive: true, force: true });
  }
}

/** The link that leads to a certificate and its key; it is replaced whole. Throws AcmeError. */
export function liveFolder(folder: string, name: string): string {
  return join(folder, 'live', fileName(name));
}

/** A name as the name of a file. Throws AcmeError where it cannot be one. */
export function fileName(name: string): string {
  if (!/^[a-zA-Z0-9*_][a-zA-Z0-9*._-]{0,200}$/.test(name) || name.includes('..')) {
    throw new AcmeError('acme-wrong-options', `"${name}" cannot be the name of a certificate`, {
      hint: 'Use letters, digits, dots, dashes and `_`.',
    });
  }
  return name.replaceAll('*', '_wildcard_').toLowerCase();
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
