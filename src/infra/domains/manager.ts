// Domains of this machine: a name that leads here and a certificate for it, both or neither.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makePrivateFolder, writeAtomically } from '../../acme/files.ts';
import { isLocalDomain, type LocalAuthority } from '../../acme/local-authority.ts';
import type { AcmeManager } from '../../acme/manager.ts';
import type { StoredCertificate } from '../../acme/model.ts';
import { messageOf, VezaError } from '../../lib/errors.ts';
import { isJsonObject } from '../../lib/json.ts';
import type { HostsFile } from './hosts-file.ts';

export interface Domain {
  readonly name: string;
  /** `local`: hosts file and a certificate of the local authority; `acme`: a certificate of a public one. */
  readonly kind: 'local' | 'acme';
}

export interface ListedDomain extends Domain {
  readonly certificate: StoredCertificate | null;
  /** Whether the hosts file has it; nothing to say for those that are public, and for wildcards. */
  readonly inHosts: boolean | null;
}

export interface DomainManagerOptions {
  /** Where the list of domains is kept. */
  readonly folder: string;
  readonly hosts: HostsFile;
  readonly authority: LocalAuthority;
  /** Made when a domain needs it: not everybody has an account. */
  readonly acme: (domains: readonly string[]) => AcmeManager;
}

const loopback = ['127.0.0.1', '::1'];

/** One thing that is done, and how it is undone. */
interface Step {
  readonly run: () => Promise<unknown>;
  readonly undo: () => Promise<unknown>;
}

export class DomainManager {
  readonly #options: DomainManagerOptions;

  constructor(options: DomainManagerOptions) {
    this.#options = options;
  }

