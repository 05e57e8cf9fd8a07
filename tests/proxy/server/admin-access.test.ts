// Who may do what by the admin interface: tokens, roles, passwords, and whoever can open its unix socket.
import { readFileSync, statSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AdminProxy, type Call, ctl, password, startAdminProxy } from '../support/admin-proxy.ts';

let at: AdminProxy;
let call: Call;
let admin = '';
let reader = '';
let base = '';
let tokenFile = '';
let socketPath = '';

beforeAll(async () => {
  at = await startAdminProxy();
  ({ admin, reader, base, tokenFile, socketPath, call } = at);
}, 60_000);

afterAll(() => at[Symbol.asyncDispose]());

describe('who may', () => {
  it('nobody without a token, whatever cookies a browser sends', async () => {
    expect((await call('GET', '/api/backends', '')).status).toBe(401);
    expect((await call('GET', '/api/backends', 'veza_wrong')).status).toBe(401);
    expect((await call('POST', '/api/reload', '', undefined, { Cookie: `token=${admin}` })).status).toBe(401);
  });

  it('readers look, and change nothing', async () => {
    expect((await call('GET', '/api/backends', reader)).status).toBe(200);
    expect((await call('PATCH', '/api/servers/api/a', reader, { state: 'drain' })).status).toBe(403);
    expect((await call('GET', '/api/config', reader)).status).toBe(403);
  });

  it('the file of tokens holds none, and a token that is revoked is worth nothing at once', async () => {
    const passing = ctl('token', 'create', 'passing', '--file', tokenFile);
    expect(readFileSync(tokenFile, 'utf8')).not.toContain(passing);
    expect(statSync(tokenFile).mode & 0o777).toBe(0o600);
    expect((await call('GET', '/api/whoami', passing)).status).toBe(200);
    ctl('token', 'revoke', 'passing', '--file', tokenFile);
    expect((await call('GET', '/api/whoami', passing)).status).toBe(401);
  });

  it('a host name that is not ours gets nothing, even with a token', async () => {
    const status = await new Promise<number>((resolve, reject) => {
      httpRequest(
        `${base}/api/whoami`,
        { headers: { Host: 'evil.example', Authorization: `Bearer ${admin}` } },
        (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        },
      )
        .on('error', reject)
        .end();
    });
    expect(status).toBe(421);
  });

  it('whoever can open the unix socket, which its mode decides', async () => {
    expect(statSync(socketPath).mode & 0o777).toBe(0o660);
    const text = await new Promise<string>((resolve, reject) => {
      httpRequest({ socketPath, path: '/api/whoami' }, (response) => {
        let body = '';
        response.on('data', (piece: Buffer) => (body += piece.toString()));
        response.on('end', () => resolve(body));
      })
        .on('error', reject)
        .end();
    });
    expect(JSON.parse(text)).toEqual({ name: 'unix socket', role: 'admin' });
  });

  it('logs in, renews once with each refresh token, and out', async () => {
    const login = await call('POST', '/api/auth/login', '', { name: 'alice', password });
    const first = (await login.json()) as { accessToken: string; refreshToken: string; expiresIn: number };
    expect(first.expiresIn).toBe(900);
    expect((await call('GET', '/api/config', first.accessToken)).status).toBe(200);
    const renewed = await call('POST', '/api/auth/refresh', '', { refreshToken: first.refreshToken });
    const second = (await renewed.json()) as { accessToken: string; refreshToken: string };
    expect(second.refreshToken).not.toBe(first.refreshToken);
    // A refresh token that comes again is stolen: the login ends.
    expect((await call('POST', '/api/auth/refresh', '', { refreshToken: first.refreshToken })).status).toBe(401);
    expect((await call('GET', '/api/whoami', second.accessToken)).status).toBe(401);
  });

  it('five wrong passwords lock a name out, also for the right one', async () => {
    for (let count = 0; count < 5; count += 1) {
      expect((await call('POST', '/api/auth/login', '', { name: 'alice', password: 'wrong' })).status).toBe(401);
    }
    const locked = await call('POST', '/api/auth/login', '', { name: 'alice', password });
    expect(locked.status).toBe(429);
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(60);
  });
});
