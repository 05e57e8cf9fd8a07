// The table of the admin interface: what each address does.
import type { RouteFacts } from '../../core/admin/openapi.ts';
import { openapiOf } from '../../core/admin/openapi.ts';
import type { AdminState } from '../../core/balance/server-state.ts';
import { noSuchServer } from '../../core/config/edit.ts';
import { audited } from '../audit.ts';
import { currentRows } from '../current-rows.ts';
import { currentInfo } from '../current-info.ts';
import { version } from '../version.ts';
import { backendRoutes } from './backend-routes.ts';
import { configRoutes } from './config-routes.ts';
import { debugRoutes } from './debug-routes.ts';
import { type AdminAnswer, type AdminRequest, done, json, problem, refused } from './exchange.ts';
import { followEvents, followLog } from './streams.ts';
import { healthView, locationViews, serverViews, serviceViews } from './views.ts';

export interface Route extends RouteFacts {
  run(request: AdminRequest): Promise<AdminAnswer> | AdminAnswer;
}

export const routes: readonly Route[] = [
  {
    method: 'GET',
    path: '/api/openapi.json',
    role: 'anyone',
    summary: 'This document.',
    gives: 'application/json',
    run: () => json(200, openapiOf(routes, version)),
  },
  {
    method: 'POST',
    path: '/api/auth/login',
    role: 'anyone',
    summary: 'Tokens for a name and a password: 15 minutes, to be renewed for 7 days.',
    takes: 'Login',
    gives: 'Tokens',
    run: async ({ authority, body, from }) => {
      const { name, password } = body as { readonly name: string; readonly password: string };
      const result = await authority.login(name, password, from);
      if (!result) return problem(401, 'wrong-password', 'the name or the password is wrong');
      if ('tokens' in result) return json(200, result.tokens);
      return {
        ...problem(429, 'locked-out', 'too many wrong passwords'),
        headers: { 'Retry-After': String(result.waitSeconds) },
      };
    },
  },
  {
    method: 'POST',
    path: '/api/auth/refresh',
    role: 'anyone',
    summary: 'New tokens for a refresh token, which is good once.',
    takes: 'Refresh',
    gives: 'Tokens',
    run: ({ authority, body }) => {
      const tokens = authority.refresh((body as { readonly refreshToken: string }).refreshToken);
      return tokens ? json(200, tokens) : problem(401, 'bad-token', 'the refresh token is worth nothing');
    },
  },
  {
    method: 'POST',
    path: '/api/auth/logout',
    role: 'reader',
    summary: 'End the login that the token belongs to.',
    gives: 'Done',
    run: ({ authority, message }) => {
      authority.logout(message);
      return done;
    },
  },
  {
    method: 'GET',
    path: '/api/whoami',
    role: 'reader',
    summary: 'Whom the token speaks for.',
    gives: 'Whoami',
    run: ({ grant }) => json(200, { name: grant.name, role: grant.role }),
  },
  {
    method: 'GET',
    path: '/api/health',
    role: 'reader',
    summary: 'Whether every backend has usable servers.',
    gives: 'Health',
    run: ({ proxy }) => json(200, healthView(proxy)),
  },
  {
    method: 'GET',
    path: '/api/services',
    role: 'reader',
    summary: 'Frontends.',
    gives: 'Services',
    run: ({ proxy }) => json(200, { items: serviceViews(proxy) }),
  },
  {
    method: 'GET',
    path: '/api/locations',
    role: 'reader',
    summary: 'Rules of all frontends in their order.',
    gives: 'Locations',
    run: ({ proxy }) => json(200, { items: locationViews(proxy) }),
  },
  ...backendRoutes,
  {
    method: 'GET',
    path: '/api/servers',
    role: 'reader',
    summary: 'All servers.',
    gives: 'Servers',
    run: async ({ proxy }) => json(200, { items: await serverViews(proxy) }),
  },
  {
    method: 'POST',
    path: '/api/servers',
    role: 'admin',
    summary: 'Add a server. It takes traffic at once unless it is `disabled`.',
    takes: 'NewServer',
    gives: 'Server',
    status: 201,
    run: async ({ proxy, actions, actor, body }) => {
      const { backend, ...server } = body as { readonly backend: string } & Parameters<typeof actions.add>[2];
      const wrong = await actions.add(actor, backend, { check: true, ...server, disabled: server.disabled ?? false });
      if (wrong !== undefined) return refused(wrong);
      return json(
        201,
        (await serverViews(proxy)).find((view) => view.backend === backend && view.name === server.name),
      );
    },
  },
  {
    method: 'PATCH',
    path: '/api/servers/{backend}/{server}',
    role: 'admin',
    summary: 'Change state, health, weight, maxconn or address of a server.',
    takes: 'ServerChange',
    gives: 'Server',
    run: patchServer,
  },
  {
    method: 'DELETE',
    path: '/api/servers/{backend}/{server}',
    role: 'admin',
    summary: 'Remove a server. What is under way there is finished.',
    gives: 'Done',
    run: async ({ actions, actor, parameters }) => {
      const wrong = await actions.remove(actor, keyOf(parameters), true);
      return wrong === undefined ? done : refused(wrong);
    },
  },
  {
    method: 'POST',
    path: '/api/servers/{backend}/{server}/shutdown-sessions',
    role: 'admin',
    summary: 'Close all connections of a server.',
    gives: 'Done',
    run: ({ actions, actor, parameters }) => {
      const wrong = actions.shutdownSessions(actor, keyOf(parameters));
      return wrong === undefined ? done : refused(wrong);
    },
  },
  {
    method: 'GET',
    path: '/api/stats',
    role: 'reader',
    summary: 'Everything that `show info` and `show stat` tell.',
    gives: 'Stats',
    run: async ({ proxy }) =>
      json(200, { info: Object.fromEntries(await currentInfo(proxy)), rows: await currentRows(proxy) }),
  },
  ...configRoutes,
  {
    method: 'POST',
    path: '/api/reload',
    role: 'admin',
    summary: 'Read the configuration file again.',
    gives: 'Done',
    run: async ({ proxy, actor }) => {
      const wrong = await audited(proxy, actor, 'reload', () => proxy.reload());
      return wrong === undefined ? done : problem(422, 'reload-refused', wrong);
    },
  },
  {
    method: 'GET',
    path: '/api/events',
    role: 'reader',
    summary: 'Events as they happen: NDJSON, or SSE for who accepts text/event-stream.',
    query: {
      since: 'Only those after this id; Last-Event-ID does the same.',
      follow: '0: those that are kept, then the end.',
    },
    gives: 'application/x-ndjson',
    run: followEvents,
  },
  {
    method: 'GET',
    path: '/api/log',
    role: 'admin',
    summary: 'The operational log, as NDJSON.',
    query: { tail: 'So many of the last entries (100).', follow: '1: and all that follow.', level: 'Least level.' },
    gives: 'application/x-ndjson',
    run: followLog,
  },
  ...debugRoutes,
];

