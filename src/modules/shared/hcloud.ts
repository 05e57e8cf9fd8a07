// What the modules for Hetzner Cloud have in common: how to log in, and labels.
import type { CloudAccess } from '../../core/cloud-requests.ts';

/** Arguments of all of them. */
export const hcloudArguments = {
  api_token: {
    type: 'string',
    minLength: 1,
    writeOnly: true,
    description: 'Token of the project, with "Read & Write". Default: the environment variable HCLOUD_TOKEN.',
  },
  api_endpoint: {
    type: 'string',
    pattern: '^https?://',
    description:
      "Base URL of the API. Default: the environment variable HCLOUD_ENDPOINT, else Hetzner's own (https://api.hetzner.cloud/v1).",
  },
} as const;

/** Other names of theirs. */
export const hcloudAliases = { token: 'api_token', endpoint: 'api_endpoint', base_url: 'api_endpoint' } as const;

export const labelsArgument = {
  type: 'object',
  additionalProperties: { type: ['string', 'number', 'boolean'] },
  description: 'Labels, these and no others (but `managed-by: veza-run` on what was made here). Left out: as they are.',
} as const;

export const forceArgument = {
  type: 'boolean',
  default: false,
  description: 'Remove it even if veza-run did not make it (it lacks the label `managed-by: veza-run`).',
} as const;

export function hcloudAccess(args: { readonly api_token?: string; readonly api_endpoint?: string }): CloudAccess {
  return {
    ...(args.api_token !== undefined && { token: args.api_token }),
    ...(args.api_endpoint !== undefined && { endpoint: args.api_endpoint }),
  };
}

/** What is given of the arguments that things with labels have. */
export interface HcloudArgs {
  readonly labels?: Readonly<Record<string, string | number | boolean>>;
  readonly force?: boolean;
  readonly api_token?: string;
  readonly api_endpoint?: string;
}

/** Labels are texts. */
export function labelsOf(labels: NonNullable<HcloudArgs['labels']>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, String(value)]));
}
