// The services that publish DNS records for certificates of the balancer. Only here does it meet the code of the cloud part,
// and only when a record is needed.
import type { DnsProviders } from './server/acme-dns.ts';

export const dnsProviders: DnsProviders = {
  cloudns: async (environment, options) => {
    const [{ createClients }, { clouDnsChallenge }, { systemAcmeClock: clock }, { createRedactor }] = await Promise.all(
      [
        import('../infra/access.ts'),
        import('../infra/cloudns/challenge.ts'),
        import('../acme/clock.ts'),
        import('../lib/redact.ts'),
      ],
    );
    const dns = createClients({ clock, redactor: createRedactor() }).dns({}, environment);
    return clouDnsChallenge({ ...options, dns, clock });
  },
};
