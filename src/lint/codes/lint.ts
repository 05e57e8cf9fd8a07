// Codes of diagnostics: what only `veza-run lint` and the check before a run look for.
import type { Code } from '../codes.ts';

export const lintCodes: Readonly<Record<string, Code>> = {
  'shadowed-variable': {
    meaning: 'A registered result hides a variable of the inventory, the play or the role.',
    example: '`register: port`',
    mend: 'Register under another name.',
  },
  'become-user-alone': {
    meaning: '`become_user` without `become` does nothing.',
    example: '`become_user: www`',
    mend: 'Add `become: true`.',
  },
  'unknown-tag': {
    meaning: 'No task has a tag that was asked for.',
    example: '`--tags instal`',
    mend: 'Mend the name.',
  },
  'nothing-selected': {
    meaning: '`--tags` and `--skip-tags` leave no task.',
    example: '`--tags a --skip-tags a`',
    mend: 'Ask for other tags.',
  },
  'unreachable-task': {
    meaning: 'Only `--tags never` selects the task.',
    example: '`tags: never`',
    mend: 'Give it a tag of its own as well.',
  },
  'unnamed-play': { meaning: 'A play has no name.', example: '`- hosts: all`', mend: 'Give it a `name`.' },
  'unnamed-task': { meaning: 'A task has no name.', example: '`- command: date`', mend: 'Give it a `name`.' },
  'ignored-errors': {
    meaning: '`ignore_errors` without `register`: nobody will know.',
    example: '`ignore_errors: true`',
    mend: 'Register the result, or use `failed_when`.',
  },
  'command-for-module': {
    meaning: 'A command does what a module does better.',
    example: '`command: mkdir /srv/x`',
    mend: 'Use the module.',
  },
  'unused-variable': {
    meaning: 'A variable of a role that nothing uses.',
    example: '`old_port: 80` in defaults',
    mend: 'Remove it.',
  },
};
