// Loads every case under cases/: what a module is told, what the host prints, and what follows.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { applied, difference } from '../../src/core/change.ts';
import type { ModuleContext } from '../../src/core/module.ts';
import type { Json, JsonObject } from '../../src/lib/json.ts';
import { findModule } from '../../src/modules/index.ts';

interface Case {
  readonly title: string;
  readonly args: JsonObject;
  /** What the probe of each kind prints. */
  readonly probe: Readonly<Record<string, string>>;
  /** By key; things without a change are left out. */
  readonly changes?: Readonly<Record<string, Json>>;
  /** Lines of the scripts that apply them, in their order. */
  readonly apply?: readonly string[];
  readonly error?: string;
}

const root = join(import.meta.dirname, 'cases');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.yaml'));

describe.each(files.sort())('%s', (name) => {
  const cases = parse(readFileSync(join(root, name), 'utf8')) as readonly Case[];
  it.each(cases.map((one) => [one.title, one] as const))('%s', (_title, one) => {
    const follow = (): Followed => run(name.split('/')[0] ?? '', one);
    if (one.error !== undefined) {
      expect(follow).toThrow(one.error);
      return;
    }
    const { changes, scripts } = follow();
    expect(changes).toEqual(one.changes ?? {});
    const lines = scripts.flatMap((text) => text.split('\n').map((line) => line.trim()));
    let from = 0;
    for (const wanted of one.apply ?? []) {
      const at = lines.indexOf(wanted, from);
      expect(at, `${wanted}\nin\n${scripts.join('\n')}`).toBeGreaterThanOrEqual(0);
      from = at + 1;
    }
    return undefined;
  });
});

interface Followed {
  readonly changes: Record<string, unknown>;
  readonly scripts: readonly string[];
}

function run(moduleName: string, one: Case): Followed {
  const module = findModule(moduleName);
  if (module?.kind !== 'state') throw new Error(`${moduleName} is no state module`);
  const wants = module.wants(one.args, context);
  const states = new Map<string, object | null>();
  for (const kind of new Set(wants.map((want) => want.resource))) {
    const ids = wants.filter((want) => want.resource === kind).map((want) => want.id);
    const output = one.probe[kind.kind];
    if (output === undefined) throw new Error(`the case does not say what the probe of ${kind.kind} prints`);
    for (const [key, state] of kind.parse(output, ids) as Map<string, object | null>) states.set(key, state);
  }
  const changes: Record<string, unknown> = {};
  const scripts: string[] = [];
  for (const want of wants) {
    const { resource, id } = want;
    const key = resource.key(id);
    const current = states.get(key) ?? null;
    const change = difference(current, want.desired(current));
    if (change.action === 'no-op') continue;
    changes[key] = JSON.parse(JSON.stringify(change));
    scripts.push(resource.apply(id, change, current).text);
    states.set(
      key,
      (resource.predict ? resource.predict(id, change, current) : applied(current, change)) as object | null,
    );
  }
  return { changes, scripts };
}

const context: ModuleContext = {
  taskName: 'case',
  checkMode: false,
  environment: {},
  render: () => '',
  files: { find: () => expect.fail('no file is needed'), list: () => null },
};