async function patchServer({ proxy, actions, actor, parameters, body }: AdminRequest): Promise<AdminAnswer> {
  const key = keyOf(parameters);
  const record = proxy.registry.find(key);
  if (!record) return refused(noSuchServer);
  const wanted = body as {
    readonly state?: AdminState;
    readonly health?: 'up' | 'down' | 'stopping';
    readonly weight?: number;
    readonly maxconn?: number;
    readonly address?: string;
    readonly port?: number;
  };
  // What can be refused comes first: then all of it is done or nothing.
  const { address = record.config.address, port } = wanted;
  const isElsewhere = wanted.address !== undefined || port !== undefined;
  let wrong = isElsewhere ? await actions.setAddress(actor, key, address, port) : undefined;
  if (wrong === undefined && wanted.health !== undefined) wrong = actions.setHealth(actor, key, wanted.health);
  if (wrong === undefined && wanted.maxconn !== undefined) wrong = await actions.setMaxconn(actor, key, wanted.maxconn);
  if (wrong === undefined && wanted.weight !== undefined) wrong = actions.setWeight(actor, key, String(wanted.weight));
  if (wrong === undefined && wanted.state !== undefined) wrong = actions.setState(actor, key, wanted.state);
  if (wrong !== undefined) return refused(wrong);
  return json(
    200,
    (await serverViews(proxy)).find(({ backend, name }) => `${backend}/${name}` === key),
  );
}

function keyOf(parameters: Readonly<Record<string, string>>): string {
  return `${parameters['backend'] ?? ''}/${parameters['server'] ?? ''}`;
}
