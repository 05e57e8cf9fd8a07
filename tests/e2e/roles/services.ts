// The services that roles install: how systemd and the kernel confine them.
import { beforeAll, describe, expect, it } from 'vitest';
import { vezaRunJson } from '../../support/cli.ts';
import { expectDone, type RolesLab } from './roles-lab.ts';

export function confinedServices(lab: () => RolesLab): void {
  describe('the services', () => {
    const services = [
      ['lb-1', 'veza-proxy.service'],
      ['backend-api-1', 'veza-backend-api.service'],
      ['stream-server-1', 'veza-stream-server.service'],
    ] as const;

    beforeAll(async () => {
      expectDone(await vezaRunJson(['playbooks/lb.yml', ...lab().inventory]));
    });

    it.each(services)('on %s: systemd has no complaint about %s, and finds it well confined', async (host, unit) => {
      expect(await lab().on(host, `systemd-analyze verify ${unit}`)).toBe('');
      const said = await lab().on(host, `systemd-analyze security --no-pager ${unit}`);
      const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(said)?.[1]);
      expect(exposure, said).toBeLessThanOrEqual(1.5);
    });

    it.each(services)('on %s: what %s may not do, the kernel really refuses', async (host, unit) => {
      const pid = await lab().pidOf(host, unit);
      const status = await lab().on(host, `cat /proc/${pid}/status`);
      for (const capabilities of ['CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
        expect(status).toMatch(new RegExp(`^${capabilities}:\\s0+$`, 'm'));
      }
      expect(status).toMatch(/^NoNewPrivs:\s1$/m);
      expect(status).toMatch(/^Seccomp:\s2$/m);
      expect(status).not.toMatch(/^Uid:\s0/m);
      const tried = await lab().on(
        host,
        `nsenter -t ${pid} -m sh -c 'for f in /etc /usr /var /opt/veza; do touch $f/x; done'`,
      );
      expect(tried.match(/Read-only file system/g)).toHaveLength(4);
      expect(await lab().on(host, `nsenter -t ${pid} -m ls /home /root /tmp`)).toBe('/home:\n\n/root:\n\n/tmp:');
    });

    it.each(services)('on %s: nothing that %s writes or is given can be read by others', async (host, unit) => {
      const name = unit.replace('.service', '');
      const open = `find /etc/veza-proxy /run/veza-proxy /var/log/veza* /var/lib/${name} -maxdepth 0 -perm /007 2>/dev/null`;
      expect(await lab().on(host, open)).toBe('');
    });
  });
}
