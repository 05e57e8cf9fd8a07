// The gate: no module and no resource is half-made or forgotten.
import { readdirSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { canonicalArgs, type AnyModule } from '../../src/core/module.ts';
import { findModule, modules } from '../../src/modules/index.ts';
import { resources } from '../../src/resources/index.ts';

const filesOf = (folder: string): string[] =>
  readdirSync(new URL(`../../src/${folder}`, import.meta.url), { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'index.ts')
    .map((entry) => entry.name.replace(/\.ts$/, ''))
    .sort();

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, strict: true });

describe('the registry', () => {
  it('holds every module file, sorted by name', () => {
    expect(modules.map((module) => module.name)).toEqual(filesOf('modules'));
  });

  it('holds every resource file, sorted by name', () => {
    expect(resources.map((kind) => kind.kind)).toEqual(filesOf('resources'));
  });

  it('finds modules by name, alias, and full name', () => {
    expect(findModule('ansible.builtin.systemd')?.name).toBe('systemd_service');
    expect(findModule('service')).toBe(findModule('ansible.legacy.systemd_service'));
    expect(findModule('community.general.ufw')).toBeUndefined();
    expect(findModule('toString')).toBeUndefined();
  });
});

describe.each(modules.map((module) => [module.name, module] as const))('%s', (_name, module: AnyModule) => {
  const validate = ajv.compile(module.schema);

  it('is documented: summary, and a description of every argument', () => {
    expect(module.summary).toMatch(/^[A-Z].*[.)]$/);
    for (const property of Object.values(module.schema.properties)) expect(property.description).toMatch(/\S{3}/);
    expect(module.schema.additionalProperties).toBe(['add_host', 'set_fact'].includes(module.name));
  });

  it('has examples that are valid and read well', () => {
    expect(module.examples.length).toBeGreaterThan(0);
    for (const { title, args } of module.examples) {
      expect(title).toMatch(/^[A-Z]/);
      expect(validate(args), JSON.stringify(validate.errors)).toBe(true);
    }
  });

  it('refuses arguments that it does not know', () => {
    const [first] = module.examples;
    if (!module.schema.additionalProperties) expect(validate({ ...first?.args, nonsense: 1 })).toBe(false);
  });

  it('has aliases only for arguments that there are', () => {
    const aliases = module.argumentAliases ?? {};
    for (const [alias, name] of Object.entries(aliases)) {
      expect(Object.keys(module.schema.properties)).toContain(name);
      expect(Object.keys(module.schema.properties)).not.toContain(alias);
    }
    if (module.freeForm !== undefined) expect(Object.keys(module.schema.properties)).toContain(module.freeForm);
  });
});

it('aliases of arguments are put right, and refused beside the name', () => {
  const file = findModule('file');
  expect.assert(file);
  expect(canonicalArgs(file, { dest: '/x', mode: '0644' })).toEqual({ path: '/x', mode: '0644' });
  expect(() => canonicalArgs(file, { dest: '/x', path: '/y' })).toThrow('given twice');
});

it('a mode that YAML reads as a number is refused, with the reason at hand', () => {
  const file = findModule('file');
  expect.assert(file);
  expect(ajv.validate(file.schema, { path: '/x', mode: 0o644 })).toBe(false);
  expect(file.schema.properties.mode?.$comment).toContain('quotes');
});
