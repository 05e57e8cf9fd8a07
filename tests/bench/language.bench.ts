// Evaluations a second of compiled expressions and templates, beside Python's Jinja2 where it is installed (python3-jinja2).
// A plain program: `node tests/bench/language.bench.ts`. The figures depend on the machine, the ratios less so.
import { spawnSync } from 'node:child_process';
import { compileExpression } from '../../src/language/expression.ts';
import { compileJinja } from '../../src/language/jinja.ts';
import { createScope } from '../../src/language/scope.ts';

const where = { file: 'bench', line: 1, column: 1 };
const values = { a: { b: 'x' }, n: 4, list: [3, 1, 2], users: [{ name: 'ann' }, { name: 'bob' }] };
const scope = createScope([{ kind: 'values', values }]);
const expressions = [
  "a.b == 'x' and n > 3",
  'n + 1',
  'list | sort | join(",")',
  "users | map(attribute='name') | list",
];
const templateText = '{% for u in users %}{{ loop.index }} {{ u.name }}\n{% endfor %}';

/** How often `run` runs in a second, after a warm-up. */
function measure(run: () => unknown): number {
  let count = 0;
  const begin = performance.now();
  while (performance.now() - begin < 300) for (let index = 0; index < 500; index++) run();
  const started = performance.now();
  while (performance.now() - started < 700) for (let index = 0; index < 500; index++, count++) run();
  return (count / (performance.now() - started)) * 1000;
}

const peer = `
import json, sys, time
import jinja2
request = json.load(sys.stdin)
environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True)
def measure(run):
    for _ in range(500): run()
    count, started = 0, time.perf_counter()
    while time.perf_counter() - started < 0.7:
        for _ in range(200): run()
        count += 200
    return count / (time.perf_counter() - started)
runs = [environment.compile_expression(source) for source in request['expressions']]
figures = [measure(lambda: run(**request['values'])) for run in runs]
template = environment.from_string(request['template'])
print(json.dumps(figures + [measure(lambda: template.render(**request['values']))]))
`;

/** The same work in Jinja2; null where it is not installed. */
function measurePeer(): readonly number[] | null {
  const input = JSON.stringify({ expressions, values, template: templateText });
  for (const python of ['/usr/bin/python3', 'python3']) {
    const { status, stdout } = spawnSync(python, ['-c', peer], { input, encoding: 'utf8', timeout: 60_000 });
    if (status === 0) return JSON.parse(stdout) as readonly number[];
  }
  return null;
}

const compiled = expressions.map((source) => compileExpression(source, where).expression);
const { template } = compileJinja(templateText, 't.j2');
const ours = [
  ...compiled.map((expression) => measure(() => expression?.evaluate(scope))),
  measure(() => template?.render(scope)),
];
const theirs = measurePeer();
const format = (figure: number): string => Math.round(figure).toLocaleString('en').padStart(12);
console.log(`${'veza-run'.padStart(12)}  ${'Jinja2'.padStart(12)}  ratio  evaluations a second`);
[...expressions, 'a template with a loop of 2'].forEach((name, index) => {
  const [own = 0, other] = [ours[index], theirs?.[index]];
  const ratio = other === undefined ? '' : (own / other).toFixed(1);
  console.log(
    `${format(own)}  ${other === undefined ? 'absent'.padStart(12) : format(other)}  ${ratio.padStart(5)}  ${name}`,
  );
});
console.log(
  `${format(measure(() => compileExpression("a.b == 'x' and n > 3", where)))}  compiled a second: a.b == 'x' and n > 3`,
);
