// Codes of diagnostics: playbooks, roles and tasks.
import type { Code } from '../codes.ts';

export const playbookCodes: Readonly<Record<string, Code>> = {
  'wrong-type': {
    meaning: 'A value of the wrong kind.',
    example: '`tasks: {}`',
    mend: 'Write what the message asks for.',
  },
  'wrong-value': {
    meaning: 'A value that is none of those that the keyword takes.',
    example: '`order: random`',
    mend: 'Use one of the values named.',
  },
  'fixed-value': {
    meaning: 'A value that must be known before anything runs holds a template.',
    example: '`tags: "{{ t }}"`',
    mend: 'Write the value itself.',
  },
  'unknown-keyword': {
    meaning: 'A key that means nothing in its place.',
    example: '`whne: true`',
    mend: 'Mend the name, or move the key to where it belongs.',
  },
  'unsupported-keyword': {
    meaning: 'A keyword of Ansible that does nothing here yet.',
    example: '`debugger: always`',
    mend: 'The hint says what to do instead.',
  },
  'missing-keyword': {
    meaning: 'A key that is needed is not there.',
    example: 'a play without `hosts`',
    mend: 'Add it.',
  },
  'unknown-module': {
    meaning: 'There is no such module.',
    example: '`copi:`',
    mend: 'Mend the name; modules of collections are not included.',
  },
  'missing-module': {
    meaning: 'A task calls no module.',
    example: '`- name: Only a name`',
    mend: 'Add the module, or remove the task.',
  },
  'two-modules': {
    meaning: 'A task calls two modules.',
    example: '`copy:` and `file:` in one task',
    mend: 'Make two tasks of it.',
  },
  'unknown-argument': {
    meaning: 'A module does not take this argument.',
    example: '`copy: { content: x, dst: /x }`',
    mend: 'Mend the name.',
  },
  'missing-argument': {
    meaning: 'An argument that the module needs is not there.',
    example: '`copy: { content: x }`',
    mend: 'Add it.',
  },
  'wrong-argument': {
    meaning: 'The value of an argument does not fit.',
    example: '`file: { path: /x, state: dir }`',
    mend: 'Write what the message asks for.',
  },
  'duplicate-argument': {
    meaning: 'An argument and its other name are both given.',
    example: '`file: { path: /a, dest: /b }`',
    mend: 'Keep one.',
  },
  'invalid-arguments': {
    meaning: 'Arguments do not fit the module once their templates are evaluated.',
    example: '`mode: "{{ 420 }}"`',
    mend: 'Mend the value of the variable.',
  },
  'invalid-environment': {
    meaning: '`environment` is no map of names to values.',
    example: '`environment: [PATH]`',
    mend: 'Write `NAME: value`.',
  },
  'missing-block': {
    meaning: '`rescue` or `always` without `block`.',
    example: '`- rescue: [...]`',
    mend: 'Add the `block`.',
  },
  'two-loops': { meaning: 'A task has two loops.', example: '`loop:` and `with_items:`', mend: 'Keep one.' },
  'loop-control': {
    meaning: '`loop_control` without a loop.',
    example: '`loop_control: { label: x }` alone',
    mend: 'Add the loop, or remove it.',
  },
  'loop-not-list': {
    meaning: 'A loop over something that is no list.',
    example: '`loop: "{{ a_map }}"`',
    mend: 'For a map, `loop: "{{ a_map | dict2items }}"`.',
  },
  'unknown-handler': {
    meaning: '`notify` names a handler that nobody defines.',
    example: '`notify: restart nginks`',
    mend: 'Mend the name, or define the handler.',
  },
  'unnamed-handler': {
    meaning: 'A handler that nothing can notify.',
    example: 'a handler without `name` and `listen`',
    mend: 'Give it a name.',
  },
  'unused-handler': {
    meaning: 'A handler of the play that nothing notifies.',
    example: 'a handler left over',
    mend: 'Notify it, or remove it.',
  },
  'unknown-role': {
    meaning: 'There is no such role.',
    example: '`roles: [webb]`',
    mend: 'Mend the name; the hint says where it was looked for.',
  },
  'invalid-role-argument': {
    meaning: 'A role is given an argument that its specification does not allow.',
    example: '`port: many`',
    mend: 'Give what `meta/argument_specs.yml` asks for.',
  },
  'dynamic-include': {
    meaning: 'What is included depends on a template that must be known before.',
    example: '`import_tasks: "{{ os }}.yml"`',
    mend: 'Name each file, with a `when`, or use `include_tasks`.',
  },
  'old-include': {
    meaning: 'A task uses `include`, which stood for two different things.',
    example: '`include: more.yml`',
    mend: 'Write `import_tasks` (read at once) or `include_tasks` (read when its turn comes).',
  },
  'two-hosts': {
    meaning: '`local_action` is used beside `delegate_to`.',
    example: '`local_action: command date` with `delegate_to: web-1`',
    mend: 'Keep one of them.',
  },
  'include-depth': {
    meaning: 'Includes are nested too deeply: most likely one of them includes itself.',
    example: '`include_tasks: more.yml` in more.yml',
    mend: 'Break the circle.',
  },
  'keyword-on-import': {
    meaning: 'A keyword that needs a result stands on an import, which has none.',
    example: '`register:` on `import_tasks`',
    mend: 'Put it on the tasks inside.',
  },
  'keyword-on-include': {
    meaning: 'A keyword stands on an include on which it does nothing.',
    example: '`until:` on `include_tasks`',
    mend: 'Put it on the tasks inside.',
  },
  'loop-on-import': {
    meaning: 'An import cannot be looped over: it is read once.',
    example: '`loop:` on `import_tasks`',
    mend: 'Use `include_tasks` or `include_role`.',
  },
  'include-cycle': {
    meaning: 'A file or role includes itself.',
    example: '`import_tasks: main.yml` in main.yml',
    mend: 'Break the circle.',
  },
};
