// Codes of diagnostics: expressions and templates: `when`, `{{ }}`, `.j2`, `.hbs`.
import type { Code } from '../codes.ts';

export const languageCodes: Readonly<Record<string, Code>> = {
  'unsupported-filter': {
    meaning: 'A filter of Ansible that is not here.',
    example: '`{{ x | unvault }}`',
    mend: 'Do what the hint says.',
  },
  'expression-syntax': {
    meaning: 'An expression cannot be parsed.',
    example: '`when: a ==`',
    mend: 'Mend the expression at the mark.',
  },
  'template-syntax': {
    meaning: 'A template cannot be parsed.',
    example: '`{% if x %}` without `{% endif %}`',
    mend: 'Mend the template at the mark.',
  },
  'template-in-expression': {
    meaning: '`when` and its like are expressions already; braces have no place in them.',
    example: '`when: "{{ ready }}"`',
    mend: 'Leave out the braces: `when: ready`.',
  },
  'undefined-variable': {
    meaning: 'A variable that nothing defines on this host by then.',
    example: '`msg: "{{ greting }}"`',
    mend: 'Mend the name, define the variable, or write `name | default(...)`.',
  },
  'variable-cycle': {
    meaning: 'A variable refers to itself.',
    example: '`a: "{{ b }}"` with `b: "{{ a }}"`',
    mend: 'Give one of them another name.',
  },
  'variable-name': {
    meaning: 'A name that no variable can have.',
    example: '`my-var: 1`',
    mend: 'Use letters, digits and `_`, not beginning with a digit.',
  },
  'not-boolean': {
    meaning: 'A condition that is neither true nor false.',
    example: '`when: name | length`',
    mend: 'Ask a question: `name | length > 0`, `name != ""`, `flag | bool`.',
  },
  'boolean-compared-with-text': {
    meaning: 'A value that is true or false is compared with a text such as "yes", which it never equals.',
    example: '`when: enabled == "yes"`',
    mend: 'Write `when: enabled`.',
  },
  'evaluation-failed': {
    meaning: 'An expression cannot be evaluated with the values it has.',
    example: '`1 + "a"`',
    mend: 'Mend the values, or convert them with a filter.',
  },
  'evaluation-limit': {
    meaning: 'An expression loops over too much, or refers too deeply.',
    example: '`range(99999999)`',
    mend: 'Let it work on less.',
  },
  'invalid-regex': {
    meaning: 'A regular expression cannot be used.',
    example: '`regex_search("(")`',
    mend: 'Mend the pattern.',
  },
  'lookup-failed': {
    meaning: 'A look-up did not work.',
    example: '`lookup("file", "/nowhere")`',
    mend: 'The message says why.',
  },
  'not-callable': {
    meaning: 'Something that is no function is called.',
    example: '`(a + b)()`',
    mend: 'Remove the brackets.',
  },
  'unknown-filter': { meaning: 'There is no such filter.', example: '`name | uper`', mend: 'Mend the name.' },
  'unknown-test': { meaning: 'There is no such test.', example: '`x is defind`', mend: 'Mend the name.' },
  'unknown-function': { meaning: 'There is no such function.', example: '`rang(3)`', mend: 'Mend the name.' },
  'unknown-method': {
    meaning: 'There is no such method.',
    example: '`name.uper()`',
    mend: 'Mend the name, or use a filter.',
  },
  'unknown-lookup': {
    meaning: 'There is no such look-up.',
    example: '`lookup("evn", "HOME")`',
    mend: 'Mend the name.',
  },
  'unknown-helper': {
    meaning: 'There is no such Handlebars helper.',
    example: '`{{uper name}}`',
    mend: 'Mend the name.',
  },
  'unknown-partial': {
    meaning: 'There is no such Handlebars partial.',
    example: '`{{> hedder}}`',
    mend: 'Add the file to `templates/`, or mend the name.',
  },
  'unknown-group': {
    meaning: 'The inventory has no such group.',
    example: '`{{#each (hostsIn "wep")}}`',
    mend: 'Mend the name.',
  },
  'template-not-found': {
    meaning: 'A template that another one loads is not there.',
    example: '`{% include "hedder.j2" %}`',
    mend: 'Mend the name; the hint says where it was looked for.',
  },
  'template-cycle': {
    meaning: 'Templates load each other in a circle.',
    example: '`{% include "a.j2" %}` in a.j2',
    mend: 'Break the circle.',
  },
  'template-block-missing': {
    meaning: 'A block that every child must define is not defined.',
    example: '`{% block body required %}`',
    mend: 'Define it in the template that extends.',
  },
  'wrong-arguments': {
    meaning: 'A filter, test or function is called with arguments that it does not take.',
    example: '`x | default()`',
    mend: 'The message says what it takes.',
  },
};
