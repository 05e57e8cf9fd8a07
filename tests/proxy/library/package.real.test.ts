// The package as npm would install it: compiled by the configuration of `npm run build`, imported by name from a project of its
// own through the exports of package.json.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../../..');
const project = mkdtempSync(join(tmpdir(), 'veza-package-'));
const installed = join(project, 'node_modules', 'veza-run');
const compileMs = 300_000;

beforeAll(async () => {
  mkdirSync(installed, { recursive: true });
  cpSync(join(root, 'package.json'), join(installed, 'package.json'));
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  // Declarations are checked; what `npm run types` checks in the same sources is not checked again.
  const options = ['--project', 'tsconfig.build.json', '--outDir', join(installed, 'dist'), '--noCheck'];
  await run(process.execPath, [tsc, ...options], { cwd: root });
  // What it depends on, beside it as npm puts it.
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  for (const name of Object.keys(dependencies)) {
    mkdirSync(join(project, 'node_modules', name, '..'), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(project, 'node_modules', name));
  }
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
}, compileMs);

afterAll(() => rmSync(project, { recursive: true, force: true }));

async function output(code: string): Promise<unknown> {
  writeFileSync(join(project, 'main.js'), code);
  const { stdout } = await run(process.execPath, ['main.js'], { cwd: project });
  return JSON.parse(stdout) as unknown;
}

describe('the built package', () => {
  it('is imported by name, and works', async () => {
    const code = `
      import { Config, Modify, Pool, Router, Stop } from 'veza-run/proxy';
      const pool = new Pool('roundrobin');
      pool.addBackend({ url: 'http://192.0.2.1:8080' });
      const config = Config.parse(\`
frontends: [{ name: web, bind: ['*:80'], rules: [{ pathPrefix: /api, backend: api }] }]
backends: [{ name: api, servers: [{ name: a, address: 192.0.2.1, port: 8080 }] }]
\`);
      const { backend } = new Router(config, 'web').match({ host: 'x', target: '/api/a' });
      console.log(JSON.stringify([pool.getNextPeer().url, backend, Stop(403), Modify({ target: '/a' })]));
    `;
    expect(await output(code)).toEqual([
      'http://192.0.2.1:8080',
      'api',
      { action: 'stop', status: 403, body: '', headers: {} },
      { action: 'modify', target: '/a' },
    ]);
  });

  it('has the clients of the clouds, too', async () => {
    const code = `
      import { ApiError, CloudNS, HCloud, Robot } from 'veza-run/infra';
      const baseUrl = 'http://127.0.0.1:1';
      const clients = [new CloudNS({ baseUrl, auth: { id: '1', password: 'p' } }), new HCloud({ baseUrl, token: 't' }), new Robot({ baseUrl, user: 'u', password: 'p' })];
      const error = await clients[2].listServers(AbortSignal.abort()).catch((reason) => reason);
      console.log(JSON.stringify([clients.map(({ constructor }) => constructor.name), error instanceof ApiError]));
    `;
    expect(await output(code)).toEqual([['CloudNS', 'HCloud', 'Robot'], true]);
  });

  it('lets nobody import what it does not export', async () => {
    await expect(output(`import 'veza-run/dist/proxy/server/master.js';`)).rejects.toThrow(
      'ERR_PACKAGE_PATH_NOT_EXPORTED',
    );
  });

  it('has types that a plugin of the documentation passes', async () => {
    const text = readFileSync(join(root, 'docs/proxy-plugins.md'), 'utf8');
    const code = /```ts\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
    expect(code).toContain('definePlugin');
    writeFileSync(join(project, 'plugin.ts'), code);
    writeFileSync(join(project, 'wrong.ts'), code.replace('Stop(401,', "Stop('401',"));
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const compilerOptions = {
      noEmit: true,
      strict: true,
      skipLibCheck: true,
      module: 'nodenext',
      target: 'es2024',
      types: [],
    };
    const check = async (file: string): Promise<string> => {
      writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [file] }));
      const { stdout } = await run(process.execPath, [tsc, '--project', '.'], { cwd: project }).catch(
        (error: unknown) => error as { readonly stdout: string },
      );
      return stdout;
    };
    expect(await check('plugin.ts')).toBe('');
    expect(await check('wrong.ts')).toContain('TS2345');
  });
});
