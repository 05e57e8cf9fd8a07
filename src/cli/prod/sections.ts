// Every section of infra.yaml is either acted on or said not to be: nothing is silently inert.
import pc from 'picocolors';
import type { Infra, SectionName } from '../../infra/config/model.ts';
import { print } from '../output.ts';

/** Which command acts on a section, or why none does. */
export const sectionUse: Readonly<Record<SectionName, { readonly by: string } | { readonly not: string }>> = {
  hosts: { by: 'veza-run PLAYBOOK -i infra.yaml, prod status, prod ssh' },
  load_balancer: { by: 'prod setup, prod lb' },
  network: { by: 'prod setup, prod lb' },
  firewalls: { by: 'prod setup' },
  dns: { by: 'prod setup, prod dns' },
  ssl: { by: 'prod setup, prod ssl' },
  database: {
    not: 'declared, not managed: clusters are set up by their own tools; `services` has single servers, `prod backups` its backup',
  },
  cache: { not: 'declared, not managed: clusters are set up by their own tools; `services` has single servers' },
  containers: { not: 'declared, not managed by this command' },
  s3: { not: 'declared, not managed: buckets are made by their provider' },
  cdn: { not: 'declared, not managed: set up with its provider' },
  cicd: { not: 'declared, not managed' },
  monitoring: { by: 'prod status' },
  backups: { by: 'prod backups; snapshots: prod setup' },
  services: { by: 'prod services' },
};

export function reportSections(infra: Infra): void {
  const idle = [...infra.sections.keys()].flatMap((name) => {
    const use = sectionUse[name];
    return 'not' in use ? [`  ${name}: ${use.not}`] : [];
  });
  if (idle.length > 0) print(pc.dim(`\n${idle.join('\n')}\n`));
}
