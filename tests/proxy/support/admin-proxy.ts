// A proxy with an admin interface, an admin and a reader, for tests of who may do what there and what becomes of it.
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../support/ports.ts';
import { type RunningProxy, startProxy } from './proxy.ts';
import { proxyMain } from './program.ts';

/** The password of alice. */
export const password = 'correct horse battery';

export type Call = (
  method: string,
  path: string,
  token?: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Response>;

export interface AdminProxy extends AsyncDisposable {
  readonly proxy: RunningProxy;
  /** Tokens. */
  readonly admin: string;
  readonly reader: string;
  readonly base: string;
  readonly folder: string;
  readonly tokenFile: string;
  readonly socketPath: string;
  /** As the admin, unless another token is given ('' = none). */
  readonly call: Call;
}

/** Runs `veza-proxy ctl`. */
export function ctl(...words: string[]): string {
  return execFileSync(process.execPath, [proxyMain, 'ctl', ...words], { encoding: 'utf8' }).trim();
}

export async function startAdminProxy(): Promise<AdminProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'veza-admin-'));
  const [tokenFile, socketPath] = [join(folder, 'tokens.json'), join(folder, 'api.sock')];
  const port = await freePort();
  const admin = ctl('token', 'create', 'ops', '--file', tokenFile);
  const reader = ctl('token', 'create', 'eyes', '--role', 'reader', '--file', tokenFile);
  const hash = await hashed();
  const base = `http://127.0.0.1:${port}`;
  const proxy = await startProxy((front, control) => ({
    workers: 1,
    stats: { socket: [`127.0.0.1:${control}`] },
    admin: {
      listen: [`127.0.0.1:${port}`, `unix:${socketPath}`],
      tokenFile,
      debug: folder,
      users: { alice: { password: hash, role: 'admin' } },
    },
    frontends: [
      {
        name: 'web',
        bind: [`127.0.0.1:${front}`],
        defaultBackend: 'api',
        rules: [{ pathPrefix: '/x', any: [{ headers: { 'X-V': '2' } }], backend: 'api' }],
      },
    ],
    backends: [{ name: 'api', servers: [{ name: 'a', address: '127.0.0.1', port: 9 }] }],
  }));
  return {
    proxy,
    admin,
    reader,
    base,
    folder,
    tokenFile,
    socketPath,
    call: callsTo(base, admin),
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

function hashed(): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, [proxyMain, 'password'], (error, out) =>
      error ? reject(new Error(error.message)) : resolve(out.trim()),
    );
    child.stdin?.end(password);
  });
}

function callsTo(base: string, admin: string): Call {
  return (method, path, token = admin, body, headers = {}) => {
    const isText = typeof body === 'string';
    return fetch(`${base}${path}`, {
      method,
      headers: {
        // `ctl` holds this process up; a connection kept meanwhile may have been closed.
        Connection: 'close',
        ...(token === '' ? {} : { Authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'Content-Type': isText ? 'application/yaml' : 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
    });
  };
}
