// The role backend_api on real hosts: the service, its secrets, and when it is restarted.
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { changedOf, projectDirectory, vezaRun, vezaRunJson } from '../../support/cli.ts';
import { expectDone, type RolesLab } from './roles-lab.ts';

export function backendApiRole(lab: () => RolesLab): void {
  describe('backend_api', () => {
    const playbook = 'playbooks/backend_api.yml';
    const host = 'backend-api-1';
    const unit = 'veza-backend-api';
    const secret = `S3cr3t "q" $HOME \`id\` back\\slash`;
    const limited = (variables: object, ...words: readonly string[]) => [
      playbook,
      ...lab().inventory,
      '-l',
      host,
      '-e',
      `@${lab().file('variables.yml', JSON.stringify(variables))}`,
      ...words,
    ];

    it('has nothing to do on a running instance', async () => {
      const pid = await lab().pidOf(host, unit);
      const run = await vezaRunJson([playbook, ...lab().inventory]);
      expect(changedOf(run)).toEqual({ 'backend-api-1': 0, 'backend-api-2': 0 });
      expect(await lab().pidOf(host, unit)).toBe(pid);
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
      const environment = await lab().on(
        host,
        `tr '\\0' '\\n' </proc/$(systemctl show -p MainPID --value ${unit})/environ`,
      );
      expect(environment).toContain(`\nTOKEN=${secret}\n`);
      expect(await lab().on(host, "stat -c '%a %U:%G' /etc/veza/backend-api.env")).toBe('640 root:veza-api');
      expect(await lab().on(host, 'setpriv --reuid=lab --clear-groups cat /etc/veza/backend-api.env')).toContain(
        'Permission denied',
      );
    });

    it('restarts the service for a changed value, and only then', async () => {
      const before = await lab().pidOf(host, unit);
      const same = { backend_api_environment: { TOKEN: secret, MORE: `${secret}2` } };
      expect(changedOf(await vezaRunJson(limited(same)))).toEqual({ [host]: 0 });
      expect(await lab().pidOf(host, unit)).toBe(before);
      const changed = { backend_api_environment: { TOKEN: 'another', MORE: `${secret}2` } };
      expect(changedOf(await vezaRunJson(limited(changed)))).toEqual({ [host]: 2 });
      expect(await lab().pidOf(host, unit)).not.toBe(before);
    });

    it('refuses an argument of the wrong type before any host is touched', async () => {
      const logins = () => lab().on(host, "journalctl -u ssh -o cat | grep -c 'Accepted publickey'");
      const before = await logins();
      const run = await vezaRun(limited({ backend_api_listen_port: 'eighty' }));
      expect(run.exitCode).toBe(1);
      expect(run.stdout + run.stderr).toMatch(/"backend_api_listen_port" must be .*number/);
      expect(await logins()).toBe(before);
    });

    it('leaves a folder alone that it shares with others', async () => {
      expectDone(await vezaRunJson(limited({ backend_api_env_file: '/etc/backend-api.env' })));
      expect(await lab().on(host, "stat -c '%a %U:%G' /etc /etc/veza")).toBe('755 root:root\n755 root:root');
      expectDone(await vezaRunJson(limited({})));
    });

    it('enables the service without starting it where there is no binary, beside another role on the same host', async () => {
      const other = 'stream-server-2';
      const inventory = lab().inventoryOf('bare', { backend_api_instances: [other], stream_server_instances: [other] });
      const both = lab().file(
        'both.yml',
        `- hosts: ${other}\n  become: true\n  roles:\n    - ${projectDirectory}/roles/backend_api\n    - ${projectDirectory}/roles/stream_server\n`,
      );
      // The shared partials are looked for beside the playbook.
      symlinkSync(join(projectDirectory, 'templates'), join(lab().scratch, 'templates'));
      const run = () => vezaRunJson([both, ...inventory]);
      expectDone(await run());
      for (const name of [unit, 'veza-stream-server']) {
        expect(await lab().on(other, `systemctl is-enabled ${name}; systemctl is-active ${name}`)).toBe(
          'enabled\ninactive',
        );
      }
      expect(changedOf(await run())).toEqual({ [other]: 0 });
      expect(await lab().on(other, "stat -c '%a %U:%G' /var/log/veza /var/log/veza-stream")).toBe(
        '750 veza-api:veza-api\n750 veza-stream:veza-stream',
      );
    });
  });
}
