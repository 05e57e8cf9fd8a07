// A certificate in Hetzner Cloud, for its load balancers: one that is there is used, else one is made.
import { VezaError } from '../../lib/errors.ts';
import type { HetznerCloud } from '../hetzner-cloud/client.ts';
import type { Certificate } from '../hetzner-cloud/types.ts';
import type { Call, CloudResource } from '../resource.ts';
import { attributeDiff } from './attributes.ts';
import { owner } from './ownership.ts';

export interface WantedCertificate {
  readonly name: string;
  /** Names that it is for. */
  readonly domains: readonly string[];
  /** Gets one from a certificate authority; without it, Hetzner gets and renews it. */
  readonly issue?: (signal?: AbortSignal) => Promise<IssuedCertificate>;
}

/** PEM. */
export interface IssuedCertificate {
  readonly certificate: string;
  readonly privateKey: string;
}

interface State {
  readonly id: number;
  readonly domains: readonly string[];
  /** Milliseconds since 1970; null where it is not known. */
  readonly expiresAtMs: number | null;
}

/** The output that gives its id. */
export function certificateOutput(name: string): string {
  return `certificate:${name}`;
}

export function certificateResource(cloud: HetznerCloud, wanted: WantedCertificate): CloudResource<State> {
  const output = certificateOutput(wanted.name);
  return {
    key: `hcloud_certificate:${wanted.name}`,
    needs: [],
    gives: [output],
    after: [],
    observe: async (signal) => {
      const found = await cloud.certificate(wanted.name, signal);
      return found && stateOf(found);
    },
    desired: (current) => {
      if (!current) return { domains: wanted.domains };
      const missing = wanted.domains.filter((domain) => !covers(current.domains, domain));
      if (missing.length === 0) return {};
      throw new VezaError('certificate-domains', `the certificate "${wanted.name}" is not for ${missing.join(', ')}`, {
        hint: 'Name another certificate, or delete this one, so that a new one is made.',
      });
    },
    calls: (change) => (change.action === 'create' ? [creation(wanted)] : []),
    send: async ({ method, path, body }, signal) => {
      const issued = await wanted.issue?.(signal);
      const pem = issued && { certificate: issued.certificate, private_key: issued.privateKey };
      await cloud.change(method, path, { ...body, ...pem }, signal);
    },
    outputs: (state) => new Map(state ? [[output, String(state.id)]] : []),
    describe: (change) => attributeDiff(change),
  };
}

/** Whether one of the names, which may be wildcards, holds for `domain`. */
export function covers(names: readonly string[], domain: string): boolean {
  const parent = domain.slice(domain.indexOf('.'));
  return names.some((name) => name === domain || (name.startsWith('*.') && name.slice(1) === parent));
}

function stateOf({ id, domain_names: domains, not_valid_after: until }: Certificate): State {
  return { id, domains, expiresAtMs: until == null ? null : Date.parse(until) };
}

function creation({ name, domains, issue }: WantedCertificate): Call {
  const labels = { [owner.label]: owner.value };
  const body = issue ? { name, type: 'uploaded', labels } : { name, type: 'managed', domain_names: domains, labels };
  return { api: 'hcloud', method: 'POST', path: '/certificates', body };
}
