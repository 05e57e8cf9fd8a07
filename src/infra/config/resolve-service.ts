// A data service of infra.yaml -> the model. Trusts the schema.
import { textOf, valueOf, type YamlNode } from '../../lib/yaml-node.ts';
import { serviceTypes, type ServiceConfig, type ServiceVolume } from './model.ts';
import { entriesOf, flag, itemsOf, oneOf, optional, scalarText, text, textsOf } from './nodes.ts';

export function serviceOf(node: YamlNode): ServiceConfig {
  const domain = valueOf(node, 'domain');
  const given = (key: string) => textOf(valueOf(node, key));
  return {
    type: oneOf(text(node, 'type'), serviceTypes),
    host: text(node, 'host'),
    useLatestVersion: flag(node, 'use_latest_version'),
    variables: textMap(valueOf(node, 'variables')),
    exposedPorts: itemsOf(valueOf(node, 'exposed_ports')).flatMap((port) => scalarText(port) ?? []),
    volumes: itemsOf(valueOf(node, 'volumes')).map(volumeOf),
    ...optional('username', given('username')),
    ...optional('password', given('password')),
    ...optional('databaseName', given('database_name')),
    ...optional('version', scalarText(valueOf(node, 'version'))),
    ...(domain && {
      domain: {
        domain: text(domain, 'domain'),
        certResolver: textOf(valueOf(domain, 'cert_resolver')) ?? 'letsencrypt',
        entrypoint: textOf(valueOf(domain, 'entrypoint')) ?? 'websecure',
        allowedCidrs: textsOf(valueOf(domain, 'allowed_cidrs')),
      },
    }),
  };
}

function volumeOf(node: YamlNode): ServiceVolume {
  return {
    name: text(node, 'name'),
    containerPath: text(node, 'container_path'),
    readOnly: flag(node, 'read_only'),
    driverOpts: textMap(valueOf(node, 'driver_opts')),
    ...optional('driver', textOf(valueOf(node, 'driver'))),
  };
}

function textMap(node: YamlNode | undefined): ReadonlyMap<string, string> {
  return new Map(entriesOf(node).map(({ key, value }) => [key, scalarText(value) ?? '']));
}
