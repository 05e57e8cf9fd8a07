// Packages of Debian and its family.
import { defineModule } from '../core/module.ts';
import { packageProperties, packageResult, packageReturns, packageWants } from './shared/packages.ts';

export default defineModule({
  name: 'apt',
  summary: 'Install, update and remove packages with apt.',
  argumentAliases: {
    package: 'name',
    pkg: 'name',
    'update-cache': 'update_cache',
    'install-recommends': 'install_recommends',
    'default-release': 'default_release',
  },
  returns: packageReturns,
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      ...packageProperties,
      purge: { type: 'boolean', default: false, description: 'With state=absent: remove the configuration too.' },
      autoremove: {
        type: 'boolean',
        default: false,
        description: 'With state=absent: also remove what was installed only for it.',
      },
      install_recommends: {
        type: 'boolean',
        description: 'Install recommended packages too. Default: as apt is set up.',
      },
      default_release: { type: 'string', pattern: '^[\\w./-]+$', description: 'Release to take packages from.' },
      only_upgrade: { type: 'boolean', default: false, description: 'Update what is installed; install nothing new.' },
      allow_downgrade: { type: 'boolean', default: false, description: 'An older version may replace a newer one.' },
      allow_change_held_packages: { type: 'boolean', default: false, description: 'Change packages that are on hold.' },
      allow_unauthenticated: { type: 'boolean', default: false, description: 'Take packages that nobody has signed.' },
      dpkg_options: {
        type: 'string',
        default: 'force-confdef,force-confold',
        pattern: '^[a-z,-]*$',
        description: 'Options of dpkg, without the leading dashes, separated by commas.',
      },
    },
  },
  examples: [
    { title: 'Packages, with lists not older than an hour', args: { name: ['nginx', 'curl'], cache_valid_time: 3600 } },
    { title: 'Remove one with its configuration', args: { name: 'apache2', state: 'absent', purge: true } },
    { title: 'Only read the package lists', args: { update_cache: true } },
  ],
  wants: (args, context) =>
    packageWants(
      args,
      {
        ...(args.install_recommends !== undefined && { installRecommends: args.install_recommends }),
        ...(args.default_release !== undefined && { defaultRelease: args.default_release }),
        ...(args.only_upgrade === true && { onlyUpgrade: true }),
        ...(args.allow_downgrade === true && { allowDowngrade: true }),
        ...(args.allow_change_held_packages === true && { allowChangeHeld: true }),
        ...(args.allow_unauthenticated === true && { allowUnauthenticated: true }),
        ...(args.autoremove === true && { autoremove: true }),
        ...(args.lock_timeout !== undefined && { lockTimeoutSeconds: args.lock_timeout }),
        ...(args.dpkg_options !== undefined && {
          dpkgOptions: args.dpkg_options.split(',').filter((name) => name !== ''),
        }),
        ...(Object.keys(context.environment).length > 0 && { environment: context.environment }),
      },
      'apt',
    ),
  result: packageResult,
});
