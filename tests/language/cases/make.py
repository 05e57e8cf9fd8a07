# Makes expressions.json and templates.json: what Jinja2 with Ansible's filters answers. Not needed by the tests.
# Run on Debian 12 with the packages python3-jinja2, python3-jmespath and ansible-core: /usr/bin/python3 tests/language/cases/make.py
import copy
import json
import os
import types
from importlib import import_module

import jinja2
import jmespath
from jinja2.nativetypes import NativeEnvironment

here = os.path.dirname(os.path.abspath(__file__))


def equip(environment):
    for name in ['core', 'mathstuff', 'urls', 'urlsplit']:
        environment.filters.update(import_module(f'ansible.plugins.filter.{name}').FilterModule().filters())
    for name in ['core', 'files', 'mathstuff', 'uri']:
        environment.tests.update(import_module(f'ansible.plugins.test.{name}').TestModule().tests())
    environment.filters['d'] = environment.filters['default']
    environment.filters['json_query'] = lambda data, query: jmespath.search(query, data)
    return environment


native = equip(NativeEnvironment(undefined=jinja2.StrictUndefined))
files = {}

# What Ansible adds to every template; `undef` stands for a value that must be set.
text_globals = {'undef': lambda hint=None: jinja2.StrictUndefined(hint)}
text = equip(
    jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        loader=jinja2.FunctionLoader(lambda name: files.get(name)),
        cache_size=0,
        extensions=['jinja2.ext.do', 'jinja2.ext.loopcontrols'],
        finalize=lambda thing: '' if thing is None else thing,
    )
)


text.globals.update(text_globals)


def plain(value):
    """As the language has it: one kind of number, lists for everything in a row, texts as keys."""
    if isinstance(value, jinja2.Undefined):
        str(value)
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        return {key if isinstance(key, str) else json.dumps(key): plain(part) for key, part in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(plain(part) for part in value)
    if isinstance(value, (list, tuple, range, types.GeneratorType)) or hasattr(value, '__iter__'):
        return [plain(part) for part in value]
    raise TypeError(f'no plain value: {value!r}')


def keep_last_lines(result, template):
    """Ansible restores the line feeds at the end that trim_blocks took."""
    count = lambda string: len(string) - len(string.rstrip('\n'))
    return result + '\n' * max(0, count(template) - count(result))


def answer(run):
    try:
        return {'result': plain(run())}
    except Exception as error:
        return {'error': f'{type(error).__name__}: {error}'.split('\n')[0][:120]}


def write(name, cases):
    with open(os.path.join(here, name), 'w') as file:
        lines = ',\n'.join(json.dumps(case, ensure_ascii=False) for case in cases)
        file.write(f'[\n{lines}\n]\n')
    errors = [case for case in cases if 'error' in case]
    print(name, len(cases), 'cases,', len(errors), 'errors')
    for case in errors:
        print('   ', case.get('expression', case.get('template')), '=>', case['error'])


with open(os.path.join(here, 'scope.json')) as file:
    scope = json.load(file)

with open(os.path.join(here, 'expressions.txt')) as file:
    expressions = [line.rstrip('\n') for line in file if line.strip() and not line.startswith('#')]
write(
    'expressions.json',
    [
        {'expression': line, **answer(lambda: native.compile_expression(line, undefined_to_none=False)(**copy.deepcopy(scope)))}
        for line in expressions
    ],
)

with open(os.path.join(here, 'templates.txt')) as file:
    templates = [part.strip('\n') + '\n' for part in file.read().split('\n---\n') if part.strip()]
write(
    'templates.json',
    [{'template': part, **answer(lambda: keep_last_lines(text.from_string(part).render(**copy.deepcopy(scope)), part))} for part in templates],
)

# A template, and behind lines `@@ name` the templates that it loads.
statements = []
with open(os.path.join(here, 'statements.txt')) as file:
    for part in file.read().rstrip('\n').split('\n---\n'):
        main, *others = part.split('\n@@ ')
        files.clear()
        files.update(dict(other.split('\n', 1) if '\n' in other else (other, '') for other in others))
        statements.append(
            {
                'template': main,
                **({'files': dict(files)} if files else {}),
                **answer(lambda: keep_last_lines(text.from_string(main).render(**copy.deepcopy(scope)), main)),
            }
        )
write('statements.json', statements)
