// A data service as files of its host: environment, and a unit that runs its container with the docker program. The password is in a
// file that only root reads; no argument list has it. Pure.
import type { ServiceConfig, ServiceType, ServiceVolume } from '../config/model.ts';

export interface RenderedService {
  readonly unit: string;
  readonly container: string;
  /** Made once on the host, or written from infra.yaml: mode 0600. */
  readonly secretFile: string;
  /** Variables of the environment that hold the password. */
  readonly secretNames: readonly string[];
  readonly environmentFile: string;
  readonly environment: string;
  readonly unitFile: string;
  readonly unitText: string;
  /** Volumes with a driver of their own are made before. */
  readonly volumes: readonly string[];
}

interface Kind {
  readonly image: string;
  /** Where infra.yaml names none. */
  readonly version: string;
  readonly port: number;
  readonly data: string;
  readonly user: string;
  readonly secrets: readonly string[];
  readonly environment: (user: string, database: string | undefined) => Readonly<Record<string, string | undefined>>;
  readonly command?: readonly string[];
}

/** The server reads its configuration from its input, so that the password is in no argument list of the container either. */
const redisCommand = `exec docker-entrypoint.sh redis-server - <<EOF
requirepass $REDIS_PASSWORD
appendonly yes
dir /data
EOF`;

const kinds: Readonly<Record<ServiceType, Kind>> = {
  postgresql: {
    image: 'postgres',
    version: '17',
    port: 5432,
    data: '/var/lib/postgresql/data',
    user: 'postgres',
    secrets: ['POSTGRES_PASSWORD'],
    environment: (user, database) => ({ POSTGRES_USER: user, POSTGRES_DB: database }),
  },
  mysql: {
    image: 'mysql',
    version: '8.4',
    port: 3306,
    data: '/var/lib/mysql',
    user: 'root',
    secrets: ['MYSQL_ROOT_PASSWORD', 'MYSQL_PASSWORD'],
    environment: (user, database) => ({ MYSQL_USER: user === 'root' ? undefined : user, MYSQL_DATABASE: database }),
  },
  mariadb: {
    image: 'mariadb',
    version: '11.4',
    port: 3306,
    data: '/var/lib/mysql',
    user: 'root',
    secrets: ['MARIADB_ROOT_PASSWORD', 'MARIADB_PASSWORD'],
    environment: (user, database) => ({ MARIADB_USER: user === 'root' ? undefined : user, MARIADB_DATABASE: database }),
  },
  mongodb: {
    image: 'mongo',
    version: '7.0',
    port: 27_017,
    data: '/data/db',
    user: 'root',
    secrets: ['MONGO_INITDB_ROOT_PASSWORD'],
    environment: (user, database) => ({ MONGO_INITDB_ROOT_USERNAME: user, MONGO_INITDB_DATABASE: database }),
  },
  redis: {
    image: 'redis',
    version: '7.4',
    port: 6379,
    data: '/data',
    user: 'default',
    secrets: ['REDIS_PASSWORD'],
    environment: () => ({}),
    command: ['sh', '-c', redisCommand],
  },
};

export const serviceFolder = '/etc/veza-services';

