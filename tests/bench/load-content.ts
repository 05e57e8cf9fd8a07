// Makes the content that loading is measured on: 5,000 tasks over 100 files, written as people write roles.
// Every text differs from its neighbours, so that nothing is won by remembering what was read before.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface Content {
  readonly playbook: string;
  readonly inventory: string;
  readonly files: number;
  readonly tasks: number;
}

const roles = 20;
const filesOfTasks = ['main', 'install', 'configure'] as const;

/** Writes a playbook, its inventory and 20 roles of 5 files below `directory`. */
export function writeContent(directory: string, tasks = 5000): Content {
  const write = (path: string, text: string) => {
    const full = join(directory, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text);
  };
  const perFile = Math.ceil(tasks / (roles * filesOfTasks.length));
  let left = tasks;
  for (let role = 0; role < roles; role += 1) {
    const prefix = `app${role}`;
    write(`roles/${prefix}/defaults/main.yml`, defaults(prefix));
    write(`roles/${prefix}/handlers/main.yml`, handlers(prefix));
    write(`roles/${prefix}/templates/site.conf.j2`, siteTemplate(prefix));
    for (const name of filesOfTasks) {
      const count = Math.min(perFile, left);
      left -= count;
      const imports = name === 'main' ? filesOfTasks.slice(1).map((other) => `- import_tasks: ${other}.yml\n`) : [];
      const own = Array.from({ length: count }, (_, index) => task(prefix, `${name}_${index}`, index));
      write(`roles/${prefix}/tasks/${name}.yml`, [...imports, ...own].join('\n'));
    }
  }
  const names = Array.from({ length: roles }, (_, role) => `    - app${role}\n`).join('');
  write('site.yml', `- name: Everything\n  hosts: all\n  become: true\n  gather_facts: false\n  roles:\n${names}`);
  write('inventory.yml', inventory());
  return {
    playbook: join(directory, 'site.yml'),
    inventory: join(directory, 'inventory.yml'),
    files: roles * 5,
    tasks,
  };
}

function defaults(prefix: string): string {
  return `# Where ${prefix} lives and how it is started.
${prefix}_user: ${prefix}
${prefix}_home: "/srv/{{ ${prefix}_user }}"
${prefix}_config: "{{ ${prefix}_home }}/etc"
${prefix}_enabled: true
${prefix}_port: 8080
${prefix}_packages: [curl, ca-certificates, rsync]
${prefix}_sites:
  - { name: main, port: "{{ ${prefix}_port }}", root: "{{ ${prefix}_home }}/main" }
  - { name: extra, port: "{{ ${prefix}_port | int + 1 }}", root: "{{ ${prefix}_home }}/extra" }
`;
}

function handlers(prefix: string): string {
  return `- name: Restart ${prefix}
  systemd_service:
    name: "{{ ${prefix}_user }}.service"
    state: restarted
    daemon_reload: true
`;
}

/** One of ten kinds of tasks, in turn; `id` is in every text. */
function task(prefix: string, id: string, index: number): string {
  const kinds = [
    `- name: Create the folder ${id}
  file:
    path: "{{ ${prefix}_home }}/${id}"
    state: directory
    owner: "{{ ${prefix}_user }}"
    mode: "0755"
`,
    `- name: Write the configuration ${id}
  copy:
    dest: "{{ ${prefix}_config }}/${id}.conf"
    content: |
      # ${id}
      listen = {{ ${prefix}_port }}
      {% if ${prefix}_enabled %}
      root = {{ ${prefix}_home }}/${id}
      {% endif %}
    owner: root
    group: "{{ ${prefix}_user }}"
    mode: "0640"
  notify: Restart ${prefix}
  when: ${prefix}_enabled | bool
`,
    `- name: Install what ${id} needs
  apt:
    name: "{{ ${prefix}_packages + ['${id.replaceAll('_', '-')}'] }}"
    state: present
  when:
    - ${prefix}_enabled
    - "'${id}' not in ${prefix}_packages"
`,
    `- name: Look at ${id}
  command: "test -e {{ ${prefix}_home }}/${id}"
  register: ${prefix}_${id}
  changed_when: false
  failed_when: ${prefix}_${id}.rc not in [0, 1]
`,
    `- name: Say what ${id} is
  debug:
    msg: "{{ item.name }} of ${id} listens on {{ item.port | default(${1000 + index}) }}"
  loop: "{{ ${prefix}_sites | selectattr('port', 'defined') | list }}"
  loop_control:
    label: "{{ item.name }}"
  tags: [say, ${prefix}]
`,
    `- name: Set up the sites of ${id}
  template:
    src: site.conf.j2
    dest: "{{ item.root }}/${id}.conf"
    mode: "0644"
  loop: "{{ ${prefix}_sites }}"
  notify:
    - Restart ${prefix}
  when: item.port | int > ${index} and ${prefix}_enabled
`,
    `- name: Make the user of ${id}
  user:
    name: "{{ ${prefix}_user }}-${index}"
    home: "{{ ${prefix}_home }}"
    shell: /usr/sbin/nologin
    system: true
  tags: ${prefix}
`,
    `- name: Remember ${id}
  set_fact:
    ${prefix}_fact_${id}: "{{ ${prefix}_home ~ '/' ~ '${id}' }}"
    ${prefix}_count_${id}: "{{ ${prefix}_sites | length }}"
`,
    `- name: Try ${id}
  block:
    - name: Start ${id}
      service:
        name: "{{ ${prefix}_user }}-${index}"
        state: started
        enabled: "{{ ${prefix}_enabled }}"
`,
    `- name: Check ${id}
  assert:
    that:
      - ${prefix}_port | int > ${index}
      - ${prefix}_sites | map(attribute='name') | list | length > 0
    fail_msg: "${id} needs a port above ${index}, but has {{ ${prefix}_port }}"
`,
  ];
  return kinds[index % kinds.length] ?? '';
}

function siteTemplate(prefix: string): string {
  return `# {{ item.name }} of ${prefix}
{% for site in ${prefix}_sites %}
site {{ site.name }} port={{ site.port }} root={{ site.root | default(${prefix}_home) }}
{% endfor %}
user = {{ ${prefix}_user }}
`;
}

function inventory(): string {
  const hosts = Array.from({ length: 20 }, (_, index) => `    web-${index}: { ansible_host: 192.0.2.${index + 1} }\n`);
  return `all:\n  hosts:\n${hosts.join('')}`;
}
