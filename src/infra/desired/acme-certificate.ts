// A certificate of an ACME authority, as something that is planned and applied like the rest of infra.yaml.
import type { CertificateSource } from '../certificate-source.ts';
import type { CloudResource } from '../resource.ts';
import { attributeDiff } from './attributes.ts';

interface State {
  readonly domains: readonly string[];
  readonly valid_until: string;
  /** Whether it is time for a new one. */
  readonly renewal: 'due' | 'in time';
}

export function acmeCertificateResource(domains: readonly string[], source: CertificateSource): CloudResource<State> {
  return {
    key: `acme_certificate:${domains[0] ?? ''}`,
    needs: [],
    gives: [],
    after: [],
    observe: async () => {
      const found = await source.current(domains);
      if (!found) return null;
      const renewal = (await source.isDue(domains)) ? 'due' : 'in time';
      return { domains, renewal, valid_until: new Date(found.notAfterMs).toISOString() };
    },
    desired: () => ({ domains, renewal: 'in time' }),
    calls: () => [{ api: 'acme', method: 'POST', path: '/new-order', body: { identifiers: [...domains] } }],
    send: async (_call, signal) => {
      await source.obtain(domains, signal);
    },
    describe: (change) => attributeDiff(change),
  };
}
