// `veza-run prod services ...`: the data services of infra.yaml, each a container that its host's systemd runs with the docker program.
import pc from 'picocolors';
import type { Infra, ServiceConfig } from '../../infra/config/model.ts';
import { renderService, serviceFolder, type RenderedService } from '../../infra/services/render.ts';
import { VezaError } from '../../lib/errors.ts';
import type { JsonObject } from '../../lib/json.ts';
import { quote } from '../../lib/shell.ts';
import { suggestion } from '../../lib/suggest.ts';
import { exitCodes } from '../exit-codes.ts';
import { print, printNote } from '../output.ts';
import { loadInfra } from '../prod/account.ts';
import { playsFor, runGenerated } from '../prod/generated-run.ts';
import { printJson } from '../prod/present.ts';
import { secrets } from '../secrets.ts';

export interface ServiceFlags {
  readonly config?: string;
  readonly json?: boolean;
  readonly dryRun?: boolean;
  readonly allowDestroy?: boolean;
  readonly lines?: string;
}

interface Service {
  readonly name: string;
  readonly config: ServiceConfig;
  readonly files: RenderedService;
}

/** The files that `apply` puts on hosts, without passwords. */
export function servicesShow(name: string | undefined, flags: ServiceFlags): number {
  const found = chosen(loadInfra(flags.config), name);
  const shown = found.map(({ config: { host }, files }) => ({ host, ...files }));
  if (flags.json) printJson(shown);
  else
    for (const { host, environmentFile, environment, unitFile, unitText } of shown)
      print(
        `${pc.bold(`${host}:${environmentFile}`)}  0600\n${environment}\n${pc.bold(`${host}:${unitFile}`)}  0644\n${unitText}\n`,
      );
  return exitCodes.ok;
}

/** Makes all services (or one) what infra.yaml says; `plan` is the same as a dry run. */
export function servicesApply(name: string | undefined, flags: ServiceFlags): Promise<number> {
  return onHosts(name, flags, 'Data services', applyTasks);
}

export function servicesState(
  name: string,
  state: 'started' | 'stopped' | 'restarted',
  flags: ServiceFlags,
): Promise<number> {
  return onHosts(name, flags, `Data service ${name}: ${state}`, ({ files: { unit } }) => [
    { name: unit, systemd_service: { name: unit, state } },
  ]);
}

/** Stops it and takes its unit away. Its data and its password stay, unless --allow-destroy is given. */
export function servicesRemove(name: string, flags: ServiceFlags): Promise<number> {
  return onHosts(name, flags, `Data service ${name}: removed`, ({ files }) => {
    const gone = (path: string): JsonObject => ({ name: path, file: { path, state: 'absent' } });
    const volumes = files.volumes.map(quote).join(' ');
    return [
      { name: 'Is it there', stat: { path: files.unitFile }, register: 'unit_file' },
      {
        name: files.unit,
        systemd_service: { name: files.unit, state: 'stopped', enabled: false },
        when: 'unit_file.stat.exists',
      },
      gone(files.unitFile),
      ...(flags.allowDestroy
        ? [
            gone(files.environmentFile),
            gone(files.secretFile),
            {
              name: 'Its data',
              shell: `docker volume rm ${volumes}`,
              when: 'unit_file.stat.exists',
            },
          ]
        : []),
    ];
  });
}

/** What systemd and the container say of it. Only reads. */
export function servicesStatus(name: string | undefined, flags: ServiceFlags): Promise<number> {
  return onHosts(name, flags, 'Data services', ({ files: { unit, container } }) => {
    const format = "'{{ '{{' }}.Status{{ '}}' }}'";
    return [
      {
        name: `Ask for ${unit}`,
        shell: `printf 'unit %s\\n' "$(systemctl is-active ${unit})"; printf 'container %s\\n' "$(docker ps --all --filter name=^${container}$ --format ${format})"`,
        check_mode: false,
        changed_when: false,
        register: 'seen',
      },
      {
        name: `${unit} runs`,
        assert: {
          that: ["'unit active' in seen.stdout"],
          success_msg: '{{ seen.stdout }}',
          fail_msg: '{{ seen.stdout }}',
        },
      },
    ];
  });
}

