// Codes of diagnostics: inventories, and the hosts that plays and `--limit` name.
import type { Code } from '../codes.ts';

export const inventoryCodes: Readonly<Record<string, Code>> = {
  'unknown-host': {
    meaning: 'A pattern names a host or group that is not in the inventory.',
    example: '`hosts: wep`',
    mend: 'Mend the name.',
  },
  'inventory-program': {
    meaning: 'An inventory that is a program failed, or printed something else than an inventory.',
    example: 'a script that exits with 3',
    mend: 'Run it by hand with `--list`.',
  },
  'unread-inventory': {
    meaning: 'A file in a directory of inventories is not read, because of its ending.',
    example: '`inventory/more.ini`',
    mend: 'Rename it, or name it with -i.',
  },
  'empty-pattern': { meaning: 'A pattern of hosts is empty.', example: '`hosts: ""`', mend: 'Name hosts or groups.' },
  'empty-group': {
    meaning: 'A pattern names a group without hosts.',
    example: '`hosts: retired`',
    mend: 'Add hosts, or remove the play.',
  },
  'pattern-regex': {
    meaning: 'The regular expression of a pattern cannot be used.',
    example: '`hosts: ~(`',
    mend: 'Mend it.',
  },
  'pattern-subscript': {
    meaning: 'The subscript of a pattern cannot be used.',
    example: '`hosts: web[x]`',
    mend: 'Write `web[0]` or `web[1:3]`.',
  },
  'host-range': {
    meaning: 'A range of hosts cannot be expanded.',
    example: '`web[9:1]`',
    mend: 'Write the smaller end first.',
  },
  'group-cycle': {
    meaning: 'A group is below itself.',
    example: '`children: {a: {children: {a: }}}`',
    mend: 'Break the circle.',
  },
  'duplicate-group': {
    meaning: 'A section of an INI inventory is given twice with different meaning.',
    example: '`[web]` twice',
    mend: 'Join them.',
  },
  'name-clash': {
    meaning: 'A group and a host have one name.',
    example: 'a host `web` in the group `web`',
    mend: 'Rename one.',
  },
  'inventory-line': {
    meaning: 'A line of an INI inventory cannot be read.',
    example: '`web-1 ansible_host`',
    mend: 'Write `name key=value`.',
  },
  'inventory-section': {
    meaning: 'A section of an INI inventory is of no known kind.',
    example: '`[web:childs]`',
    mend: 'Write `[web]`, `[web:children]` or `[web:vars]`.',
  },
  'no-hosts-matched': { meaning: 'A pattern matches no host.', example: '`hosts: web-9*`', mend: 'Mend the pattern.' },
  'unsupported-inventory': {
    meaning: 'An inventory that cannot be read.',
    example: 'a program',
    mend: 'Use YAML or INI.',
  },
  'unused-variables': {
    meaning: 'A file of variables belongs to no host or group.',
    example: '`group_vars/wep.yml`',
    mend: 'Rename it.',
  },
};
