// A conversation with one authority: an account of ours, requests that are made again where that may help, and errors
// that say what the authority said.
import { createHash, generateKeyPairSync } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import type { Agent } from 'node:https';
import { join } from 'node:path';
import type { Client } from 'acme-client';
import { messageOf } from '../lib/errors.ts';
import { isJsonObject } from '../lib/json.ts';
import { AcmeError, refusal } from './errors.ts';
import { makePrivateFolder, writeAtomically } from './files.ts';
import { takeLock } from './lock.ts';
import type { AcmeOptions } from './model.ts';
import { agentFor, loadAcmeClient, withExchange, type AcmeClientModule, type Exchange } from './transport.ts';

/** Attempts of one request beside the first; nonces that were refused are not counted by acme-client beyond five. */
const retries = 4;
const firstPauseMs = 500;
/** Longer pauses are for whoever schedules orders, not for a request. */
const longestAskedPauseMs = 30_000;

export interface Asked<T> {
  readonly value: T;
  /** What the answer asked to wait for before the next question. */
  readonly retryAfterMs: number | undefined;
}

export class AcmeSession implements Disposable {
  readonly module: AcmeClientModule;
  readonly #client: Client;
  readonly #agent: Agent;
  readonly #options: AcmeOptions;
  readonly #signal: AbortSignal | undefined;

  private constructor(
    module: AcmeClientModule,
    client: Client,
    agent: Agent,
    options: AcmeOptions,
    signal: AbortSignal | undefined,
  ) {
    this.module = module;
    this.#client = client;
    this.#agent = agent;
    this.#options = options;
    this.#signal = signal;
  }

  /** Opens the account that is on disk, or makes one. Rejects with AcmeError. */
  static async open(options: AcmeOptions, signal?: AbortSignal): Promise<AcmeSession> {
    const module = await loadAcmeClient();
    const folder = join(authorityFolder(options), 'account');
    const known = await readAccount(folder);
    if (known?.url !== undefined) return AcmeSession.#of(module, known, options, signal);
    if (!options.termsAgreed) throw termsNotAgreed(directoryUrlOf(options));
    await makePrivateFolder(folder);
    // Two at once would make two accounts.
    await using _lock = await takeLock(join(folder, 'lock'), options.clock, signal);
    const saved = (await readAccount(folder)) ?? { key: newKey() };
    const session = AcmeSession.#of(module, saved, options, signal);
    try {
      if (saved.url === undefined) await session.#register(folder, saved.key);
      return session;
    } catch (error) {
      session[Symbol.dispose]();
      throw error;
    }
  }

