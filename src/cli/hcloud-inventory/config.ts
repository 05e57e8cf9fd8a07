// `hcloud.yml`: which servers of a project are the inventory, in the words of Ansible's hetzner.hcloud.hcloud.
import { schemaDiagnostics } from '../../infra/config/schema-diagnostics.ts';
import { DiagnosticsError } from '../../lib/errors.ts';
import { dataOf, type YamlNode } from '../../lib/yaml-node.ts';

const text = { type: 'string', minLength: 1 } as const;
const texts = { type: 'array', items: text } as const;
const flag = { type: 'boolean' } as const;
const expressions = { type: 'object', additionalProperties: { type: ['string', 'boolean'] } } as const;

export const plugins = ['hcloud', 'hetzner.hcloud.hcloud'] as const;

const schema = {
  type: 'object',
  required: ['plugin'],
  additionalProperties: false,
  properties: {
    plugin: { enum: [...plugins] },
    api_token: text,
    token: text,
    api_token_env: text,
    token_env: text,
    api_endpoint: { ...text, pattern: '^https?://', $comment: 'It begins with http:// or https://.' },
    group: text,
    label_selector: text,
    selector: text,
    locations: texts,
    types: texts,
    images: texts,
    status: texts,
    network: { type: ['string', 'integer'] },
    connect_with: { enum: ['public_ipv4', 'public_ipv6', 'private_ipv4', 'ipv4_dns_ptr', 'hostname'] },
    hostvars_prefix: { type: 'string' },
    strict: flag,
    keyed_groups: {
      type: 'array',
      items: {
        type: 'object',
        required: ['key'],
        additionalProperties: false,
        properties: {
          key: text,
          prefix: { type: 'string' },
          separator: { type: 'string' },
          parent_group: text,
          default_value: { type: 'string' },
        },
      },
    },
    groups: expressions,
    compose: expressions,
  },
};

export interface KeyedGroup {
  readonly key: string;
  readonly prefix?: string;
  readonly separator?: string;
  readonly parent_group?: string;
  readonly default_value?: string;
}

export interface HcloudInventoryConfig {
  readonly api_token?: string;
  readonly token?: string;
  readonly api_token_env?: string;
  readonly token_env?: string;
  readonly api_endpoint?: string;
  readonly group?: string;
  readonly label_selector?: string;
  readonly selector?: string;
  readonly locations?: readonly string[];
  readonly types?: readonly string[];
  readonly images?: readonly string[];
  readonly status?: readonly string[];
  readonly network?: string | number;
  readonly connect_with?: 'public_ipv4' | 'public_ipv6' | 'private_ipv4' | 'ipv4_dns_ptr' | 'hostname';
  readonly hostvars_prefix?: string;
  readonly strict?: boolean;
  readonly keyed_groups?: readonly KeyedGroup[];
  readonly groups?: Readonly<Record<string, string | boolean>>;
  readonly compose?: Readonly<Record<string, string | boolean>>;
}

/** Throws DiagnosticsError with every mistake. */
export function readConfig(root: YamlNode): HcloudInventoryConfig {
  const diagnostics = schemaDiagnostics(schema, root);
  if (diagnostics.length > 0) throw new DiagnosticsError(diagnostics);
  return dataOf(root) as HcloudInventoryConfig;
}
