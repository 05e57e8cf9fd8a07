// Every keyword of plays, blocks, tasks, handlers and role entries: where it may stand, what shape it has,
// and whether we do what it says. The one table behind checks, suggestions and the editor schema.

export type Place = 'play' | 'block' | 'task' | 'handler' | 'role';

/**
 * `text`, `number`, `boolean`: may be templates. `names`: a text or a list of texts. `condition`: an expression, a list of them,
 * or a boolean. `nodes`: a list of tasks. `fixed-*`: known before anything runs, so no templates.
 */
export type Shape =
  | 'any'
  | 'boolean'
  | 'condition'
  | 'environment'
  | 'fixed-boolean'
  | 'fixed-text'
  | 'list'
  | 'map'
  | 'names'
  | 'nodes'
  | 'number'
  | 'text';

export interface Keyword {
  readonly shape: Shape;
  readonly places: readonly Place[];
  /** Places where it is Ansible's but not ours yet. */
  readonly unsupported?: readonly Place[];
  /** Why, or what to do instead. */
  readonly reason?: string;
  /** It changes nothing that we do, so it does not stop a run. */
  readonly harmless?: boolean;
  readonly choices?: readonly string[];
}

const everywhere = ['play', 'block', 'task', 'handler', 'role'] as const;
const inner = ['block', 'task', 'handler', 'role'] as const;
const tasks = ['task', 'handler'] as const;
const play = ['play'] as const;

const oneConnection = 'One connection a host serves the whole play; set it on the play or in the inventory.';

export const keywords: Readonly<Record<string, Keyword>> = {
  name: { shape: 'text', places: everywhere },
  become: { shape: 'boolean', places: everywhere },
  become_user: { shape: 'text', places: everywhere },
  become_method: { shape: 'text', places: everywhere, choices: ['sudo', 'su', 'doas'] },
  become_flags: unsupported('text', everywhere, 'The flags of sudo, su and doas are fixed.'),
  become_exe: unsupported('text', everywhere, 'sudo, su and doas are found by PATH.'),
  vars: { shape: 'map', places: everywhere },
  environment: { shape: 'environment', places: everywhere },
  module_defaults: { shape: 'map', places: everywhere },
  no_log: { shape: 'boolean', places: everywhere },
  run_once: { shape: 'boolean', places: everywhere },
  ignore_errors: { shape: 'boolean', places: everywhere },
  ignore_unreachable: { shape: 'boolean', places: everywhere },
  check_mode: { shape: 'boolean', places: everywhere },
  diff: { shape: 'boolean', places: everywhere },
  any_errors_fatal: { shape: 'boolean', places: everywhere },
  throttle: { shape: 'number', places: everywhere },
  timeout: { shape: 'number', places: everywhere },
  tags: { shape: 'names', places: everywhere },
  connection: { shape: 'text', places: everywhere, unsupported: inner, reason: oneConnection },
  remote_user: { shape: 'text', places: everywhere, unsupported: inner, reason: oneConnection },
  port: unsupported('number', everywhere, 'Set ansible_port in the inventory.'),
  debugger: unsupported('text', everywhere, 'There is no interactive debugger.'),
  collections: {
    ...unsupported('list', everywhere, 'Modules are built in; names are looked up among them.'),
    harmless: true,
  },

  hosts: { shape: 'names', places: play },
  gather_facts: { shape: 'fixed-boolean', places: play },
  gather_subset: { shape: 'names', places: play },
  gather_timeout: { shape: 'number', places: play },
  fact_path: { shape: 'text', places: play },
  vars_files: { shape: 'list', places: play },
  vars_prompt: unsupported('list', play, 'Give the values with --extra-vars.'),
  roles: { shape: 'list', places: play },
  pre_tasks: { shape: 'nodes', places: play },
  tasks: { shape: 'nodes', places: play },
  post_tasks: { shape: 'nodes', places: play },
  handlers: { shape: 'nodes', places: play },
  serial: { shape: 'any', places: play },
  max_fail_percentage: { shape: 'number', places: play },
  force_handlers: { shape: 'fixed-boolean', places: play },
  order: {
    shape: 'fixed-text',
    places: play,
    choices: ['inventory', 'sorted', 'reverse_sorted', 'reverse_inventory', 'shuffle'],
  },
  strategy: unsupported('text', play, 'All hosts go on side by side, task after task.'),

  when: { shape: 'condition', places: inner },
  delegate_to: { shape: 'text', places: inner },
  delegate_facts: unsupported('boolean', inner, 'Facts are not gathered yet.'),
  notify: { shape: 'names', places: ['block', 'task', 'handler'] },
  block: { shape: 'nodes', places: ['block'] },
  rescue: { shape: 'nodes', places: ['block'] },
  always: { shape: 'nodes', places: ['block'] },

  args: { shape: 'map', places: tasks },
  action: unsupported('any', tasks, 'Write the module as the key: `copy:` instead of `action: copy`.'),
  local_action: unsupported('any', tasks, 'Write the module as the key, and `delegate_to: localhost`.'),
  register: { shape: 'fixed-text', places: tasks },
  loop: { shape: 'any', places: tasks },
  loop_control: { shape: 'map', places: tasks },
  until: { shape: 'condition', places: tasks },
  retries: { shape: 'number', places: tasks },
  delay: { shape: 'number', places: tasks },
  changed_when: { shape: 'condition', places: tasks },
  failed_when: { shape: 'condition', places: tasks },
  async: unsupported('any', tasks, 'Tasks are waited for; `timeout` limits how long.'),
  poll: unsupported('any', tasks, 'Tasks are waited for; `timeout` limits how long.'),
  listen: { shape: 'names', places: ['handler'] },

  role: { shape: 'fixed-text', places: ['role'] },
};

/** The keywords that may stand in a place, for suggestions. */
export function keywordsOf(place: Place): readonly string[] {
  return byPlace[place];
}

/** Whether a key is a keyword of that place (supported or not). */
export function isKeyword(name: string, place: Place): boolean {
  return Object.hasOwn(keywords, name) && keywords[name]?.places.includes(place) === true;
}

export const loopControlKeys = ['loop_var', 'index_var', 'label', 'pause'] as const;
export const unsupportedLoopControlKeys = ['extended', 'extended_allitems', 'break_when'] as const;

const byPlace: Readonly<Record<Place, readonly string[]>> = {
  play: namesFor('play'),
  block: namesFor('block'),
  task: namesFor('task'),
  handler: namesFor('handler'),
  role: namesFor('role'),
};

function namesFor(place: Place): readonly string[] {
  return Object.keys(keywords).filter(
    (name) => keywords[name]?.places.includes(place) === true && keywords[name].unsupported?.includes(place) !== true,
  );
}

function unsupported(shape: Shape, places: readonly Place[], reason: string): Keyword {
  return { shape, places, unsupported: places, reason };
}
