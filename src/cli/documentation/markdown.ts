// docs/modules.md: every module on one page.
import type { AnyModule } from '../../core/module.ts';
import { documentationOf, examplesText } from './module-page.ts';
import { choiceInWords, type ArgumentRow } from './arguments.ts';

/** The whole document. */
export function modulesMarkdown(modules: readonly AnyModule[]): string {
  const list = modules.map(({ name, summary }) => `| [${name}](#${name}) | ${cell(summary)} |`);
  return `${[
    '# Modules',
    '',
    'Made by `veza-run doc --markdown` from the modules themselves; `veza-run doc MODULE` shows one of them on a terminal.',
    'Every name may also be written with `ansible.builtin.` before it. What `register` gets is told beside `changed`, `failed`, `skipped` and `msg`.',
    '',
    '| module | what it does |',
    '|---|---|',
    ...list,
    ...modules.flatMap((module) => ['', ...section(module)]),
  ].join('\n')}\n`;
}

function section(module: AnyModule): readonly string[] {
  const page = documentationOf(module);
  const returns = Object.entries(page.returns);
  const also = page.aliases.length === 0 ? '' : ` Also: ${page.aliases.map((name) => `\`${name}\``).join(', ')}.`;
  return [
    `## ${page.name}`,
    '',
    `${page.summary}${also}`,
    '',
    '| argument | type | what it says |',
    '|---|---|---|',
    ...page.arguments.map((row) => argumentLine(row, page.freeForm)),
    ...(page.anyArguments ? ['| *any name* | anything | A variable to set. |'] : []),
    '',
    `Dry run: ${page.dryRun} Differences: ${page.diff}`,
    ...(returns.length === 0 ? [] : ['', '| returns | what it holds |', '|---|---|']),
    ...returns.map(([name, what]) => `| \`${name}\` | ${cell(what)} |`),
    '',
    '```yaml',
    examplesText(module).trimEnd(),
    '```',
  ];
}

function argumentLine(row: ArgumentRow, freeForm: string | undefined): string {
  const facts = [
    row.description,
    ...(row.choices ? [`One of ${row.choices.map((choice) => `\`${choiceInWords(choice)}\``).join(', ')}.`] : []),
    ...(row.default === undefined ? [] : [`Default: \`${JSON.stringify(row.default)}\`.`]),
    ...(row.aliases.length === 0 ? [] : [`Also: ${row.aliases.map((name) => `\`${name}\``).join(', ')}.`]),
    ...(row.name === freeForm ? ['May be the text right after the name of the module.'] : []),
    ...(row.secret ? ['Secret: shown nowhere.'] : []),
  ];
  return `| \`${row.name}\`${row.required ? ' (required)' : ''} | ${row.type} | ${cell(facts.join(' '))} |`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('{{', '&#123;&#123;').replace(/\s+/g, ' ');
}
