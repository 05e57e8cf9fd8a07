// What `prod status` and `prod watch` saw, for people and for machines.
import pc from 'picocolors';
import type { Alert } from '../../infra/status/alerts.ts';
import type { HostStatus } from '../../infra/status/read.ts';
import { mapTexts, terminalText } from '../../lib/terminal-text.ts';
import { balancerText } from './balancer-text.ts';
import type { EndpointState } from './endpoint.ts';
import type { BalancerStatus, Look } from './look.ts';

/** Whatever hosts and services say is made fit for a terminal. */
export function statusText(seen: Look): string {
  const { hosts, endpoints, balancer, alerts, leftOut } = mapTexts(seen, terminalText);
  return [
    leftOut === null ? '' : section('hosts', [pc.dim(`left out: ${leftOut}`)]),
    ...hosts.map(hostText),
    section('endpoints', endpoints.map(endpointLine)),
    section('alerts', alerts.map(alertLine)),
    balancerPart(balancer),
  ].join('');
}

/** One object; what people are told is all in it. */
export function statusJson({ hosts, endpoints, balancer, alerts, leftOut }: Look): object {
  return { hosts, endpoints, alerts, load_balancer: balancer, ...(leftOut !== null && { left_out: leftOut }) };
}

function section(name: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${pc.bold(name)}\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

const sign = (good: boolean) => (good ? pc.green('ok') : pc.red('x '));

function endpointLine({ url, status, milliseconds, certificateDays, problem }: EndpointState): string {
  if (problem !== null) return `${sign(false)} ${url}  ${problem}`;
  const certificate = certificateDays === null ? '' : `, certificate ${certificateDays} days`;
  return `${sign(true)} ${url}  HTTP ${status ?? ''}, ${milliseconds} ms${certificate}`;
}

function alertLine({ name, sense, wanted, found, good }: Alert): string {
  return `${sign(good)} ${name}  ${found === null ? 'nobody could tell' : String(Math.round(found * 100) / 100)}, ${sense} ${wanted} is wanted`;
}

function balancerPart(balancer: BalancerStatus): string {
  if ('found' in balancer) return balancerText(balancer.found);
  if ('skipped' in balancer) return section('load balancer', [pc.dim(`skipped: ${balancer.skipped}`)]);
  return section('load balancer', [`${sign(false)} ${balancer.problem}`]);
}

function hostText(status: HostStatus): string {
  const { host, connectMs, os, docker, load, disks, certificates, services, problems } = status;
  const connected = connectMs === null ? '' : pc.dim(`  ssh ${connectMs} ms`);
  const lines = [`${pc.bold(host)}  ${problems.length === 0 ? pc.green('ok') : pc.red('bad')}${connected}`];
  const facts = [os, docker, load && `load ${load.text}`].filter((part) => part !== null);
  if (facts.length > 0) lines.push(`  ${facts.join(' · ')}`);
  if (disks.length > 0)
    lines.push(`  disk ${disks.map(({ mount, usedPercent }) => `${mount} ${usedPercent} %`).join(', ')}`);
  for (const { path, daysLeft } of certificates) lines.push(`  certificate ${path}: ${daysLeft} days left`);
  for (const { name, state, healthy } of services) lines.push(`  ${sign(healthy)} ${name}  ${state}`);
  const told = new Set(services.map(({ name, state }) => `${name}: ${state}`));
  for (const problem of problems.filter((one) => !told.has(one))) lines.push(`  ${sign(false)} ${problem}`);
  return `${lines.join('\n')}\n`;
}
