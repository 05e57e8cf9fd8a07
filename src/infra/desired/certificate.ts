// A certificate in Hetzner Cloud, for its load balancers: one that is there is used, else one is made. Hetzner gets and renews
// those of plain names; wildcards it refuses, so these come from a CertificateSource and are uploaded, again at each renewal.
import { unknown, type Unknown } from '../../core/unknown.ts';
import { VezaError } from '../../lib/errors.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { CertificateSource } from '../certificate-source.ts';
import type { HetznerCloud } from '../hetzner-cloud/client.ts';
import type { Certificate } from '../hetzner-cloud/types.ts';
import type { Call, CloudResource } from '../resource.ts';
import { attributeDiff } from './attributes.ts';
import { hcloudCall, sendTo } from './calls.ts';
import { ownedBy, owner } from './ownership.ts';

export interface WantedCertificate {
  readonly name: string;
  /** Names that it is for. */
  readonly domains: readonly string[];
  /** Where it comes from; without one, Hetzner gets and renews it. */
  readonly source?: CertificateSource;
}

interface State {
  readonly id: number;
  readonly domains: readonly string[];
  /** SHA-256, of those that are uploaded: 64 hexadecimal digits. */
  readonly fingerprint?: string | Unknown | null;
}

/** On uploaded ones: which certificate they are a generation of. */
const generationLabel = 'certificate';

/** The output that gives its id. */
export function certificateOutput(name: string): string {
  return `certificate:${name}`;
}

export function certificateResource(cloud: HetznerCloud, wanted: WantedCertificate): CloudResource<State> {
  const output = certificateOutput(wanted.name);
  const { source } = wanted;
  /** Of the certificate that the source has; unknown where it would get a new one. Seen with the cloud, at one time. */
  let fingerprint: string | Unknown | undefined;
  return {
    key: `hcloud_certificate:${wanted.name}`,
    needs: [],
    gives: [output],
    after: source ? [`acme_certificate:${wanted.domains[0] ?? ''}`] : [],
    replaces: true,
    observe: async (signal) => {
      const found = generations(wanted, await cloud.certificates(signal));
      const [newest] = found;
      // One that others uploaded under this name is used as it is.
      if (!source || (newest && !ownedBy(newest.labels))) {
        fingerprint = undefined;
        return newest ? stateOf(newest) : null;
      }
      fingerprint = await fingerprintFrom(source, wanted.domains);
      const same = found.find((one) => plainFingerprint(one) === fingerprint);
      return same || newest ? stateOf((same ?? newest) as Certificate) : null;
    },
    desired: (current) => {
      refuseWildcard(wanted, current);
      if (!current) return { domains: wanted.domains, ...(source && { fingerprint: fingerprint ?? null }) };
      refuseOthers(wanted, current, fingerprint !== undefined);
      return fingerprint === undefined ? {} : { fingerprint };
    },
    calls: (change) => (change.action === 'no-op' ? [] : [creation(wanted, fingerprint)]),
    send: async ({ method, path, body }, signal) => {
      const issued = await source?.obtain(wanted.domains, signal);
      const pem = issued && {
        name: generationName(wanted, issued.fingerprint),
        certificate: issued.certificate,
        private_key: issued.privateKey,
      };
      await cloud.change(method, path, { ...body, ...pem }, signal);
    },
    outputs: (state) => new Map(state ? [[output, String(state.id)]] : []),
    describe: (change) => attributeDiff(change),
  };
}

interface Outdated {
  readonly ids: readonly number[];
}

