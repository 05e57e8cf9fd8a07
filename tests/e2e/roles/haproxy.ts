// The role haproxy on real hosts: what it needs, what it installs, and what the service survives.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LocalAuthority } from '../../../src/acme/local-authority.ts';
import { changedOf, vezaRunJson } from '../../support/cli.ts';
import { expectDone, messagesOf, type RolesLab } from './roles-lab.ts';

const health = '/api/v1/health';

export function haproxyRole(lab: () => RolesLab): void {
  describe('haproxy', () => {
    /** Asks through the balancer; never waits for long. */
    const ask = () => fetch(`http://${lab().address('lb-1')}${health}`, { signal: AbortSignal.timeout(10_000) });
    const balancer = 'playbooks/haproxy.yml';
    const fallback = () => ({
      haproxy_backend_api_fallback: [
        { name: 'spare-1', address: lab().address('backend-api-1') },
        { name: 'spare-2', address: lab().address('backend-api-2'), port: 8080 },
      ],
      haproxy_stream_fallback: [{ name: 'spare-3', address: lab().address('stream-server-1') }],
    });
    const alone = (variables: object) =>
      vezaRunJson([balancer, ...lab().inventoryOf('alone', { haproxy: ['lb-1'] }), '-e', JSON.stringify(variables)]);

    it('names what to fill when a pool would have no server, and leaves the host alone', async () => {
      const run = await alone({});
      expect(run.exitCode).toBe(3);
      for (const name of ['backend_api_instances', 'haproxy_backend_api_fallback', 'api_pool']) {
        expect(messagesOf(run)).toContain(name);
      }
      expect(await lab().on('lb-1', 'ls -d /opt/veza/proxy /etc/veza-proxy; getent passwd veza-proxy')).not.toContain(
        'nologin',
      );
    });

    it('balances to its fallback lists when the inventory has no backends', async () => {
      expectDone(await alone(fallback()));
      expectDone(await vezaRunJson(['playbooks/backend_api.yml', ...lab().inventory]));
      const names = new Set<string | null>();
      // The second one is checked again after a while, and starts slowly then.
      const until = performance.now() + 20_000;
      while (performance.now() < until && names.size < 2) {
        const answer = await ask();
        expect(answer.status).toBe(200);
        names.add(/SERVERID=([^;]+)/.exec(answer.headers.get('set-cookie') ?? '')?.[1] ?? null);
        await answer.arrayBuffer();
      }
      expect([...names].sort()).toEqual(['spare-1', 'spare-2']);
    });

    it('has nothing to do the second time', async () => {
      const pid = await lab().pidOf('lb-1', 'veza-proxy');
      expect(changedOf(await alone(fallback()))).toEqual({ 'lb-1': 0 });
      expect(await lab().pidOf('lb-1', 'veza-proxy')).toBe(pid);
    });

    it('names the address that another process has taken, in every run, and starts when it is free again', async () => {
      await lab().on('lb-1', 'systemctl stop veza-proxy.service veza-proxy.socket');
      const listener = "require('net').createServer().listen(9100, '127.0.0.1')";
      await lab().on(
        'lb-1',
        `systemd-run --quiet --unit=other-exporter /usr/local/bin/node -e "${listener}"; sleep 0.5`,
      );
      const runs = [await alone(fallback()), await alone(fallback())];
      await lab().on('lb-1', 'systemctl stop other-exporter');
      for (const run of runs) {
        expect(run.exitCode, run.stdout).toBe(3);
        expect(messagesOf(run)).toContain('cannot listen on 127.0.0.1:9100');
        expect(messagesOf(run)).toContain('choose another address');
      }
      expectDone(await alone(fallback()));
      expect((await ask()).status).toBe(200);
    });

    it('is started again however often it dies, and its socket stays open', async () => {
      for (let death = 0; death < 6; death += 1) {
        const asked = `curl --silent --max-time 10 --output /dev/null --write-out '%{http_code}' http://127.0.0.1${health}`;
        const said = await lab().on('lb-1', `systemctl kill --signal=KILL veza-proxy.service; sleep 0.2; ${asked}`);
        expect(said, `after death ${death + 1}`).toBe('200');
      }
    });

    it('reloads, and says so where the configuration is refused, which leaves everything as it was', async () => {
      const file = '/etc/veza-proxy/config.yml';
      const reload = 'systemctl reload veza-proxy.service >/dev/null 2>&1; echo $?';
      const status = 'systemctl show --property=StatusText --value veza-proxy.service';
      const pid = await lab().pidOf('lb-1', 'veza-proxy');
      expect(await lab().on('lb-1', reload)).toBe('0');
      const journal = () => lab().on('lb-1', 'journalctl --no-pager -o cat -u veza-proxy.service');
      expect(await lab().on('lb-1', `cp -p ${file} /root/kept.yml; echo 'grave: 1s' >>${file}; ${reload}`)).toBe('1');
      expect(await journal()).toMatch(/config\.yml:\d+:1: error: unknown key `grave`/);
      // Nothing is wrong with the file, but that port is somebody else's.
      const taken = `sed 's/127.0.0.1:8404/127.0.0.1:22/' /root/kept.yml >${file}; ${reload}; ${status}`;
      expect(await lab().on('lb-1', taken)).toMatch(/^1\nRunning; the last reload was refused: .*127\.0\.0\.1:22/);
      expect(await journal()).toContain('reload refused, the running configuration stays');
      expect((await ask()).status).toBe(200);
      expect(await lab().on('lb-1', `cp -p /root/kept.yml ${file}; ${reload}; ${status}`)).toBe('0\nRunning');
      expect(await lab().pidOf('lb-1', 'veza-proxy')).toBe(pid);
      const state = "stat -c '%a %U' /var/lib/veza-proxy /var/lib/veza-proxy/last-good.json /run/veza-proxy/admin.sock";
      expect(await lab().on('lb-1', state)).toBe('700 veza-proxy\n600 veza-proxy\n660 veza-proxy');
    });

    it('is started again when its master hangs', async () => {
      const dropIn = '/run/systemd/system/veza-proxy.service.d';
      const shorter = `mkdir -p ${dropIn}; printf '[Service]\\nWatchdogSec=3\\n' >${dropIn}/watchdog.conf`;
      await lab().on('lb-1', `${shorter}; systemctl daemon-reload; systemctl restart veza-proxy.service`);
      const before = await lab().pidOf('lb-1', 'veza-proxy');
      // It is fed: after more than twice its time the same one runs.
      await lab().on('lb-1', 'sleep 7');
      expect(await lab().pidOf('lb-1', 'veza-proxy')).toBe(before);
      const changed = `for i in $(seq 60); do p=$(systemctl show --property=MainPID --value veza-proxy); [ "$p" != ${before} ] && [ "$p" != 0 ] && break; sleep 0.5; done`;
      await lab().on('lb-1', `kill -STOP ${before}; ${changed}`);
      expect(await lab().pidOf('lb-1', 'veza-proxy')).not.toBe(before);
      expect((await ask()).status).toBe(200);
      expect(await lab().on('lb-1', 'journalctl --no-pager -u veza-proxy.service')).toContain('Watchdog timeout');
      await lab().on('lb-1', `rm -r ${dropIn}; systemctl daemon-reload; systemctl restart veza-proxy.service`);
    });

    it('serves HTTPS where it is given a certificate', async () => {
      const authority = new LocalAuthority({ folder: join(lab().scratch, 'tls'), clock: Date });
      const { certificateFile, keyFile } = await authority.ensure('site', ['site.test']);
      const pem = readFileSync(certificateFile, 'utf8') + readFileSync(keyFile, 'utf8');
      const path = '/etc/veza-proxy/site.pem';
      await lab().on('lb-1', `umask 027; cat >${path} <<'END'\n${pem}END\nchgrp veza-proxy ${path}`);
      expectDone(await alone({ ...fallback(), haproxy_tls_cert_path: path }));
      // The socket is open before the service is: on a busy machine that takes its time.
      const asked = `curl --silent --insecure --max-time 60 --resolve site.test:443:127.0.0.1 --write-out ' %{http_code} %{http_version}' https://site.test${health}`;
      expect(await lab().on('lb-1', asked)).toMatch(/ 200 2$/);
      expect((await ask()).status).toBe(200);
    });
  });
}
