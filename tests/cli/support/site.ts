// What tests of flags run: three hosts and two tasks.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { vezaRunHere, type HereResult } from '../../support/cli-here.ts';

/** A site in a folder of each test, and runs of it. */
export interface Site {
  readonly folder: string;
  readonly write: (path: string, text: string) => void;
  /** Runs the site's playbook. */
  readonly run: (...words: readonly string[]) => Promise<HereResult>;
  /** The same with its inventory. */
  readonly onHosts: (...words: readonly string[]) => Promise<HereResult>;
}

export const hosts = `all:
  vars: { ansible_connection: local }
  hosts: { web-1: {}, web-2: {}, db-1: {} }
`;
const site = `- name: Site
  hosts: all
  gather_facts: false
  tasks:
    - name: One
      debug: { msg: "one {{ word | default('nothing') }}" }
      tags: [first]
    - name: Two
      copy: { dest: "{{ playbook_dir }}/{{ inventory_hostname }}.out", content: "two\\n" }
      tags: [second]
`;

/** Makes one before each test of a file, and removes it after. */
export function useSite(): Site {
  let folder = '';
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const run: Site['run'] = (...words) => vezaRunHere(['site.yml', ...words], folder);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'veza-flags-'));
    write('hosts.yml', hosts);
    write('site.yml', site);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  return {
    get folder() {
      return folder;
    },
    write,
    run,
    onHosts: (...words) => run('-i', 'hosts.yml', ...words),
  };
}

/** The tasks and the hosts that a run tells of. */
export const tasksOf = ({ stdout }: Pick<HereResult, 'stdout'>) =>
  [...stdout.matchAll(/TASK \[(.*)\]/g)].map(([, name]) => name);
export const hostsOf = ({ stdout }: HereResult) => [...stdout.matchAll(/^(\S+) +: ok=/gm)].map(([, name]) => name);