/** Generations of an uploaded certificate that only the load balancer used: removed after it has the new one. */
export function outdatedCertificates(
  cloud: HetznerCloud,
  wanted: WantedCertificate & { readonly source: CertificateSource },
  balancer: { readonly key: string; readonly name: string },
): CloudResource<Outdated> {
  return {
    key: `hcloud_certificate:${wanted.name}/outdated`,
    needs: [],
    gives: [],
    after: [balancer.key, `hcloud_certificate:${wanted.name}`],
    observe: async (signal) => {
      const found = generations(wanted, await cloud.certificates(signal));
      if (!found[0] || !ownedBy(found[0].labels)) return { ids: [] };
      const fingerprint = await fingerprintFrom(wanted.source, wanted.domains);
      const user = await cloud.loadBalancer(balancer.name, signal);
      const outdated = found.filter(
        (one) =>
          ownedBy(one.labels) &&
          plainFingerprint(one) !== fingerprint &&
          (one.used_by ?? []).every(({ type, id }) => type === 'load_balancer' && id === user?.id),
      );
      return { ids: outdated.map(({ id }) => id) };
    },
    desired: () => ({ ids: [] }),
    calls: ({ before }) => (before?.ids ?? []).map((id) => hcloudCall('DELETE', `/certificates/${id}`)),
    send: sendTo(cloud),
    describe: ({ before }) => ({
      attributes: [{ name: 'certificates', before: [...(before?.ids ?? [])], after: undefined }],
    }),
  };
}

/** Whether one of the names, which may be wildcards, holds for `domain`. */
export function covers(names: readonly string[], domain: string): boolean {
  const parent = domain.slice(domain.indexOf('.'));
  return names.some((name) => name === domain || (name.startsWith('*.') && name.slice(1) === parent));
}

/** Those with its name, or marked as a generation of it; the newest first. */
export function generations({ name }: WantedCertificate, all: readonly Certificate[]): readonly Certificate[] {
  const own = all.filter(
    (one) => one.name === name || (ownedBy(one.labels) && one.labels[generationLabel] === labelOf(name)),
  );
  return own.toSorted((one, other) => other.id - one.id);
}

async function fingerprintFrom(source: CertificateSource, domains: readonly string[]): Promise<string | Unknown> {
  const due = await source.isDue(domains);
  const there = due ? null : await source.current(domains);
  return there?.fingerprint ?? unknown('a new certificate is got first');
}

/** Throws VezaError `certificate-source`. */
function refuseWildcard({ name, domains, source }: WantedCertificate, current: State | null): void {
  const wildcard = domains.find((domain) => domain.startsWith('*.'));
  if (current || source || wildcard === undefined) return;
  throw new VezaError('certificate-source', `Hetzner gets no certificates for wildcards such as ${wildcard}`, {
    hint: `Get one by dns-01 (\`ssl.wildcard\`, veza-run prod ssl), or upload one to the project under the name "${name}".`,
  });
}

/** One that is of others, or that Hetzner got, cannot be made to hold other names. Throws VezaError `certificate-domains`. */
function refuseOthers(wanted: WantedCertificate, current: State, replaceable: boolean): void {
  const missing = wanted.domains.filter((domain) => !covers(current.domains, domain));
  if (missing.length === 0 || replaceable) return;
  throw new VezaError('certificate-domains', `the certificate "${wanted.name}" is not for ${missing.join(', ')}`, {
    hint: 'Name another certificate, or delete this one, so that a new one is made.',
  });
}

function stateOf(found: Certificate): State {
  return { id: found.id, domains: found.domain_names, fingerprint: plainFingerprint(found) };
}

/** The API has it with colons. */
function plainFingerprint({ fingerprint }: Certificate): string | null {
  return fingerprint?.replaceAll(':', '').toLowerCase() ?? null;
}

function creation({ name, domains, source }: WantedCertificate, fingerprint: string | Unknown | undefined): Call {
  const labels = { [owner.label]: owner.value };
  const managed: JsonObject = { name, type: 'managed', domain_names: domains, labels };
  // Its true name is known with its fingerprint; keys are only in what is sent.
  const uploaded = (): JsonObject => ({
    name: typeof fingerprint === 'string' ? generationName({ name }, fingerprint) : (fingerprint as unknown as string),
    type: 'uploaded',
    labels: { ...labels, [generationLabel]: labelOf(name) },
  });
  return hcloudCall('POST', '/certificates', source ? uploaded() : managed);
}

/** Names are unique, and two generations are there for a while. */
function generationName({ name }: Pick<WantedCertificate, 'name'>, fingerprint: string): string {
  return `${name}-${fingerprint.slice(0, 12)}`;
}

/** What a label may hold. */
function labelOf(text: string): string {
  const plain = text.replaceAll(/[^\w.-]/g, '-').slice(0, 63);
  return plain.replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/gi, '');
}
