// One module's documentation, as text for a terminal, as data, and as a task to begin with. All from the module's own literal.
import { stringify } from 'yaml';
import type { AnyModule, Example } from '../../core/module.ts';
import { argumentRows, choiceInWords, type ArgumentRow } from './arguments.ts';

export interface ModuleDocumentation {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly summary: string;
  /** The argument that text right after the name stands for. */
  readonly freeForm?: string;
  readonly arguments: readonly ArgumentRow[];
  /** Any other names are variables to set. */
  readonly anyArguments: boolean;
  readonly examples: readonly Example[];
  readonly returns: Readonly<Record<string, string>>;
  readonly dryRun: string;
  readonly diff: string;
}

const dryRuns = {
  state: 'Foreseen from what the host looks like; nothing is changed.',
  control: 'Works the same: it touches no host.',
  contact: 'Asked only if it changes nothing on the other side, and if nothing before it would change.',
  cloud: 'Foreseen from what the service tells; only questions are sent.',
} as const;

const diffs = {
  state: 'Every attribute that differs, and texts line by line.',
  control: 'None: there is nothing to differ.',
  contact: 'None: there is nothing to differ.',
  cloud: 'Every attribute that differs.',
} as const;

export function documentationOf(module: AnyModule): ModuleDocumentation {
  return {
    name: module.name,
    aliases: module.aliases ?? [],
    summary: module.summary,
    ...(module.freeForm === undefined ? {} : { freeForm: module.freeForm }),
    arguments: argumentRows(module),
    anyArguments: module.schema.additionalProperties,
    examples: module.examples,
    returns: module.returns ?? {},
    dryRun: module.dryRun ?? dryRuns[module.kind],
    diff: module.dryRun === undefined ? diffs[module.kind] : 'The command that would run.',
  };
}

/** The page for a terminal of `width` columns. */
export function modulePage(module: AnyModule, width: number): string {
  const page = documentationOf(module);
  const wrapped = (text: string, indent: string) => wrap(text, Math.max(20, width - indent.length), indent);
  const also = page.aliases.length === 0 ? [] : [`  also: ${page.aliases.join(', ')}`];
  const returns = Object.entries(page.returns);
  return `${[
    page.name.toUpperCase(),
    ...also,
    '',
    ...wrapped(page.summary, '  '),
    '',
    'ARGUMENTS (= is required)',
    ...page.arguments.flatMap((row) => ['', ...argumentLines(row, page.freeForm, wrapped)]),
    ...(page.anyArguments ? ['', '  (any other name is a variable to set)'] : []),
    '',
    'DRY RUN (--check)',
    ...wrapped(page.dryRun, '  '),
    '',
    'DIFFERENCES (--diff)',
    ...wrapped(page.diff, '  '),
    '',
    'RETURNS (what `register` gets, beside changed, failed, skipped and msg)',
    ...(returns.length === 0 ? ['  nothing more'] : []),
    ...returns.flatMap(([name, what]) => [`  ${name}`, ...wrapped(what, '      ')]),
    '',
    'EXAMPLES',
    '',
    ...examplesText(module)
      .trimEnd()
      .split('\n')
      .map((line) => `  ${line}`.trimEnd()),
  ].join('\n')}\n`;
}

/** The examples as tasks of a playbook. */
export function examplesText(module: AnyModule): string {
  return module.examples
    .map(({ title, args }) => stringify([{ name: title, [module.name]: args }], { lineWidth: 0 }))
    .join('\n');
}

/** A task with every argument, to fill in. */
export function snippet(module: AnyModule): string {
  const rows = argumentRows(module);
  const width = Math.max(0, ...rows.map(({ name }) => name.length)) + 2;
  const lines = rows.map((row) => {
    const required = row.required ? 'required. ' : '';
    const choices = row.choices ? ` One of ${row.choices.map(choiceInWords).join(', ')}.` : '';
    return `    ${`${row.name}:`.padEnd(width)}# ${required}${row.description}${choices}`;
  });
  return `- name: ${module.summary.replace(/[.:].*$/s, '')}\n  ${module.name}:\n${lines.join('\n')}\n`;
}

function argumentLines(
  row: ArgumentRow,
  freeForm: string | undefined,
  wrapped: (text: string, indent: string) => readonly string[],
): readonly string[] {
  const facts = [
    ...(row.choices ? [`choices: ${row.choices.map(choiceInWords).join(', ')}`] : []),
    ...(row.default === undefined ? [] : [`default: ${JSON.stringify(row.default)}`]),
    ...(row.aliases.length === 0 ? [] : [`aliases: ${row.aliases.join(', ')}`]),
    ...(row.name === freeForm ? ['may be given as the text right after the name of the module'] : []),
    ...(row.secret ? ['secret: shown nowhere'] : []),
  ];
  return [
    `${row.required ? '=' : '-'} ${row.name} (${row.type})`,
    ...wrapped(row.description, '    '),
    ...facts.flatMap((fact) => wrapped(fact, '    ')),
  ];
}

/** Lines of at most `width` characters, each after `indent`. */
export function wrap(text: string, width: number, indent: string): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(indent + line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, indent + line];
}
