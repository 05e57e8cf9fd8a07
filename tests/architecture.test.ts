// Reads every import of src/ and checks who may import whom, the ambient globals, and the length of all files of code.
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const project = resolve(import.meta.dirname, '..');
const root = join(project, 'src');

/** Long on purpose: a role installs it as one file. */
const alone = new Set(['roles/backend_api/files/demo-backend.mjs']);

/** Layer -> layers it may import (itself always). */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  core: ['lib'],
  language: ['core', 'lib'],
  playbook: ['language', 'core', 'lib'],
  inventory: ['language', 'core', 'lib'],
  resources: ['core', 'lib'],
  modules: ['resources', 'core', 'lib'],
  engine: ['playbook', 'inventory', 'language', 'core', 'lib'],
  lint: ['engine', 'playbook', 'inventory', 'language', 'core', 'lib'],
  adapters: ['engine', 'playbook', 'inventory', 'language', 'core', 'lib'],
  acme: ['lib'],
  infra: ['acme', 'core', 'lib'],
  lab: ['lib'],
  failover: ['lib'],
  'proxy/core': ['lib'],
  'proxy/server': ['proxy/core', 'acme', 'lib'],
  'proxy/library': ['proxy/server', 'proxy/core', 'lib'],
  'proxy/main.ts': ['proxy/commands.ts', 'proxy/server'],
  'proxy/commands.ts': ['proxy/server', 'proxy/core', 'proxy/dns-providers.ts', 'acme', 'lib'],
  'proxy/dns-providers.ts': ['proxy/server', 'infra', 'acme', 'lib'],
  cli: [
    'adapters',
    'modules',
    'resources',
    'lint',
    'engine',
    'playbook',
    'inventory',
    'language',
    'core',
    'lib',
    'lab',
    'failover',
    'infra',
    'acme',
  ],
};

/** Layers that may touch the outside world. Hashing (node:crypto) and paths are pure. */
const effectful = new Set([
  'adapters',
  'cli',
  'lab',
  'failover',
  'infra',
  'acme',
  'proxy/server',
  'proxy/library',
  'proxy/main.ts',
  'proxy/commands.ts',
  'proxy/commands.ts',
]);
const pureBuiltins = new Set(['node:crypto', 'node:path', 'node:buffer', 'node:util']);

const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => join(root, file));

/** Whoever reads or changes it has to: tests and scripts are code too. */
function codeFiles(): string[] {
  return ['src', 'tests', 'scripts', 'bench', 'bin', 'roles'].flatMap((folder) =>
    readdirSync(join(project, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(?:ts|mjs|js|py|sh)$/.test(file) && !/(?:^|\/)node_modules\//.test(file))
      .map((file) => join(folder, file)),
  );
}

function layerOf(file: string): string {
  const [first = '', second = ''] = relative(root, file).split('/');
  return first === 'proxy' ? `proxy/${second}` : first;
}

function importsOf(text: string): string[] {
  const statements = /^\s*(?:import\s+(?:[^;'"()]*?\sfrom\s+)?|export\s+[^;'"()=]*?\sfrom\s+)['"]([^'"]+)['"]/gm;
  const calls = /\bimport\(\s*['"]([^'"]+)['"]/g;
  return [...text.matchAll(statements), ...text.matchAll(calls)].map((match) => match[1] ?? '');
}

function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/\s\/\/ .*$/gm, '');
}

describe('architecture', () => {
  it('has files to check', () => expect(files.length).toBeGreaterThan(10));

  it.each(files.map((file) => [relative(root, file), file] as const))('%s keeps to its layer', (name, file) => {
    const text = readFileSync(file, 'utf8');
    const layer = layerOf(file);
    const allowed = mayImport[layer];
    expect(allowed, `${name} is in no known layer`).toBeDefined();
    for (const specifier of importsOf(text)) {
      if (specifier.startsWith('.')) {
        const target = layerOf(resolve(dirname(file), specifier));
        expect([layer, ...(allowed ?? [])], `${name} imports ${specifier}`).toContain(target);
      } else if (specifier.startsWith('node:') && !effectful.has(layer)) {
        expect(pureBuiltins, `${name} imports ${specifier}`).toContain(specifier);
      }
      if (layer.startsWith('modules') && specifier.startsWith('./') && !name.endsWith('index.ts')) {
        expect(specifier, `${name}: modules do not import each other`).toMatch(/^\.\/(shared|support)\//);
      }
    }
  });

  // What only names parts of Node.js that others use.
  const loader = join(root, 'lib/builtins.ts');

  it.each(
    files
      .filter((file) => !effectful.has(layerOf(file)) && file !== loader)
      .map((file) => [relative(root, file), file] as const),
  )('%s is pure', (_name, file) => {
    const code = withoutComments(readFileSync(file, 'utf8'));
    expect(code).not.toMatch(
      /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bset(?:Timeout|Interval|Immediate)\(|\bprocess\.|\bconsole\.|\bperformance\.now\(/,
    );
  });

  it.each(codeFiles())('%s has at most 300 lines and says what it is for', (name) => {
    const text = readFileSync(join(project, name), 'utf8');
    if (!alone.has(name)) expect(text.split('\n').length).toBeLessThanOrEqual(301);
    expect(text).toMatch(/^(?:\/\/|#)/);
  });

  it.each(
    files
      .filter((file) => !/cli\/|adapters\/reporters/.test(file))
      .map((file) => [relative(root, file), file] as const),
  )('%s neither prints nor exits', (name, file) => {
    const code = withoutComments(readFileSync(file, 'utf8'));
    expect(code).not.toMatch(/\bprocess\.exit\(/);
    if (!name.startsWith('proxy/') && !name.startsWith('lab/')) expect(code).not.toMatch(/\bconsole\.|process\.stdout/);
  });

  it('loads into the processes of the balancer what they need: lib/builtins.ts says how', () => {
    const imports = /^import (?!type )[^;]*from 'node:(?:http|http2|https|tls|zlib|process)';/m;
    const guilty = files.filter(
      (file) => layerOf(file).startsWith('proxy/') && imports.test(readFileSync(file, 'utf8')),
    );
    expect(guilty).toEqual([]);
  });
});