  static #of(
    module: AcmeClientModule,
    { key: accountKey, url }: Account,
    options: AcmeOptions,
    signal: AbortSignal | undefined,
  ): AcmeSession {
    const directoryUrl = directoryUrlOf(options);
    const accountUrl = url === undefined ? {} : { accountUrl: url };
    const client = new module.Client({ directoryUrl, accountKey, ...accountUrl });
    return new AcmeSession(module, client, agentFor(options.trust), options, signal);
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  /** Makes a request, again where that may help. `doing` begins the message of an error. Rejects with AcmeError. */
  async ask<T>(doing: string, use: (client: Client) => Promise<T>): Promise<Asked<T>> {
    for (let attempt = 0; ; attempt += 1) {
      const result = await withExchange(this.#agent, this.#signal, () => use(this.#client));
      if ('value' in result) return { value: result.value, retryAfterMs: result.exchange.retryAfterMs };
      this.#signal?.throwIfAborted();
      const error = this.#errorOf(doing, result.exchange, result.error);
      const pauseMs = attempt < retries ? this.#pauseMs(error, result.exchange, attempt) : null;
      if (pauseMs === null) {
        await this.#forgetLostAccount(error);
        throw error;
      }
      await this.sleep(pauseMs);
    }
  }

  async sleep(milliseconds: number): Promise<void> {
    await this.#options.clock.sleep(milliseconds, this.#signal);
  }

  /** The account's key is written before it is used: an account whose key is lost cannot be used any more. */
  async #register(folder: string, key: string): Promise<void> {
    await writeAtomically(join(folder, 'key.pem'), key, 0o600);
    const { email } = this.#options;
    const contact = email === undefined ? {} : { contact: [`mailto:${email}`] };
    await this.ask('cannot make an account', (client) =>
      client.createAccount({ termsOfServiceAgreed: true, ...contact }),
    );
    const account = { directory: directoryUrlOf(this.#options), url: this.#client.getAccountUrl(), ...contact };
    await writeAtomically(join(folder, 'account.json'), `${JSON.stringify(account, null, 2)}\n`, 0o600);
  }

  /** An account that the authority does not know any more is made anew at the next order, with the same key. */
  async #forgetLostAccount(error: AcmeError): Promise<void> {
    if (error.problem?.type !== 'accountDoesNotExist') return;
    await rm(join(authorityFolder(this.#options), 'account', 'account.json'), { force: true });
  }

  /** The pause before another attempt, or `null` where there is none. */
  #pauseMs(error: AcmeError, { problem, broken, retryAfterMs }: Exchange, attempt: number): number | null {
    if (broken && isTrustError(broken)) return null;
    const own = firstPauseMs * 2 ** attempt * (0.5 + this.#options.clock.random() / 2);
    if (problem?.type === 'badNonce') return 0;
    if (error.code !== 'acme-unreachable' && error.code !== 'acme-rate-limited') return null;
    if (error.code === 'acme-rate-limited' && retryAfterMs === undefined) return null;
    const pause = Math.max(own, retryAfterMs ?? 0);
    return pause > longestAskedPauseMs ? null : pause;
  }

  #errorOf(doing: string, { problem, broken, retryAfterMs }: Exchange, error: unknown): AcmeError {
    if (problem) return refusal(doing, problem, retryAfterMs);
    const host = new URL(directoryUrlOf(this.#options)).host;
    if (broken) {
      return new AcmeError('acme-unreachable', `${doing}: cannot reach ${host}: ${reasonOf(broken)}`, {
        cause: broken,
        ...(isTrustError(broken) && {
          hint: 'If the authority is a private one, name its own certificate to be trusted.',
        }),
      });
    }
    return new AcmeError('acme-bad-answer', `${doing}: ${host}: ${messageOf(error)}`, { cause: error });
  }
}

const directories: Readonly<Record<string, string>> = {
  production: 'https://acme-v02.api.letsencrypt.org/directory',
  staging: 'https://acme-staging-v02.api.letsencrypt.org/directory',
};

/** Throws AcmeError `acme-wrong-options`. */
function directoryUrlOf({ directory }: Pick<AcmeOptions, 'directory'>): string {
  const url = directories[directory] ?? directory;
  if (URL.canParse(url) && new URL(url).protocol === 'https:') return url;
  throw new AcmeError('acme-wrong-options', `"${directory}" is no directory of an ACME authority`, {
    hint: 'Use production, staging, or a URL that begins with https://.',
  });
}

/** Account and certificates of one authority: those of `staging` never meet those of `production`. */
export function authorityFolder(options: Pick<AcmeOptions, 'directory' | 'folder'>): string {
  const url = directoryUrlOf(options);
  const mark = createHash('sha256').update(url).digest('hex').slice(0, 8);
  return join(options.folder, `${new URL(url).host.replace(':', '_')}-${mark}`);
}

/** Whether there is an account at this authority. */
export async function hasAccount(options: Pick<AcmeOptions, 'directory' | 'folder'>): Promise<boolean> {
  return (await readAccount(join(authorityFolder(options), 'account')))?.url !== undefined;
}

interface Account {
  /** PEM. */
  readonly key: string;
  /** Not there while it is not known to the authority. */
  readonly url?: string;
}

async function readAccount(folder: string): Promise<Account | null> {
  try {
    const key = await readFile(join(folder, 'key.pem'), 'utf8');
    const text = await readFile(join(folder, 'account.json'), 'utf8').catch(() => '{}');
    const account: unknown = JSON.parse(text);
    const url = isJsonObject(account) ? account['url'] : undefined;
    return { key, ...(typeof url === 'string' && { url }) };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new AcmeError('acme-account', `the account in ${folder} cannot be read: ${messageOf(error)}`, {
      hint: 'Run it as the user that the folder belongs to.',
      cause: error,
    });
  }
}

export function newKey(type: 'ecdsa' | 'rsa' = 'ecdsa'): string {
  const { privateKey } =
    type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function termsNotAgreed(url: string): AcmeError {
  return new AcmeError('acme-terms-not-agreed', `an account at ${new URL(url).host} needs your consent to its terms`, {
    hint: 'Read them (the directory has their address), then say that you agree.',
  });
}

/** Node hides what happened in several attempts at one address. */
function reasonOf(error: Error): string {
  if (error instanceof AggregateError) return [...new Set(error.errors.map((one) => messageOf(one)))].join('; ');
  return messageOf(error);
}

function isTrustError(error: Error): boolean {
  const code = 'code' in error ? String(error.code) : '';
  return /SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET_ISSUER)|CERT_UNTRUSTED/.test(code);
}
