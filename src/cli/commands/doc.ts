// `veza-run doc`: what modules, filters, tests, lookups and keywords there are, and what each of them does.
import { VezaError } from '../../lib/errors.ts';
import { nearestName } from '../../lib/suggest.ts';
import { findModule, modules } from '../../modules/index.ts';
import { modulesMarkdown } from '../documentation/markdown.ts';
import { documentationOf, modulePage, snippet, wrap } from '../documentation/module-page.ts';
import { entriesOf, isTopic, topicNames, type TopicEntry, type TopicName } from '../documentation/topics.ts';
import { exitCodes } from '../exit-codes.ts';
import { print } from '../output.ts';

export interface DocFlags {
  readonly json?: boolean;
  readonly snippet?: boolean;
  readonly markdown?: boolean;
}

/** Resolves to the exit code. Throws VezaError for names that nobody knows. */
export function docCommand(names: readonly string[], flags: DocFlags): number {
  const [first, second] = names;
  if (flags.markdown) print(modulesMarkdown(modules));
  else if (first !== undefined && isTopic(first)) print(topicText(first, second, flags));
  else if (names.length === 0) print(flags.json ? json(modules.map(documentationOf)) : moduleList());
  else print(modulePages(names, flags));
  return exitCodes.ok;
}

function moduleList(): string {
  const table = modules.map(({ name, summary }) => ({ name, description: summary }));
  return `${columns(table)}\nveza-run doc NAME shows one of them; veza-run doc ${topicNames.join('|')} lists what else there is.\n`;
}

function modulePages(names: readonly string[], flags: DocFlags): string {
  const found = names.map((name) => {
    const module = findModule(name);
    if (module) return module;
    const known = modules.flatMap((one) => [one.name, ...(one.aliases ?? [])]);
    throw unknownName('module', name, [...known, ...topicNames], 'veza-run doc lists all modules');
  });
  if (flags.json) return json(found.length === 1 ? found.map(documentationOf)[0] : found.map(documentationOf));
  if (flags.snippet) return found.map(snippet).join('\n');
  return found.map((module) => modulePage(module, terminalWidth())).join(`\n${'-'.repeat(40)}\n\n`);
}

function topicText(topic: TopicName, name: string | undefined, flags: DocFlags): string {
  const all = entriesOf(topic);
  if (name === undefined) return flags.json ? json(all) : columns(all);
  const entry = all.find((one) => one.name === name);
  if (!entry) {
    const known = all.map((one) => one.name);
    throw unknownName(topic.slice(0, -1), name, known, `veza-run doc ${topic} lists all of them`);
  }
  return flags.json ? json(entry) : entryPage(entry);
}

function entryPage({ name, description, details }: TopicEntry): string {
  return `${[name, ...wrap(description, terminalWidth() - 2, '  '), ...details.map((line) => `  ${line}`)].join('\n')}\n`;
}

/** Names, and beside them what they are, wrapped where the terminal ends. */
function columns(rows: readonly { readonly name: string; readonly description: string }[]): string {
  const width = Math.max(0, ...rows.map(({ name }) => name.length)) + 2;
  const indent = ' '.repeat(width);
  return rows
    .map(({ name, description }) => {
      const [first = '', ...more] = wrap(description, Math.max(20, terminalWidth() - width), indent);
      return `${[name.padEnd(width) + first.slice(width), ...more].join('\n').trimEnd()}\n`;
    })
    .join('');
}

function unknownName(what: string, name: string, known: readonly string[], otherwise: string): VezaError {
  const near = nearestName(name, known);
  const hint = near === null ? otherwise : `did you mean "${near}"? ${otherwise}`;
  return new VezaError(`unknown-${what}`, `there is no ${what} "${name}"`, { hint });
}

function terminalWidth(): number {
  return Math.min(process.stdout.isTTY ? process.stdout.columns : 100, 120);
}

function json(data: unknown): string {
  return `${JSON.stringify(data, null, 2)}\n`;
}
