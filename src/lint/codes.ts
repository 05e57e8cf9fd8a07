// Every code of a diagnostic that can be told before a run: what it means and how to mend it. The one table behind
// docs/diagnostics.md and the rules of SARIF.
import { inventoryCodes } from './codes/inventory.ts';
import { languageCodes } from './codes/language.ts';
import { lintCodes } from './codes/lint.ts';
import { playbookCodes } from './codes/playbook.ts';
import { yamlCodes } from './codes/yaml.ts';

export interface Code {
  readonly meaning: string;
  /** In Markdown: what leads to it. */
  readonly example: string;
  readonly mend: string;
}

export interface CodeChapter {
  readonly title: string;
  readonly codes: Readonly<Record<string, Code>>;
}

export const chapters: readonly CodeChapter[] = [
  { title: 'Files as YAML', codes: yamlCodes },
  { title: 'Playbooks, roles and tasks', codes: playbookCodes },
  { title: 'Expressions and templates', codes: languageCodes },
  { title: 'Inventories and hosts', codes: inventoryCodes },
  { title: 'Advice', codes: lintCodes },
];

export const codes: Readonly<Partial<Record<string, Code>>> = Object.assign(
  {},
  ...chapters.map((one) => one.codes),
) as Readonly<Record<string, Code>>;
