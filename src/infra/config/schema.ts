// infra.yaml as JSON Schema: all its sections and keys. What keys mean to each other is checked in references.ts.
import { serviceSchema } from './schema-service.ts';
import { alertNames } from '../status/alerts.ts';
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
    name: described('Its name in Hetzner Cloud.'),
    fqdn: described('Its full name in DNS; the first name of its certificate.'),
    provider: {
      enum: ['hetzner'],
      description: 'Where it is.',
      $comment: 'Only Hetzner Cloud has load balancers here.',
    },
    type: { ...described('lb11, lb21 or lb31.'), pattern: '^lb[0-9]+$', $comment: 'Types are lb11, lb21 and lb31.' },
    location: described('fsn1, nbg1, hel1, ash, hil, sin.'),
    algorithm: { enum: ['round_robin', 'least_connections'], description: 'Default round_robin.' },
    backends: {
      type: 'array',
      minItems: 1,
      items: object(
        {
          host: hostName,
          label_selector: described(
            'Instead of `host`: all servers of Hetzner Cloud with these labels, such as role=web.',
          ),
          port: { ...port, description: 'A port that a listener sends to.' },
        },
        ['port'],
      ),
    },
    health_check: object({
      protocol: { enum: ['http', 'tcp'], description: 'Default http; without `health_check` it is tcp.' },
      path: {
        ...described('What is asked for; any 2xx is healthy. Default /.'),
        pattern: '^/',
        $comment: 'A path begins with "/".',
      },
      interval: { type: 'integer', minimum: 3, maximum: 60, description: 'Seconds. Default 15.' },
    }),
    listeners: {
      type: 'array',
      minItems: 1,
      items: object(
        {
          frontend: { ...port, description: 'Port that the load balancer listens on.' },
          backend: { ...port, description: 'Port of the backends.' },
          protocol: { enum: ['tcp', 'http', 'https'], description: 'tcp passes TLS through; https ends it here.' },
          proxy_protocol: { type: 'boolean', description: 'Tell backends the address of the client. Default: no.' },
          redirect_http: { type: 'boolean', description: 'https only: port 80 answers by leading here. Default: no.' },
          sticky_sessions: {
            type: 'boolean',
            description: 'http and https: a cookie keeps a client at one backend. Default: no.',
          },
          cookie_name: described('Of sticky sessions. Default HCLBSTICKY.'),
          cookie_lifetime: {
            type: 'integer',
            minimum: 30,
            maximum: 86_400,
            description: 'Of sticky sessions, in seconds. Default 300.',
          },
        },
        ['frontend', 'backend', 'protocol'],
      ),
    },
    ssl: object(
      {
        certificate: described('Its name in Hetzner Cloud; made if it is not there.'),
        san: { ...texts, description: 'More names that it is for.' },
      },
      ['certificate'],
    ),
  },
  ['name', 'type', 'location', 'backends', 'listeners'],
);

const record = object(
  {
    name: {
      ...described('Host below the zone; `@` is the zone itself, `*` everything.'),
      pattern: '^[^ \\t/]+$',
      $comment: 'A name has no spaces.',
    },
    type: { enum: [...recordTypes], description: 'Records of one name and type are one set.' },
    value: described('May be `{{lb_ip}}`: the address of the load balancer.'),
    ttl: {
      type: 'integer',
      minimum: 1,
      maximum: 2_592_000,
      description: 'Seconds; rounded up to what the provider allows.',
    },
    priority: { type: 'integer', minimum: 0, maximum: 65_535, description: 'MX and SRV; needed there.' },
    weight: { type: 'integer', minimum: 0, maximum: 65_535, description: 'SRV only; needed there.' },
    port: { ...port, description: 'SRV only; needed there.' },
    flag: { type: 'integer', minimum: 0, maximum: 255, description: 'CAA only.' },
    tag: { enum: ['issue', 'issuewild', 'iodef'], description: 'CAA only.' },
  },
  ['name', 'type', 'value'],
);

const cron = described('Five fields of cron, such as `0 3 * * *`.');

const backup = object(
  {
    name: {
      ...described('Of its timer, or of its snapshots.'),
      pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]*$',
      $comment: 'A name is of letters, digits and _.-',
    },
    type: described(
      'mariabackup, mysqldump, postgresql, redis or tar: by a timer of the host; hcloud-snapshot: taken by `prod setup`.',
    ),
    destination: described('s3, or a folder of the host.'),
    hosts: { type: 'array', items: hostName, description: 'Keys of `hosts`.' },
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
    protocol: { enum: ['tcp', 'udp', 'icmp', 'esp', 'gre'], description: 'What the rule lets in.' },
    port: {
      type: ['integer', 'string'],
      description: 'For tcp and udp: a port, or a range such as `8000-8080`; left out: all.',
    },
    from: { ...texts, description: 'Networks or addresses; left out: everywhere.' },
    description: described('For people.'),
  },
  ['protocol'],
);

const firewall = object(
  {
    hosts: { type: 'array', minItems: 1, items: hostName, description: 'Keys of `hosts`; servers of Hetzner Cloud.' },
    inbound: { type: 'array', items: rule, description: 'What is let in; anything else is not.' },
  },
  ['hosts', 'inbound'],
);

export const infraSchema = object(
  {
    hosts: { ...map(host), minProperties: 1 },
    load_balancer: loadBalancer,
    network: object(
      {
        name: described('Its name in Hetzner Cloud; made if it is not there.'),
        cidr: described('For instance 10.0.0.0/16.'),
      },
      ['name', 'cidr'],
    ),
    firewalls: { ...map(firewall), description: "Hetzner Cloud's own firewalls, by name." },
    dns: object(
      {
        provider: {
          enum: ['cloudns'],
          description: 'Who answers for the zones.',
          $comment: 'Only ClouDNS is managed.',
        },
        nameservers: { ...texts, description: 'For people; not acted on.' },
        zones: map(object({ records: { type: 'array', items: record } }, ['records'])),
      },
      ['zones'],
    ),
    ssl: object({
      wildcard: object(
        {
          domains: { ...texts, minItems: 1, description: 'Names that it is for, such as *.example.com.' },
          method: {
            enum: ['dns-01'],
            description: 'How it is got.',
            $comment: 'Wildcard certificates can only be had by dns-01.',
          },
          dns_provider: { enum: ['cloudns'], description: 'Where its challenges are answered.' },
          termination: {
            enum: ['load_balancer', 'hosts'],
            description:
              'Who has it: the https listeners of the load balancer (default where load_balancer.ssl is left out), or hosts only.',
          },
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
            url: {
              ...described('Any status below 400 is well.'),
              pattern: '^https?://',
              $comment: 'It begins with http:// or https://.',
            },
            interval: {
              type: ['integer', 'string'],
              pattern: '^[0-9]+ *[smh]?$',
              minimum: 1,
              $comment: 'Seconds, or a number with s, m or h.',
              description: 'Seconds, or 30s, 2m, 1h. Default 60.',
            },
          },
          ['url'],
        ),
      },
      alerts: map({ type: 'integer', minimum: 0, description: `A limit; names are ${alertNames.join(', ')}.` }),
    }),
    services: { ...map(serviceSchema), propertyNames: { pattern: '^[a-z0-9][a-z0-9-]*$' } },
    backups: object({ daily: { type: 'array', items: backup }, weekly: { type: 'array', items: backup } }),
  },
  ['hosts'],
);
