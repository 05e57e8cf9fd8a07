// Backends over the admin interface: looked at, added, removed, and all of their servers replaced.
import { noSuchBackend } from '../../core/config/edit.ts';
import type { BackendConfig } from '../../core/config/model.ts';
import { readConfig } from '../../core/config/read.ts';
import { type AdminAnswer, type AdminRequest, done, json, problem, refused } from './exchange.ts';
import type { Route } from './routes.ts';
import { backendViews } from './views.ts';

export const backendRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/api/backends',
    role: 'reader',
    summary: 'Backends with their servers.',
    gives: 'Backends',
    run: async ({ proxy }) => json(200, { items: await backendViews(proxy) }),
  },
  {
    method: 'GET',
    path: '/api/backends/{backend}',
    role: 'reader',
    summary: 'One backend.',
    gives: 'Backend',
    run: async ({ proxy, parameters }) => {
      const found = (await backendViews(proxy)).find(({ name }) => name === parameters['backend']);
      return found ? json(200, found) : problem(404, 'not-found', noSuchBackend);
    },
  },
  {
    method: 'PUT',
    path: '/api/backends/{backend}/servers',
    role: 'admin',
    summary: 'Replace all servers of a backend in one step. What it had before comes back with the next reload.',
    takes: 'ServerSet',
    gives: 'Backend',
    run: async ({ proxy, actions, actor, parameters, body }) => {
      const { servers } = body as { readonly servers: Parameters<typeof actions.replace>[2] };
      const wrong = await actions.replace(actor, parameters['backend'] ?? '', servers);
      if (wrong !== undefined) return refused(wrong);
      return json(
        200,
        (await backendViews(proxy)).find(({ name }) => name === parameters['backend']),
      );
    },
  },
  {
    method: 'POST',
    path: '/api/backends',
    role: 'admin',
    summary: 'Add a backend. Requests come when a configuration with a rule for it is put into force.',
    takes: 'NewBackend',
    gives: 'Backend',
    status: 201,
    run: addBackend,
  },
  {
    method: 'DELETE',
    path: '/api/backends/{backend}',
    role: 'admin',
    summary: 'Remove a backend to which no rule leads.',
    gives: 'Done',
    run: async ({ actions, actor, parameters }) => {
      const wrong = await actions.removeBackend(actor, parameters['backend'] ?? '');
      return wrong === undefined ? done : refused(wrong);
    },
  },
];

async function addBackend({ proxy, actions, actor, body }: AdminRequest): Promise<AdminAnswer> {
  const read = readBackend(body as { readonly name: string });
  if ('status' in read) return read;
  const wrong = await actions.addBackend(actor, read);
  if (wrong !== undefined) return refused(wrong);
  return json(
    201,
    (await backendViews(proxy)).find(({ name }) => name === read.name),
  );
}

/** The backend as the configuration file would have it, with all defaults; or all that is wrong with it. */
function readBackend(backend: { readonly name: string; readonly tls?: unknown }): BackendConfig | AdminAnswer {
  if (backend.tls !== undefined) {
    return problem(409, 'refused', 'a backend with `tls` names files: put it into the configuration');
  }
  const document = { frontends: [{ name: 'none', bind: ['*:1'] }], backends: [backend] };
  const result = readConfig(JSON.stringify(document), 'body');
  const [resolved] = result.ok ? result.config.backends : [];
  if (resolved) return resolved;
  const problems = result.diagnostics.map(({ code, message, hint }) => ({ code, message, hint }));
  return problem(422, 'backend-refused', problems[0]?.message ?? 'refused', problems);
}
