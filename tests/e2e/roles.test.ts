// The roles one by one on real hosts: what they install, who may read it, what the services may do, and what happens
// when something is missing or in the way.
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalAuthority } from '../../src/acme/local-authority.ts';
import { changedOf, projectDirectory, vezaRun, vezaRunJson, type JsonRun } from '../support/cli.ts';
import { bootStack, labMissing, labRequired, type TestLab } from '../support/lab.ts';

const scratch = mkdtempSync(join(tmpdir(), 'veza-roles-'));
const health = '/api/v1/health';

let stack: TestLab;

function file(name: string, text: string): string {
  const path = join(scratch, name);
  writeFileSync(path, text);
  return path;
}

/** An inventory with these groups only, each of hosts of the lab. */
function inventoryOf(name: string, groups: Readonly<Record<string, readonly string[]>>): readonly string[] {
  const state = join(projectDirectory, '.veza-run', 'rolestest');
  const hostsOf = (hosts: readonly string[]) =>
    Object.fromEntries(hosts.map((host) => [host, { ansible_host: stack.address(host) }]));
  const children = Object.entries(groups).map(([group, hosts]) => [group, { hosts: hostsOf(hosts) }] as const);
  const vars = {
    ansible_user: 'lab',
    ansible_ssh_private_key_file: join(state, 'id_ed25519'),
    ansible_host_key_checking: 'accept-new',
    ansible_known_hosts_file: join(state, 'known_hosts'),
  };
  return ['-i', file(`${name}.yml`, JSON.stringify({ all: { vars, children: Object.fromEntries(children) } }))];
}

async function on(host: string, script: string): Promise<string> {
  const { stdout, stderr } = await stack.lab.exec(host, script);
  return (stdout + stderr).trim();
}

function pidOf(host: string, unit: string): Promise<string> {
  return on(host, `systemctl show --property=MainPID --value ${unit}`);
}

function expectDone(run: JsonRun): void {
  expect(run.exitCode, messagesOf(run) + run.stderr).toBe(0);
}

/** What the run says of its tasks and their items. */
const messagesOf = (run: JsonRun): string =>
  run.events
    .flatMap((event) => (event.type === 'task-end' || event.type === 'task-item' ? [event.result.message ?? ''] : []))
    .join('\n');

/** Asks through the balancer; never waits for long. */
const ask = () => fetch(`http://${stack.address('lb-1')}${health}`, { signal: AbortSignal.timeout(10_000) });

