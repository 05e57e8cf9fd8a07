// Dedicated servers of Hetzner Robot, as facts.
import { defineCloud } from '../core/module.ts';

interface Args {
  readonly hetzner_user?: string;
  readonly hetzner_password?: string;
  readonly server_ip?: string;
  readonly server_number?: number;
  readonly server_name?: string;
  readonly api_endpoint?: string;
}

export default defineCloud({
  name: 'robot_server_info',
  aliases: ['community.hrobot.server_info'],
  summary: 'Ask Hetzner Robot for dedicated servers, from the controller; nothing is changed.',
  argumentAliases: { user: 'hetzner_user', password: 'hetzner_password', base_url: 'api_endpoint' },
  returns: {
    servers: 'A list of server_number, server_name, server_ip, product, dc, status, cancelled, paid_until.',
  },
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      hetzner_user: {
        type: 'string',
        minLength: 1,
        description:
          'User of the web service (not of the account). Default: the environment variable HETZNER_ROBOT_USER.',
      },
      hetzner_password: {
        type: 'string',
        minLength: 1,
        writeOnly: true,
        description:
          'Its password. Default: the environment variable HETZNER_ROBOT_PASS. A wrong one is tried once only.',
      },
      server_ip: { type: 'string', description: 'Only the server with this address.' },
      server_number: { type: 'integer', description: 'Only the server with this number.' },
      server_name: { type: 'string', description: 'Only servers of this name.' },
      api_endpoint: {
        type: 'string',
        pattern: '^https?://',
        description: "Base URL. Default: the environment variable HETZNER_ROBOT_URL, else Hetzner's own.",
      },
    },
  },
  examples: [
    { title: 'All dedicated servers', args: {} },
    { title: 'One of them', args: { server_ip: '192.0.2.21' } },
  ],
  dryRun: 'Asked in a dry run too: it only reads.',
  asks: (args: Args) => ({
    kind: 'robot_servers',
    access: {
      ...(args.hetzner_user !== undefined && { user: args.hetzner_user }),
      ...(args.hetzner_password !== undefined && { password: args.hetzner_password }),
      ...(args.api_endpoint !== undefined && { endpoint: args.api_endpoint }),
    },
    ...(args.server_ip !== undefined && { ip: args.server_ip }),
    ...(args.server_number !== undefined && { number: args.server_number }),
    ...(args.server_name !== undefined && { name: args.server_name }),
  }),
});