  /** Adds a domain, or repairs one that is there. Where a part fails, the parts before it are undone. Rejects with VezaError. */
  async add(given: string, kind?: Domain['kind'], signal?: AbortSignal): Promise<ListedDomain> {
    const name = checkedName(given);
    const domain: Domain = { name, kind: kind ?? (isLocalDomain(name) ? 'local' : 'acme') };
    const known = await this.#read();
    const before = known.find((one) => one.name === name);
    if (before && before.kind !== domain.kind) {
      throw new VezaError('domain-exists', `${name} is there already, as ${before.kind}`, {
        hint: `Remove it first: veza-run domains remove ${name}`,
      });
    }
    const had = await this.#certificateOf(domain);
    const steps: Step[] = [];
    if (domain.kind === 'local' && !isWildcard(name)) steps.push(await this.#hostsStep(name));
    steps.push({
      run: () => this.#certify(domain, signal),
      undo: async () => (had ? undefined : this.#dropCertificate(domain)),
    });
    steps.push({
      run: () => this.#write([...known.filter((one) => one.name !== name), domain]),
      undo: () => this.#write(known),
    });
    await allOrNothing(steps);
    return this.#listed(domain);
  }

  /** Removes a domain, its lines and its certificate. Rejects with VezaError `unknown-domain`. */
  async remove(given: string): Promise<void> {
    const name = checkedName(given);
    const known = await this.#read();
    const domain = known.find((one) => one.name === name);
    if (!domain) {
      const all = known.map((one) => one.name).join(', ');
      throw new VezaError('unknown-domain', `there is no domain ${name}`, {
        hint: all === '' ? 'None was added yet.' : `There are: ${all}.`,
      });
    }
    const { hosts } = this.#options;
    const there = (await hosts.entries()).find((entry) => entry.name === name);
    await allOrNothing([
      { run: () => hosts.remove(name), undo: async () => (there ? hosts.set(there) : undefined) },
      { run: () => this.#write(known.filter((one) => one !== domain)), undo: () => this.#write(known) },
      // Last, for it cannot be undone.
      { run: () => this.#dropCertificate(domain), undo: () => Promise.resolve() },
    ]);
  }

  async list(): Promise<readonly ListedDomain[]> {
    return Promise.all((await this.#read()).map((domain) => this.#listed(domain)));
  }

  /** Renews the certificates that are due. Problems of one do not keep others from it. */
  async renew(signal?: AbortSignal): Promise<readonly { readonly domain: Domain; readonly error: Error | null }[]> {
    const results: { readonly domain: Domain; readonly error: Error | null }[] = [];
    for (const domain of await this.#read()) {
      try {
        await this.#certify(domain, signal);
        results.push({ domain, error: null });
      } catch (error) {
        results.push({ domain, error: error instanceof Error ? error : new Error(String(error)) });
      }
    }
    return results;
  }

  async #hostsStep(name: string): Promise<Step> {
    const { hosts } = this.#options;
    const before = (await hosts.entries()).find((entry) => entry.name === name);
    return {
      run: () => hosts.set({ name, addresses: loopback }),
      undo: () => (before ? hosts.set(before) : hosts.remove(name)),
    };
  }

  async #certify({ name, kind }: Domain, signal?: AbortSignal): Promise<StoredCertificate> {
    if (kind === 'local') return this.#options.authority.ensure(name, [name]);
    return this.#options.acme([name]).ensure({ name, domains: [name] }, signal);
  }

  async #certificateOf({ name, kind }: Domain): Promise<StoredCertificate | null> {
    return kind === 'local' ? this.#options.authority.current(name) : this.#options.acme([name]).current(name);
  }

  async #dropCertificate({ name, kind }: Domain): Promise<void> {
    await (kind === 'local' ? this.#options.authority : this.#options.acme([name])).remove(name);
  }

  async #listed(domain: Domain): Promise<ListedDomain> {
    const hosted = domain.kind === 'local' && !isWildcard(domain.name);
    const inHosts = hosted ? (await this.#options.hosts.entries()).some((entry) => entry.name === domain.name) : null;
    return { ...domain, certificate: await this.#certificateOf(domain), inHosts };
  }

  get #file(): string {
    return join(this.#options.folder, 'domains.json');
  }

  async #read(): Promise<readonly Domain[]> {
    try {
      const list: unknown = JSON.parse(await readFile(this.#file, 'utf8'));
      if (!Array.isArray(list)) throw new Error('it is no list');
      return list.flatMap((one: unknown): Domain[] => {
        if (!isJsonObject(one) || typeof one['name'] !== 'string') return [];
        return [{ name: one['name'], kind: one['kind'] === 'acme' ? 'acme' : 'local' }];
      });
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw new VezaError('domains-file', `the list of domains ${this.#file} cannot be read: ${messageOf(error)}`, {
        hint: 'Correct it, or remove it and add the domains again.',
      });
    }
  }

  async #write(domains: readonly Domain[]): Promise<void> {
    await makePrivateFolder(this.#options.folder);
    const sorted = domains.toSorted((one, other) => one.name.localeCompare(other.name, 'en'));
    await writeAtomically(this.#file, `${JSON.stringify(sorted, null, 2)}\n`, 0o600);
  }
}

/** Runs the steps; where one fails, undoes it and those before it, the last one first, and tells why it failed. */
async function allOrNothing(steps: readonly Step[]): Promise<void> {
  const begun: Step[] = [];
  try {
    for (const step of steps) {
      begun.unshift(step);
      await step.run();
    }
  } catch (error) {
    const left: string[] = [];
    for (const step of begun) await step.undo().catch((reason: unknown) => left.push(messageOf(reason)));
    if (left.length === 0 || !(error instanceof VezaError)) throw error;
    throw new VezaError(error.code, `${error.message}; and what was done could not be undone: ${left.join('; ')}`, {
      cause: error,
      ...(error.hint !== undefined && { hint: error.hint }),
    });
  }
}

function isWildcard(name: string): boolean {
  return name.startsWith('*.');
}

/** In lower case and without a dot at the end. Throws VezaError `wrong-domain`. */
function checkedName(given: string): string {
  const name = given.toLowerCase().replace(/\.$/, '');
  const label = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
  if (name.length <= 253 && new RegExp(`^(?:\\*\\.)?${label}(?:\\.${label})+$`).test(name)) return name;
  throw new VezaError('wrong-domain', `"${given}" is no name of a domain`, {
    hint: 'For instance app.test or www.example.com; names with other letters in their xn-- form.',
  });
}
