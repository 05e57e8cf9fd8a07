// infra.yaml as JSON Schema: all its sections and keys. What keys mean to each other is checked in references.ts.
import { serviceSchema } from './schema-service.ts';
import { recordTypes } from '../cloudns/records.ts';

const text = { type: 'string', minLength: 1 } as const;
const described = (description: string) => ({ ...text, description });
const port = { type: 'integer', minimum: 1, maximum: 65_535 } as const;
const texts = { type: 'array', items: text } as const;
const map = (value: object) => ({ type: 'object', additionalProperties: value }) as const;

function object(properties: Readonly<Record<string, object>>, required: readonly string[] = []): object {
  return { type: 'object', additionalProperties: false, properties, required };
}

const hostName = described('A key of `hosts`.');

const node = object({ host: hostName, port }, ['host', 'port']);

const host = object(
  {
    fqdn: described('Full name in DNS.'),
    ip: described('Public IPv4 or IPv6 address.'),
    private_ip: described('Address in the private network.'),
    type: { enum: ['hcloud', 'hrobot'], description: 'Hetzner Cloud, or Hetzner Robot (dedicated).' },
    rdns: described('Name that reverse DNS gives for `ip`; servers of Hetzner Cloud only.'),
    role: described('bastion, app, builder, or any other; hosts of a role are a group of the inventory.'),
    ssh: object({
      user: described('User to log in as.'),
      key: described('Private key; ~ is the home directory.'),
      port: { type: 'integer', minimum: 0, maximum: 65_535, description: 'Default 22.' },
    }),
    services: {
      ...texts,
      description: 'coolify, traefik, galera, redis, forgejo-runner, a systemd unit, or a container.',
    },
  },
  ['ip', 'type'],
);

const loadBalancer = object(
  {
    name: text,
    fqdn: text,
    provider: { enum: ['hetzner'], $comment: 'Only Hetzner Cloud has load balancers here.' },
    type: { ...described('lb11, lb21 or lb31.'), pattern: '^lb[0-9]+$', $comment: 'Types are lb11, lb21 and lb31.' },
    location: described('fsn1, nbg1, hel1, ash, hil, sin.'),
    algorithm: { enum: ['round_robin', 'least_connections'] },
    backends: { type: 'array', minItems: 1, items: object({ host: hostName, port }, ['host', 'port']) },
    health_check: object({
      protocol: { enum: ['http', 'tcp'] },
      path: { ...text, pattern: '^/', $comment: 'A path begins with "/".' },
      interval: { type: 'integer', minimum: 3, maximum: 60, description: 'Seconds.' },
    }),
    listeners: {
      type: 'array',
      minItems: 1,
      items: object(
        {
          frontend: port,
          backend: port,
          protocol: { enum: ['tcp', 'http', 'https'] },
          proxy_protocol: { type: 'boolean' },
        },
        ['frontend', 'backend', 'protocol'],
      ),
    },
    ssl: object(
      { certificate: described('Its name in Hetzner Cloud; made as a managed one if it is not there.'), san: texts },
      ['certificate'],
    ),
  },
  ['name', 'type', 'location', 'backends', 'listeners'],
);

const record = object(
  {
    name: described('Host below the zone; `@` is the zone itself, `*` everything.'),
    type: { enum: [...recordTypes] },
    value: described('May be `{{lb_ip}}`: the address of the load balancer.'),
    ttl: {
      type: 'integer',
      minimum: 1,
      maximum: 2_592_000,
      description: 'Seconds; rounded up to what the provider allows.',
    },
    priority: { type: 'integer', minimum: 0, maximum: 65_535 },
    weight: { type: 'integer', minimum: 0, maximum: 65_535 },
    port,
    flag: { type: 'integer', minimum: 0, maximum: 255, description: 'CAA only.' },
    tag: { enum: ['issue', 'issuewild', 'iodef'], description: 'CAA only.' },
  },
  ['name', 'type', 'value'],
);

const cron = described('Five fields of cron, such as `0 3 * * *`.');