describe.skipIf(labMissing !== null && !labRequired)('the roles on real hosts', () => {
  beforeAll(async () => {
    if (labMissing !== null) throw new Error(`the lab cannot run here: ${labMissing}`);
    stack = await bootStack('rolestest');
  });
  afterAll(async () => {
    await stack[Symbol.asyncDispose]();
    rmSync(scratch, { recursive: true, force: true });
  });

  describe('haproxy', () => {
    const balancer = 'playbooks/haproxy.yml';
    const fallback = () => ({
      haproxy_backend_api_fallback: [
        { name: 'spare-1', address: stack.address('backend-api-1') },
        { name: 'spare-2', address: stack.address('backend-api-2'), port: 8080 },
      ],
      haproxy_stream_fallback: [{ name: 'spare-3', address: stack.address('stream-server-1') }],
    });
    const alone = (variables: object) =>
      vezaRunJson([balancer, ...inventoryOf('alone', { haproxy: ['lb-1'] }), '-e', JSON.stringify(variables)]);

    it('names what to fill when a pool would have no server, and leaves the host alone', async () => {
      const run = await alone({});
      expect(run.exitCode).toBe(3);
      for (const name of ['backend_api_instances', 'haproxy_backend_api_fallback', 'api_pool']) {
        expect(messagesOf(run)).toContain(name);
      }
      expect(await on('lb-1', 'ls -d /opt/veza/proxy /etc/veza-proxy; getent passwd veza-proxy')).not.toContain(
        'nologin',
      );
    });

    it('balances to its fallback lists when the inventory has no backends', async () => {
      expectDone(await alone(fallback()));
      expectDone(await vezaRunJson(['playbooks/backend_api.yml', ...stack.inventory]));
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
      const pid = await pidOf('lb-1', 'veza-proxy');
      expect(changedOf(await alone(fallback()))).toEqual({ 'lb-1': 0 });
      expect(await pidOf('lb-1', 'veza-proxy')).toBe(pid);
    });

    it('names the address that another process has taken, in every run, and starts when it is free again', async () => {
      await on('lb-1', 'systemctl stop veza-proxy.service veza-proxy.socket');
      const listener = "require('net').createServer().listen(9100, '127.0.0.1')";
      await on('lb-1', `systemd-run --quiet --unit=other-exporter /usr/local/bin/node -e "${listener}"; sleep 0.5`);
      const runs = [await alone(fallback()), await alone(fallback())];
      await on('lb-1', 'systemctl stop other-exporter');
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
        const said = await on('lb-1', `systemctl kill --signal=KILL veza-proxy.service; sleep 0.2; ${asked}`);
        expect(said, `after death ${death + 1}`).toBe('200');
      }
    });

    it('reloads, and says so where the configuration is refused, which leaves everything as it was', async () => {
      const file = '/etc/veza-proxy/config.yml';
      const reload = 'systemctl reload veza-proxy.service >/dev/null 2>&1; echo $?';
      const status = 'systemctl show --property=StatusText --value veza-proxy.service';
      const pid = await pidOf('lb-1', 'veza-proxy');
      expect(await on('lb-1', reload)).toBe('0');
      const journal = () => on('lb-1', 'journalctl --no-pager -o cat -u veza-proxy.service');
      expect(await on('lb-1', `cp -p ${file} /root/kept.yml; echo 'grave: 1s' >>${file}; ${reload}`)).toBe('1');
      expect(await journal()).toMatch(/config\.yml:\d+:1: error: unknown key `grave`/);
      // Nothing is wrong with the file, but that port is somebody else's.
      const taken = `sed 's/127.0.0.1:8404/127.0.0.1:22/' /root/kept.yml >${file}; ${reload}; ${status}`;
      expect(await on('lb-1', taken)).toMatch(/^1\nRunning; the last reload was refused: .*127\.0\.0\.1:22/);
      expect(await journal()).toContain('reload refused, the running configuration stays');
      expect((await ask()).status).toBe(200);
      expect(await on('lb-1', `cp -p /root/kept.yml ${file}; ${reload}; ${status}`)).toBe('0\nRunning');
      expect(await pidOf('lb-1', 'veza-proxy')).toBe(pid);
      const state = "stat -c '%a %U' /var/lib/veza-proxy /var/lib/veza-proxy/last-good.json /run/veza-proxy/admin.sock";
      expect(await on('lb-1', state)).toBe('700 veza-proxy\n600 veza-proxy\n660 veza-proxy');
    });

    it('is started again when its master hangs', async () => {
      const dropIn = '/run/systemd/system/veza-proxy.service.d';
      const shorter = `mkdir -p ${dropIn}; printf '[Service]\\nWatchdogSec=3\\n' >${dropIn}/watchdog.conf`;
      await on('lb-1', `${shorter}; systemctl daemon-reload; systemctl restart veza-proxy.service`);
      const before = await pidOf('lb-1', 'veza-proxy');
      // It is fed: after more than twice its time the same one runs.
      await on('lb-1', 'sleep 7');
      expect(await pidOf('lb-1', 'veza-proxy')).toBe(before);
      const changed = `for i in $(seq 60); do p=$(systemctl show --property=MainPID --value veza-proxy); [ "$p" != ${before} ] && [ "$p" != 0 ] && break; sleep 0.5; done`;
      await on('lb-1', `kill -STOP ${before}; ${changed}`);
      expect(await pidOf('lb-1', 'veza-proxy')).not.toBe(before);
      expect((await ask()).status).toBe(200);
      expect(await on('lb-1', 'journalctl --no-pager -u veza-proxy.service')).toContain('Watchdog timeout');
      await on('lb-1', `rm -r ${dropIn}; systemctl daemon-reload; systemctl restart veza-proxy.service`);
    });

    it('serves HTTPS where it is given a certificate', async () => {
      const authority = new LocalAuthority({ folder: join(scratch, 'tls'), clock: Date });
      const { certificateFile, keyFile } = await authority.ensure('site', ['site.test']);
      const pem = readFileSync(certificateFile, 'utf8') + readFileSync(keyFile, 'utf8');
      const path = '/etc/veza-proxy/site.pem';
      await on('lb-1', `umask 027; cat >${path} <<'END'\n${pem}END\nchgrp veza-proxy ${path}`);
      expectDone(await alone({ ...fallback(), haproxy_tls_cert_path: path }));
      // The socket is open before the service is: on a busy machine that takes its time.
      const asked = `curl --silent --insecure --max-time 60 --resolve site.test:443:127.0.0.1 --write-out ' %{http_code} %{http_version}' https://site.test${health}`;
      expect(await on('lb-1', asked)).toMatch(/ 200 2$/);
      expect((await ask()).status).toBe(200);
    });
  });

  describe('backend_api', () => {
    const playbook = 'playbooks/backend_api.yml';
    const host = 'backend-api-1';
    const unit = 'veza-backend-api';
    const secret = `S3cr3t "q" $HOME \`id\` back\\slash`;
    const limited = (variables: object, ...words: readonly string[]) => [
      playbook,
      ...stack.inventory,
      '-l',
      host,
      '-e',
      `@${file('variables.yml', JSON.stringify(variables))}`,
      ...words,
    ];

    it('has nothing to do on a running instance', async () => {
      const pid = await pidOf(host, unit);
      const run = await vezaRunJson([playbook, ...stack.inventory]);
      expect(changedOf(run)).toEqual({ 'backend-api-1': 0, 'backend-api-2': 0 });
      expect(await pidOf(host, unit)).toBe(pid);
      expect(pid).not.toBe('0');
    });

    it('never shows what is in the environment file', async () => {
      const variables = { backend_api_environment: { TOKEN: secret } };
      const dry = await vezaRun(limited(variables, '--check', '--diff', '-vvv'));
      const pretty = await vezaRun(limited(variables, '--diff', '-vvv'));
      const changed = { backend_api_environment: { TOKEN: secret, MORE: `${secret}2` } };
      const json = await vezaRun(limited(changed, '--json', '--diff'));
      for (const { exitCode, stdout, stderr } of [dry, pretty, json]) {
        expect(exitCode, stdout).toBe(0);
        expect(stdout + stderr).not.toMatch(/S3cr3t|UzNjcjN0/);
      }
      expect(pretty.stdout).toContain('Write the environment file');
    });

    it('hands the values to the service as they were given, and to nobody else', async () => {
      const environment = await on(host, `tr '\\0' '\\n' </proc/$(systemctl show -p MainPID --value ${unit})/environ`);
      expect(environment).toContain(`\nTOKEN=${secret}\n`);
      expect(await on(host, "stat -c '%a %U:%G' /etc/veza/backend-api.env")).toBe('640 root:veza-api');
      expect(await on(host, 'setpriv --reuid=lab --clear-groups cat /etc/veza/backend-api.env')).toContain(
        'Permission denied',
      );
    });

    it('restarts the service for a changed value, and only then', async () => {
      const before = await pidOf(host, unit);
      const same = { backend_api_environment: { TOKEN: secret, MORE: `${secret}2` } };
      expect(changedOf(await vezaRunJson(limited(same)))).toEqual({ [host]: 0 });
      expect(await pidOf(host, unit)).toBe(before);
      const changed = { backend_api_environment: { TOKEN: 'another', MORE: `${secret}2` } };
      expect(changedOf(await vezaRunJson(limited(changed)))).toEqual({ [host]: 2 });
      expect(await pidOf(host, unit)).not.toBe(before);
    });

    it('refuses an argument of the wrong type before any host is touched', async () => {
      const logins = () => on(host, "journalctl -u ssh -o cat | grep -c 'Accepted publickey'");
      const before = await logins();
      const run = await vezaRun(limited({ backend_api_listen_port: 'eighty' }));
      expect(run.exitCode).toBe(1);
      expect(run.stdout + run.stderr).toMatch(/"backend_api_listen_port" must be .*number/);
      expect(await logins()).toBe(before);
    });

    it('leaves a folder alone that it shares with others', async () => {
      expectDone(await vezaRunJson(limited({ backend_api_env_file: '/etc/backend-api.env' })));
      expect(await on(host, "stat -c '%a %U:%G' /etc /etc/veza")).toBe('755 root:root\n755 root:root');
      expectDone(await vezaRunJson(limited({})));
    });

    it('enables the service without starting it where there is no binary, beside another role on the same host', async () => {
      const other = 'stream-server-2';
      const inventory = inventoryOf('bare', { backend_api_instances: [other], stream_server_instances: [other] });
      const both = file(
        'both.yml',
        `- hosts: ${other}\n  become: true\n  roles:\n    - ${projectDirectory}/roles/backend_api\n    - ${projectDirectory}/roles/stream_server\n`,
      );
      // The shared partials are looked for beside the playbook.
      symlinkSync(join(projectDirectory, 'templates'), join(scratch, 'templates'));
      const run = () => vezaRunJson([both, ...inventory]);
      expectDone(await run());
      for (const name of [unit, 'veza-stream-server']) {
        expect(await on(other, `systemctl is-enabled ${name}; systemctl is-active ${name}`)).toBe('enabled\ninactive');
      }
      expect(changedOf(await run())).toEqual({ [other]: 0 });
      expect(await on(other, "stat -c '%a %U:%G' /var/log/veza /var/log/veza-stream")).toBe(
        '750 veza-api:veza-api\n750 veza-stream:veza-stream',
      );
    });
  });

  describe('the services', () => {
    const services = [
      ['lb-1', 'veza-proxy.service'],
      ['backend-api-1', 'veza-backend-api.service'],
      ['stream-server-1', 'veza-stream-server.service'],
    ] as const;

    beforeAll(async () => {
      expectDone(await vezaRunJson(['playbooks/lb.yml', ...stack.inventory]));
    });

    it.each(services)('on %s: systemd has no complaint about %s, and finds it well confined', async (host, unit) => {
      expect(await on(host, `systemd-analyze verify ${unit}`)).toBe('');
      const said = await on(host, `systemd-analyze security --no-pager ${unit}`);
      const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(said)?.[1]);
      expect(exposure, said).toBeLessThanOrEqual(1.5);
    });

    it.each(services)('on %s: what %s may not do, the kernel really refuses', async (host, unit) => {
      const pid = await pidOf(host, unit);
      const status = await on(host, `cat /proc/${pid}/status`);
      for (const capabilities of ['CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
        expect(status).toMatch(new RegExp(`^${capabilities}:\\s0+$`, 'm'));
      }
      expect(status).toMatch(/^NoNewPrivs:\s1$/m);
      expect(status).toMatch(/^Seccomp:\s2$/m);
      expect(status).not.toMatch(/^Uid:\s0/m);
      const tried = await on(
        host,
        `nsenter -t ${pid} -m sh -c 'for f in /etc /usr /var /opt/veza; do touch $f/x; done'`,
      );
      expect(tried.match(/Read-only file system/g)).toHaveLength(4);
      expect(await on(host, `nsenter -t ${pid} -m ls /home /root /tmp`)).toBe('/home:\n\n/root:\n\n/tmp:');
    });

    it.each(services)('on %s: nothing that %s writes or is given can be read by others', async (host, unit) => {
      const name = unit.replace('.service', '');
      const open = `find /etc/veza-proxy /run/veza-proxy /var/log/veza* /var/lib/${name} -maxdepth 0 -perm /007 2>/dev/null`;
      expect(await on(host, open)).toBe('');
    });
  });
});
