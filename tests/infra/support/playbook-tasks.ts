// Tasks that ask services for a server and a balancer, and what must hold of each task: a dry run foretells what a run sends,
// and a second run sends nothing.
import { expect } from 'vitest';
import { callsIn, type Services } from './playbooks.ts';

/** Dry run, run, run again: the calls foretold are those made, and the second run makes none. */
export async function converges(at: Services, tasks: string, names: readonly string[]): Promise<readonly string[]> {
  const foretold = await at.run(tasks, { check: true });
  expect(foretold.statuses()).toEqual(names.map((name) => `${name}: changed`));
  expect(at.changes()).toEqual([]);
  const run = await at.run(tasks);
  expect(run.statuses()).toEqual(names.map((name) => `${name}: changed`));
  const made = at.changes();
  expect(names.flatMap((name) => callsIn(foretold.result(name).values))).toEqual(made);
  expect(names.flatMap((name) => callsIn(run.result(name).values))).toEqual(made);
  const diffs = (of: typeof run) => of.results.map(({ changes }) => changes);
  expect(diffs(foretold)).toEqual(diffs(run));
  for (const check of [true, false]) {
    const again = await at.run(tasks, { check });
    expect(again.statuses()).toEqual(names.map((name) => `${name}: ok`));
  }
  expect(at.changes()).toEqual([]);
  return made;
}

/** A task. */
export const server = `
- name: Server
  hcloud_server:
    name: web1
    server_type: cx22
    image: debian-12
    location: nbg1
    ssh_keys: [admin]
    labels: { role: web, tier: 1 }
    user_data: "#cloud-config\\npassword: sesame-open\\n"
    state: started
`;

/** A task. */
export const balancer = `
- name: Balancer
  hcloud_load_balancer:
    name: front
    load_balancer_type: lb11
    location: fsn1
    algorithm: least_connections
    services:
      - { protocol: http, listen_port: 80, destination_port: 8080, health_check: { http: { path: /health } } }
    targets:
      - { type: label_selector, label_selector: role=web }
      - { type: server, server: noc }
      - { type: ip, ip: 192.0.2.21 }
  register: lb
`;