const backup = object(
  {
    name: { ...text, pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]*$', $comment: 'A name is of letters, digits and _.-' },
    type: described(
      'mariabackup, mysqldump, postgresql, redis or tar: by a timer of the host; hcloud-snapshot: taken by `prod setup`.',
    ),
    destination: described('s3, or a folder of the host.'),
    hosts: { type: 'array', items: hostName },
    paths: { ...texts, description: 'What a tar holds.' },
    keep: {
      type: 'integer',
      minimum: 1,
      maximum: 1000,
      description: 'How many snapshots stay of each host; the oldest others are removed. Left out: all.',
    },
  },
  ['name', 'type'],
);

const rule = object(
  {
    protocol: { enum: ['tcp', 'udp', 'icmp', 'esp', 'gre'] },
    port: {
      type: ['integer', 'string'],
      description: 'For tcp and udp: a port, or a range such as `8000-8080`; left out: all.',
    },
    from: { ...texts, description: 'Networks or addresses; left out: everywhere.' },
    description: text,
  },
  ['protocol'],
);

const firewall = object(
  {
    hosts: { type: 'array', minItems: 1, items: { ...hostName, description: 'Servers of Hetzner Cloud.' } },
    inbound: { type: 'array', items: rule, description: 'What is let in; anything else is not.' },
  },
  ['hosts', 'inbound'],
);

export const infraSchema = object(
  {
    hosts: { ...map(host), minProperties: 1 },
    load_balancer: loadBalancer,
    network: object({ name: text, cidr: described('For instance 10.0.0.0/16.') }, ['name', 'cidr']),
    firewalls: { ...map(firewall), description: "Hetzner Cloud's own firewalls, by name." },
    dns: object(
      {
        provider: { enum: ['cloudns'], $comment: 'Only ClouDNS is managed.' },
        nameservers: texts,
        zones: map(object({ records: { type: 'array', items: record } }, ['records'])),
      },
      ['zones'],
    ),
    ssl: object({
      wildcard: object(
        {
          domains: { ...texts, minItems: 1 },
          method: { enum: ['dns-01'], $comment: 'Wildcard certificates can only be had by dns-01.' },
          dns_provider: { enum: ['cloudns'] },
          termination: text,
        },
        ['domains'],
      ),
    }),
    database: object(
      {
        engine: text,
        version: { type: ['string', 'number'] },
        cluster: text,
        nodes: { type: 'array', items: node },
        sst_method: text,
        backup: object({ schedule: cron, destination: text, bucket: text, prefix: text }, ['schedule', 'destination']),
      },
      ['engine'],
    ),
    cache: object(
      {
        engine: text,
        version: { type: ['string', 'number'] },
        sentinel: { type: 'boolean' },
        nodes: { type: 'array', items: node },
      },
      ['engine'],
    ),
    containers: map(
      object(
        {
          image: text,
          port,
          runtime: text,
          command: text,
          replicas: { type: 'integer', minimum: 0, maximum: 1000 },
          depends_on: texts,
        },
        ['image'],
      ),
    ),
    s3: object({ endpoint: text, buckets: map(object({ purpose: text, paths: texts })) }, ['endpoint']),
    cdn: object({ provider: text, origin: text, zones: texts }, ['provider']),
    cicd: object({ provider: text, url: text, runner: text, registry: text, deploy_hook: text }, ['provider']),
    monitoring: object({
      health_endpoints: {
        type: 'array',
        items: object(
          {
            url: { ...text, pattern: '^https?://', $comment: 'It begins with http:// or https://.' },
            interval: { type: ['integer', 'string'] },
          },
          ['url'],
        ),
      },
      alerts: map({ type: 'integer', minimum: 0 }),
    }),
    services: { ...map(serviceSchema), propertyNames: { pattern: '^[a-z0-9][a-z0-9-]*$' } },
    backups: object({ daily: { type: 'array', items: backup }, weekly: { type: 'array', items: backup } }),
  },
  ['hosts'],
);