export function renderService(name: string, config: ServiceConfig): RenderedService {
  const kind = kinds[config.type];
  const container = `veza-${name}`;
  const given = Object.entries(kind.environment(config.username ?? kind.user, config.databaseName));
  const environment = [...given, ...config.variables].flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${value}\n`],
  );
  const rendered = {
    unit: `veza-service-${name}.service`,
    container,
    secretFile: `${serviceFolder}/${name}.secret`,
    // A password for a user that is not made would be refused.
    secretNames: kind.secrets.filter(
      (one) => one.includes('ROOT') || kind.secrets.length === 1 || config.username !== undefined,
    ),
    environmentFile: `${serviceFolder}/${name}.env`,
    environment: environment.join(''),
    unitFile: `/etc/systemd/system/veza-service-${name}.service`,
    volumes: volumesOf(name, kind, config).map((volume) => volume.name),
  };
  return { ...rendered, unitText: unitText(name, config, rendered) };
}

function volumesOf(name: string, kind: Kind, config: ServiceConfig): readonly ServiceVolume[] {
  const own = {
    name: `veza-${name}-data`,
    containerPath: kind.data,
    readOnly: false,
    driverOpts: new Map<string, string>(),
  };
  return config.volumes.some(({ containerPath }) => containerPath === kind.data)
    ? config.volumes
    : [own, ...config.volumes];
}

function unitText(
  name: string,
  config: ServiceConfig,
  { container, secretFile, environmentFile }: Pick<RenderedService, 'container' | 'secretFile' | 'environmentFile'>,
): string {
  const kind = kinds[config.type];
  const ports = config.exposedPorts.length > 0 ? config.exposedPorts : [String(kind.port)];
  const image = `${kind.image}:${config.useLatestVersion ? 'latest' : (config.version ?? kind.version)}`;
  const volumes = volumesOf(name, kind, config);
  const run = [
    ...['docker', 'run', '--rm', '--name', container],
    ...['--env-file', secretFile, '--env-file', environmentFile],
    ...ports.flatMap((port) => ['--publish', `127.0.0.1:${port.includes(':') ? port : `${port}:${port}`}`]),
    ...volumes.flatMap((volume) => [
      '--volume',
      `${volume.name}:${volume.containerPath}${volume.readOnly ? ':ro' : ''}`,
    ]),
    ...labelsOf(name, kind, config).flatMap((label) => ['--label', label]),
    image,
    ...(kind.command ?? []),
  ];
  const made = volumes.filter(({ driver, driverOpts }) => driver !== undefined || driverOpts.size > 0);
  const lines = [
    '# Made by veza-run from infra.yaml: what is changed here is lost.',
    '[Unit]',
    `Description=${config.type} ${name} in a container`,
    'Requires=docker.service',
    'After=docker.service network-online.target',
    'Wants=network-online.target',
    '',
    '[Service]',
    ...made.map((volume) => `ExecStartPre=/usr/bin/env ${words(createVolume(volume))}`),
    `ExecStartPre=-/usr/bin/env ${words(['docker', 'rm', '--force', container])}`,
    `ExecStart=/usr/bin/env ${words(run)}`,
    `ExecStop=/usr/bin/env ${words(['docker', 'stop', '-t', '60', container])}`,
    'Restart=always',
    'RestartSec=5',
    // The first start loads the image.
    'TimeoutStartSec=15min',
    'TimeoutStopSec=90',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
  ];
  return `${lines.join('\n')}\n`;
}

/** Making one that is there changes nothing. */
function createVolume({ name, driver, driverOpts }: ServiceVolume): readonly string[] {
  return [
    ...['docker', 'volume', 'create'],
    ...(driver === undefined ? [] : ['--driver', driver]),
    ...[...driverOpts].flatMap(([key, value]) => ['--opt', `${key}=${value}`]),
    name,
  ];
}

function labelsOf(name: string, { port }: Kind, { domain }: ServiceConfig): readonly string[] {
  if (!domain) return [];
  const router = `traefik.tcp.routers.${name}`;
  const cidrs = domain.allowedCidrs;
  return [
    'traefik.enable=true',
    `${router}.rule=HostSNI(\`${domain.domain}\`)`,
    `${router}.entrypoints=${domain.entrypoint}`,
    `${router}.tls.certresolver=${domain.certResolver}`,
    `traefik.tcp.services.${name}.loadbalancer.server.port=${port}`,
    ...(cidrs.length === 0
      ? []
      : [
          `traefik.tcp.middlewares.${name}.ipallowlist.sourcerange=${cidrs.join(',')}`,
          `${router}.middlewares=${name}`,
        ]),
  ];
}

/** Words of a command line of systemd: quoted, with its own signs doubled. */
function words(all: readonly string[]): string {
  return all.map(word).join(' ');
}

function word(text: string): string {
  const plain = text.replaceAll('%', '%%').replaceAll('$', '$$$$');
  if (/^[A-Za-z0-9_./:=,@+%$-]+$/.test(plain)) return plain;
  return `"${plain.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
