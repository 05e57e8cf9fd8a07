// Codes of diagnostics: files as YAML: what every playbook, inventory and variable file goes through first.
import type { Code } from '../codes.ts';

export const yamlCodes: Readonly<Record<string, Code>> = {
  'invalid-yaml': {
    meaning: 'The file is not valid YAML.',
    example: '`msg: "never closed`',
    mend: 'Mend the line; quotes, indentation with tabs, and a second ": " in a value are the usual causes.',
  },
  'yaml-documents': {
    meaning: 'A file holds a second document.',
    example: '`---` in the middle of a file',
    mend: 'Put it into a file of its own, or remove the `---` line.',
  },
  'yaml-key': {
    meaning: 'A key is missing or is no text.',
    example: '`: value`',
    mend: 'Write the key before the colon.',
  },
  'yaml-merge': {
    meaning: '`<<` merges something that is no map.',
    example: '`<<: [a, b]`',
    mend: 'Write `<<: *name`, where `&name` marks a map.',
  },
  'yaml-alias': {
    meaning: 'An alias names nothing that was marked before.',
    example: '`path: *nowhere`',
    mend: 'Mark the value with `&nowhere` above, or quote a text that begins with `*`.',
  },
  'yaml-too-large': {
    meaning: 'Aliases make a few lines stand for millions of values.',
    example: '`&b [*a, *a]`, again and again',
    mend: 'Write the data without aliases of aliases.',
  },
  'yaml-boolean': {
    meaning: 'A word of YAML 1.1 such as `yes` or `off` is read as true or false.',
    example: '`country: no`',
    mend: 'Write `true` or `false`; put the word into quotes where text is meant.',
  },
  'yaml-number': {
    meaning: 'A text looks like a number or a date of YAML 1.1: Ansible reads another value than is written.',
    example: '`at: 22:30`, `big: 1_000`, `day: 2024-01-31`',
    mend: 'Put it into quotes, or write the number plainly.',
  },
  'octal-number': {
    meaning: 'A number with a leading zero is read as octal.',
    example: '`mode: 0644`',
    mend: 'Put it into quotes: `"0644"`.',
  },
  'duplicate-key': {
    meaning: 'A key is given twice in one map.',
    example: '`name:` twice in a task',
    mend: 'Remove one; which would count is a matter of luck.',
  },
  'unquoted-template': {
    meaning: 'A value begins with `{{` and is not quoted, so YAML reads a map.',
    example: '`msg: {{ name }}`',
    mend: 'Put quotes around the whole value: `msg: "{{ name }}"`.',
  },
  'unsupported-tag': {
    meaning: 'A tag of YAML (`!name`) that means nothing here.',
    example: '`!!python/tuple`',
    mend: 'Remove the tag.',
  },
  'unsupported-value': {
    meaning: 'A value that is no data (made by a program, not by YAML).',
    example: 'a function',
    mend: 'Use text, numbers, lists and maps.',
  },
  'vault-no-password': {
    meaning: 'A file or value is encrypted, and no password for it was given.',
    example: 'a file that begins with `$ANSIBLE_VAULT`',
    mend: 'Give one with --vault-password-file, --vault-id or --ask-vault-pass.',
  },
  'vault-wrong-password': {
    meaning: 'None of the passwords opens the file or value.',
    example: 'a file that another password has encrypted',
    mend: 'Give the right one; `veza-run vault rekey` changes it.',
  },
  'vault-damaged': {
    meaning: 'Something is marked as encrypted, but is not, or is broken.',
    example: '`password: !vault secret`',
    mend: 'Encrypt it anew with `veza-run vault encrypt-string`.',
  },
  'file-not-found': {
    meaning: 'A file that is named is not there.',
    example: '`import_tasks: nothere.yml`',
    mend: 'The hint says where it was looked for; mend the name or add the file.',
  },
};
