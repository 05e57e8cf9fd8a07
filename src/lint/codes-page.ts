// docs/diagnostics.md: made from the table of codes, so that it cannot say anything else.
import { chapters } from './codes.ts';

/** The whole page, in Markdown. */
export function codesPage(): string {
  const parts = chapters.map(({ title, codes }) => `## ${title}\n\n${table(codes)}`);
  return `${head}\n${parts.join('\n')}`;
}

const head = `<!-- Made from src/lint/codes by tests/lint/codes.test.ts; change it there. -->

# Diagnostics

Everything below is found before the first connection: at every start of \`veza-run PLAYBOOK\`, and by \`veza-run lint\`,
which needs no hosts. An error stops a run, a warning does not (\`lint --strict\` makes it an error), and what is said
for information only \`lint\` says. The word in brackets at the end of a message is the code; it is stable, and the id of
the rule in SARIF.
`;

function table(codes: (typeof chapters)[number]['codes']): string {
  const rows = Object.entries(codes)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([code, { meaning, example, mend }]) => `| \`${code}\` | ${[meaning, example, mend].map(cell).join(' | ')} |`);
  return ['| code | what it means | for instance | what to do |', '|---|---|---|---|', ...rows, ''].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
