// A load balancer for people: id, address, services, and targets with their health on each port.
import pc from 'picocolors';
import type { LoadBalancer, Target } from '../../infra/hetzner-cloud/types.ts';
import { mapTexts, terminalText } from '../../lib/terminal-text.ts';
import { table } from './present.ts';

/** Several lines. */
export function balancerText(found: LoadBalancer): string {
  const clean = mapTexts(found, terminalText);
  const { id, name, public_net: net, algorithm, location, load_balancer_type: type, services, targets } = clean;
  const head = [
    `${pc.bold(name)} (${id})`,
    `  address    ${net.ipv4.ip ?? '-'}`,
    `  algorithm  ${algorithm.type}`,
    `  type       ${type.name} in ${location.name}`,
  ];
  const serviceRows = services.map((service) => [
    '  ',
    `${service.protocol} :${service.listen_port} -> :${service.destination_port}`,
    `proxy_protocol=${service.proxyprotocol}`,
  ]);
  const targetRows = targets.map((target) => ['  ', targetName(target), healthOf(target)]);
  return [`${head.join('\n')}\n`, '  services\n', table(serviceRows), '  targets\n', table(targetRows)].join('');
}

function targetName({ type, server, ip, label_selector: selector }: Target): string {
  return `${type} ${ip?.ip ?? server?.id ?? selector?.selector ?? ''}`;
}

function healthOf({ health_status: all = [] }: Target): string {
  const shown = all.map(
    ({ listen_port: port, status }) => `:${port} ${status === 'healthy' ? pc.green(status) : pc.red(status)}`,
  );
  return shown.length === 0 ? pc.dim('health unknown') : shown.join('  ');
}
