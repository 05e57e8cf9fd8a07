// The units that the roles install, and the environment file, exactly.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectGolden } from '../support/golden.ts';
import { foresee } from './support.ts';

const golden = (name: string) => join(import.meta.dirname, 'golden', name);

describe('the units', () => {
  it.each([
    ['haproxy', 'lb-1', ['veza-proxy.service', 'veza-proxy.socket']],
    ['backend_api', 'backend-api-1', ['veza-backend-api.service']],
    ['stream_server', 'stream-server-1', ['veza-stream-server.service']],
  ])('of role %s are these', async (role, host, units) => {
    const { files } = await foresee({ role, host, inventory: 'inventory/lab.yml' });
    for (const unit of units) expectGolden(golden(unit), files.get(unit) ?? '');
  });

  it('listen on the port that is asked for', async () => {
    const variables = { haproxy_http_port: 8000 };
    const { files } = await foresee({ role: 'haproxy', host: 'lb-1', inventory: 'inventory/lab.yml', variables });
    expect(files.get('veza-proxy.socket')).toContain('ListenStream=8000\n');
    expect(files.get('config.yml')).toContain('bind: ["*:8000"]');
  });
});

describe('the environment file of the API backend', () => {
  const render = (environment: unknown) =>
    foresee({
      role: 'backend_api',
      host: 'backend-api-1',
      inventory: 'inventory/lab.yml',
      variables: { backend_api_environment: environment },
    });

  it('quotes values so that systemd reads back what was given', async () => {
    const values = {
      PLAIN: 'text',
      NUMBER: 8,
      EMPTY: '',
      SPACES: '  two  ',
      QUOTES: `it's "so"`,
      SHELL: '$HOME `id` $(id) \\n',
      LINES: 'one\ntwo',
      UNICODE: 'žeza ✓',
      COMMENT: '#no;comment=a',
    };
    const { files } = await render(values);
    const text = files.get('backend-api.env') ?? '';
    expect(systemdReads(text)).toEqual(
      Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)])),
    );
  });

  it('is not written when there is nothing to write', async () => {
    expect((await render({})).files.has('backend-api.env')).toBe(false);
  });

  it.each([
    ['a name that is none', { 'NOT-A-NAME': 'secret-value' }],
    ['a name with a line break', { 'A\nB': 'secret-value' }],
    ['a value that is a list', { LIST: ['secret-value'] }],
    ['a value that is true', { ON: true }],
    ['the port, which has a variable of its own', { PORT: 'secret-value' }],
  ])('refuses %s, and shows no value', async (_what, environment) => {
    const { results } = await render(environment);
    expect(results.map(({ status }) => status)).toEqual(['failed']);
    expect(JSON.stringify(results)).not.toContain('secret-value');
  });

  it('does not show what was given when its type is wrong', async () => {
    await expect(render('TOKEN=secret-value')).rejects.toThrow(
      'role "backend_api": "backend_api_environment" must be a map, not what is given (it is secret) (on backend-api-1)',
    );
  });
});

/** How systemd reads assignments with double quotes: a backslash counts only before one of " \ ` $. */
function systemdReads(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name = '', value = ''] of text.matchAll(/^(\w+)="((?:[^"\\]|\\[^])*)"$/gm)) {
    found[name] = value.replaceAll(/\\(["\\`$])/g, '$1');
  }
  return found;
}
