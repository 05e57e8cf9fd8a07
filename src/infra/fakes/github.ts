// GitHub's alerts, with pages, scanners that are switched off, and repositories that are not there.
import type { JsonObject } from '../../lib/json.ts';
import type { Source } from '../monitor/findings.ts';
import { startFake, type FakeAnswer, type FakeRequest, type FakeService } from './server.ts';

export interface FakeRepository {
  /** `null`: the scanner is switched off. */
  readonly alerts: Readonly<Record<Source, readonly JsonObject[] | null>>;
}

export interface FakeGitHubOptions {
  readonly token: string;
  /** By full name. */
  readonly repositories: Readonly<Record<string, FakeRepository>>;
  /** Owners that are no organisations. */
  readonly people?: readonly string[];
}

const off: Readonly<Record<Source, readonly [number, string]>> = {
  'code-scanning': [403, 'Advanced Security must be enabled for this repository to use code scanning.'],
  dependabot: [403, 'Dependabot alerts are disabled for this repository.'],
  'secret-scanning': [404, 'Secret scanning is disabled on this repository.'],
};

export async function startFakeGitHub(options: FakeGitHubOptions): Promise<FakeService> {
  const answer = (request: FakeRequest): FakeAnswer => {
    if (request.headers.authorization !== `Bearer ${options.token}`) return said(401, 'Bad credentials');
    const [, kind, owner] = /^\/(orgs|users)\/([^/]+)\/repos$/.exec(request.path) ?? [];
    if (owner !== undefined) {
      const isPerson = options.people?.includes(owner) ?? false;
      if (isPerson !== (kind === 'users')) return said(404, 'Not Found');
      const names = Object.keys(options.repositories).filter((name) => name.startsWith(`${owner}/`));
      return page(
        request,
        names.map((full_name) => ({ full_name, archived: false })),
      );
    }
    const [, name = '', source] = /^\/repos\/([^/]+\/[^/]+)(?:\/([a-z-]+)\/alerts)?$/.exec(request.path) ?? [];
    const repository = options.repositories[name];
    if (!repository) return said(404, 'Not Found');
    if (source === undefined) return { status: 200, body: { full_name: name } };
    const alerts = repository.alerts[source as Source];
    if (alerts === null) return said(...off[source as Source]);
    const state = request.query.get('state');
    return page(
      request,
      alerts.filter((alert) => state === null || alert['state'] === state),
    );
  };
  return startFake({ answer });
}

function said(status: number, message: string): FakeAnswer {
  return { status, body: { message, documentation_url: 'https://docs.github.com/rest', status: String(status) } };
}

function page({ query, path }: FakeRequest, all: readonly JsonObject[]): FakeAnswer {
  const size = Math.min(100, Number(query.get('per_page') ?? '30'));
  const number = Number(query.get('page') ?? '1');
  const next = new URLSearchParams(query);
  next.set('page', String(number + 1));
  const more = number * size < all.length;
  const headers = more ? { link: `<https://api.github.com${path}?${next.toString()}>; rel="next"` } : {};
  return { status: 200, body: all.slice((number - 1) * size, number * size), headers };
}
