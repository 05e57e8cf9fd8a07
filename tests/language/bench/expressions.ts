// How many evaluations a second: `node tests/language/bench/expressions.ts`. No test; the figure depends on the machine.
import { compileExpression } from '../../../src/language/expression.ts';
import { compileJinja } from '../../../src/language/jinja.ts';
import { createScope } from '../../../src/language/scope.ts';

const where = { file: 'bench', line: 1, column: 1 };
const scope = createScope([
  { kind: 'values', values: { a: { b: 'x' }, n: 4, list: [3, 1, 2], users: [{ name: 'ann' }, { name: 'bob' }] } },
]);

function measure(name: string, run: () => unknown): void {
  let count = 0;
  const begin = performance.now();
  while (performance.now() - begin < 300) for (let index = 0; index < 500; index++) run();
  const started = performance.now();
  while (performance.now() - started < 1000) for (let index = 0; index < 500; index++, count++) run();
  const perSecond = Math.round((count / (performance.now() - started)) * 1000);
  console.log(`${perSecond.toLocaleString('en').padStart(12)}/s  ${name}`);
}

for (const source of [
  "a.b == 'x' and n > 3",
  'n + 1',
  'list | sort | join(",")',
  "users | map(attribute='name') | list",
]) {
  const { expression } = compileExpression(source, where);
  measure(source, () => expression?.evaluate(scope));
}
measure('compile a small expression', () => compileExpression("a.b == 'x' and n > 3", where));
const { template } = compileJinja('{% for u in users %}{{ loop.index }} {{ u.name }}\n{% endfor %}', 't.j2');
measure('render a template with a loop of 2', () => template?.render(scope));
