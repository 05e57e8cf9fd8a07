// DNS records at ClouDNS.
import type { RecordContent, RecordRequest } from '../core/cloud-requests.ts';
import { defineCloud } from '../core/module.ts';
import { VezaError } from '../lib/errors.ts';

interface Args {
  readonly domain: string;
  readonly type: string;
  readonly host?: string;
  readonly value?: string | readonly string[];
  readonly ttl?: number;
  readonly priority?: number;
  readonly weight?: number;
  readonly port?: number;
  readonly caa_flag?: number;
  readonly caa_tag?: string;
  readonly exclusive?: boolean;
  readonly state?: 'present' | 'absent';
  readonly force?: boolean;
  readonly auth_id?: string | number;
  readonly auth_password?: string;
  readonly sub_auth_user?: boolean;
  readonly api_endpoint?: string;
}

export default defineCloud({
  name: 'cloudns_record',
  summary: 'Set and remove DNS records at ClouDNS, from the controller.',
  argumentAliases: { zone: 'domain', name: 'host', values: 'value', base_url: 'api_endpoint' },
  returns: {
    record: 'The set of records as it is: domain, host, type, ttl, values.',
    calls: 'Requests that were made (in a dry run: that would be made): method, path and body, without credentials.',
  },
  schema: {
    type: 'object',
    required: ['domain', 'type'],
    additionalProperties: false,
    properties: {
      domain: { type: 'string', minLength: 1, description: 'The zone, for instance example.com.' },
      host: {
        type: 'string',
        default: '',
        description: 'Name below the zone; empty or `@` is the zone itself, `*` everything.',
      },
      type: {
        enum: ['A', 'AAAA', 'ALIAS', 'CAA', 'CNAME', 'MX', 'NS', 'PTR', 'SPF', 'SRV', 'TXT'],
        description: 'Type of the record.',
      },
      value: {
        anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, minItems: 1 }],
        description:
          'A text: takes the place of the one record that is there, and is refused where there are several. A list: exactly these records.',
      },
      ttl: { type: 'integer', minimum: 1, default: 3600, description: 'Seconds; rounded up to what ClouDNS allows.' },
      priority: { type: 'integer', minimum: 0, maximum: 65_535, description: 'MX and SRV.' },
      weight: { type: 'integer', minimum: 0, maximum: 65_535, description: 'SRV.' },
      port: { type: 'integer', minimum: 1, maximum: 65_535, description: 'SRV.' },
      caa_flag: { type: 'integer', minimum: 0, maximum: 255, default: 0, description: 'CAA.' },
      caa_tag: { enum: ['issue', 'issuewild', 'iodef'], description: 'CAA.' },
      exclusive: {
        type: 'boolean',
        default: true,
        description: 'false: other records of this host and type may be there too, and are left alone.',
      },
      state: {
        enum: ['present', 'absent'],
        default: 'present',
        description: 'absent: the records with these values are removed; without `value`, the one that is there.',
      },
      force: {
        type: 'boolean',
        default: false,
        description: 'Remove several records without naming their values; change what belongs to infra.yaml.',
      },
      auth_id: {
        type: ['string', 'integer'],
        description: 'Number of the API user. Default: the environment variable CLOUDNS_AUTH_ID.',
      },
      auth_password: {
        type: 'string',
        minLength: 1,
        writeOnly: true,
        description: 'Its password. Default: the environment variable CLOUDNS_AUTH_PASSWORD.',
      },
      sub_auth_user: { type: 'boolean', default: false, description: '`auth_id` is the name of a sub-user.' },
      api_endpoint: {
        type: 'string',
        pattern: '^https?://',
        description: "Base URL. Default: the environment variable CLOUDNS_URL, else ClouDNS's own.",
      },
    },
  },
  examples: [
    { title: 'An address', args: { domain: 'example.com', host: 'www', type: 'A', value: '203.0.113.10', ttl: 300 } },
    {
      title: 'Two mail servers of the same priority, and no other',
      args: { domain: 'example.com', type: 'MX', value: ['mx1.example.net', 'mx2.example.net'], priority: 10 },
    },
    {
      title: 'One text among others',
      args: { domain: 'example.com', type: 'TXT', value: 'v=spf1 -all', exclusive: false },
    },
    { title: 'No such name', args: { domain: 'example.com', host: 'old', type: 'CNAME', state: 'absent' } },
  ],
  asks,
});

function asks(args: Args): RecordRequest {
  const { domain, host = '', type, state = 'present', exclusive = true } = args;
  const given = args.value === undefined ? [] : [args.value].flat();
  if (state === 'present') checkContent(args, given);
  const extent = !exclusive ? 'among' : Array.isArray(args.value) ? 'set' : 'one';
  return {
    kind: 'cloudns_record',
    access: {
      ...(args.auth_id !== undefined && { user: String(args.auth_id) }),
      ...(args.auth_password !== undefined && { password: args.auth_password }),
      ...(args.sub_auth_user !== undefined && { isSubUser: args.sub_auth_user }),
      ...(args.api_endpoint !== undefined && { endpoint: args.api_endpoint }),
    },
    state,
    zone: domain.replace(/\.$/, '').toLowerCase(),
    host,
    type,
    ttl: args.ttl ?? 3600,
    values: given.map((value) => contentOf(args, value)),
    extent,
    force: args.force ?? false,
  };
}

function contentOf({ type, priority, weight, port, caa_flag: flag, caa_tag: tag }: Args, value: string): RecordContent {
  return {
    value,
    ...((type === 'MX' || type === 'SRV') && priority !== undefined && { priority }),
    ...(type === 'SRV' && weight !== undefined && { weight }),
    ...(type === 'SRV' && port !== undefined && { port }),
    ...(type === 'CAA' && { flag: flag ?? 0, ...(tag !== undefined && { tag }) }),
  };
}

const needed: Readonly<Record<string, readonly (keyof Args)[]>> = {
  MX: ['priority'],
  SRV: ['priority', 'weight', 'port'],
  CAA: ['caa_tag'],
};

/** Throws VezaError `invalid-arguments`. */
function checkContent(args: Args, given: readonly string[]): void {
  const missing = [...(given.length === 0 ? ['value'] : []), ...(needed[args.type] ?? [])].filter(
    (name) => Reflect.get(args, name) === undefined,
  );
  if (missing.length === 0) return;
  throw new VezaError('invalid-arguments', `cloudns_record: a record of type ${args.type} needs ${missing.join(', ')}`);
}
