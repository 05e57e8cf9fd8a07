// Packages of whatever package manager the host has: apt, dnf or apk.
import { defineModule } from '../core/module.ts';
import { packageProperties, packageResult, packageReturns, packageWants } from './shared/packages.ts';

export default defineModule({
  name: 'package',
  summary: 'Install, update and remove packages with apt, dnf or apk (the last two have not been tried on real hosts).',
  argumentAliases: { pkg: 'name' },
  returns: packageReturns,
  schema: { type: 'object', additionalProperties: false, properties: packageProperties },
  examples: [
    { title: 'Install', args: { name: 'curl' } },
    { title: 'The newest version', args: { name: ['openssl'], state: 'latest', update_cache: true } },
    { title: 'Remove', args: { name: 'telnet', state: 'absent' } },
  ],
  wants: (args, context) =>
    packageWants(args, {
      ...(args.lock_timeout !== undefined && { lockTimeoutSeconds: args.lock_timeout }),
      ...(Object.keys(context.environment).length > 0 && { environment: context.environment }),
    }),
  result: packageResult,
});