export function servicesLogs(name: string, given: string, flags: ServiceFlags): Promise<number> {
  const lines = Number(given);
  if (!Number.isInteger(lines) || lines < 1)
    throw new VezaError('wrong-option', `--lines must be a whole number above 0, not "${given}"`);
  return onHosts(name, flags, `Data service ${name}: logs`, ({ files: { unit } }) => [
    {
      name: 'Read them',
      command: `journalctl --no-pager --output=cat --lines=${lines} --unit=${unit}`,
      check_mode: false,
      changed_when: false,
      register: 'logs',
    },
    { name: 'Logs', debug: { var: 'logs.stdout_lines' } },
  ]);
}

async function onHosts(
  name: string | undefined,
  flags: ServiceFlags,
  title: string,
  tasksOf: (service: Service, flags: ServiceFlags) => readonly JsonObject[],
): Promise<number> {
  const infra = loadInfra(flags.config);
  const plays = chosen(infra, name).flatMap((service) => {
    const host = infra.hosts.get(service.config.host);
    if (service.config.password !== undefined) secrets.add(service.config.password);
    return host ? playsFor([host], { name: title, tasks: tasksOf(service, flags), handlers: [restart(service)] }) : [];
  });
  return await runGenerated(infra, plays, flags);
}

/** Throws VezaError `unknown-service`. */
function chosen({ services, file }: Infra, name: string | undefined): readonly Service[] {
  const all = [...services].map(([one, config]) => ({ name: one, config, files: renderService(one, config) }));
  if (name === undefined) {
    if (all.length === 0) printNote(`${file} has no services\n`);
    return all;
  }
  const found = all.find((one) => one.name === name);
  if (found) return [found];
  const hint = suggestion(name, services.keys()) ?? `Services are: ${[...services.keys()].join(', ') || 'none'}.`;
  throw new VezaError('unknown-service', `there is no service "${name}"`, { hint });
}

function applyTasks({ name, config, files }: Service, { dryRun }: ServiceFlags): readonly JsonObject[] {
  const { secretFile, secretNames, environmentFile, environment, unitFile, unitText, unit } = files;
  const own = { owner: 'root', group: 'root' };
  return [
    {
      name: 'Look for docker',
      shell: 'command -v docker || true',
      check_mode: false,
      changed_when: false,
      register: 'docker',
    },
    dryRun
      ? {
          name: 'Tell that docker is missing',
          debug: {
            msg: 'docker is not on this host: install it before `prod services apply`; what follows is what it would do',
          },
          when: "docker.stdout == ''",
        }
      : {
          name: 'docker is there',
          assert: {
            that: ["docker.stdout != ''"],
            fail_msg: 'docker is not on this host: install it first (nothing was changed)',
          },
        },
    { name: `Folder ${serviceFolder}`, file: { path: serviceFolder, state: 'directory', mode: '0700', ...own } },
    secretTask(config, secretFile, secretNames),
    {
      name: 'Environment',
      copy: { dest: environmentFile, content: raw(environment), mode: '0600', ...own },
      notify: 'restart',
    },
    { name: 'Unit', copy: { dest: unitFile, content: raw(unitText), mode: '0644', ...own }, notify: 'restart' },
    {
      name: `Run ${name}`,
      systemd_service: { name: unit, enabled: true, state: 'started', daemon_reload: true },
      register: 'run',
    },
  ];
}

/** What has only just been started has its files already; a database that makes itself must not be disturbed. */
function restart({ files: { unit } }: Service): JsonObject {
  return {
    name: 'restart',
    systemd_service: { name: unit, state: 'restarted', daemon_reload: true },
    when: 'run is not changed',
  };
}

/** A password of our own is made where it stays: it never leaves the host, and no argument list has it. */
function secretTask({ password }: ServiceConfig, file: string, names: readonly string[]): JsonObject {
  if (password !== undefined) {
    const content = raw(names.map((name) => `${name}=${password}\n`).join(''));
    return {
      name: 'Password',
      copy: { dest: file, content, mode: '0600', owner: 'root', group: 'root' },
      no_log: true,
      notify: 'restart',
    };
  }
  const lines = names.map((name) => `printf '${name}=%s\\n' "$secret"`).join('; ');
  const make = `umask 077; secret=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \\n') && [ \${#secret} = 48 ] && { ${lines}; } > ${quote(`${file}.new`)} && mv ${quote(`${file}.new`)} ${quote(file)}`;
  return { name: 'Random password', shell: { cmd: raw(make), creates: file } };
}

/** Not a template, whatever it holds. */
function raw(text: string): string {
  return /\{[{%#]/.test(text) ? `{% raw %}${text}{% endraw %}` : text;
}
