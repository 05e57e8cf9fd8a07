// GitHub's API, as far as its alerts need it: every page, and what an answer of 403 or 404 means.
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { messageOf } from '../../lib/errors.ts';
import { ApiClient, objectOf, type ApiAccess, type ApiFailure, type ApiResponse } from '../http/client.ts';
import { ApiError } from '../http/errors.ts';
import { findingOf, type Finding, type Source } from './findings.ts';

const gitHubUrl = 'https://api.github.com';

export interface GitHubOptions extends ApiAccess {
  readonly token: string;
}

/** `disabled`: the scanner is not switched on, which is no error. */
export type Alerts =
  { readonly findings: readonly Finding[] } | { readonly disabled: string } | { readonly error: string };

const pageSize = 100;

export class GitHub {
  readonly #client: ApiClient;
  readonly #baseUrl: string;

  constructor(options: GitHubOptions) {
    options.redactor.add(options.token);
    this.#baseUrl = options.baseUrl ?? gitHubUrl;
    this.#client = new ApiClient({
      ...options,
      prefix: 'GitHub API',
      baseUrl: options.baseUrl ?? gitHubUrl,
      authorize: (headers) => {
        headers.set('authorization', `Bearer ${options.token}`);
        headers.set('x-github-api-version', '2022-11-28');
        headers.set('user-agent', 'veza-run');
      },
      explain: explainFailure,
    });
  }

  /** Rejects with ApiError where the repository is not there or the token may not see it. */
  async repository(repo: string, signal?: AbortSignal): Promise<void> {
    await this.#client.request({ method: 'GET', path: `/repos/${repo}`, signal });
  }

  async repositories(owner: string, signal?: AbortSignal): Promise<readonly string[]> {
    const all = await this.#repositoriesOf(owner, signal);
    return all.flatMap((one) =>
      typeof one['full_name'] === 'string' && one['archived'] !== true ? [one['full_name']] : [],
    );
  }

  /** An owner is an organisation or a person, and only asking tells which. */
  async #repositoriesOf(owner: string, signal: AbortSignal | undefined): Promise<readonly JsonObject[]> {
    try {
      return await this.#all(`/orgs/${owner}/repos`, {}, signal);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      return await this.#all(`/users/${owner}/repos`, {}, signal);
    }
  }

  /** Open alerts of one scanner. Never rejects: errors are part of the answer. */
  async alerts(repo: string, source: Source, signal?: AbortSignal): Promise<Alerts> {
    try {
      const all = await this.#all(`/repos/${repo}/${source}/alerts`, { state: 'open' }, signal);
      const open = all.map((alert) => findingOf(source, repo, alert)).filter(({ state }) => state === 'open');
      return { findings: open };
    } catch (error) {
      if (error instanceof ApiError && error.reason !== undefined && disabled[source].test(error.reason))
        return { disabled: error.reason };
      return { error: messageOf(error) };
    }
  }

  async #all(
    path: string,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<readonly JsonObject[]> {
    const found: JsonObject[] = [];
    let asked: Readonly<Record<string, string | number>> | null = { ...query, per_page: pageSize };
    while (asked) {
      const response = await this.#client.request({ method: 'GET', path, query: asked, signal });
      const page = this.#client.decode(response);
      if (!Array.isArray(page)) throw this.#client.error('api-bad-response', `${path}: the answer is no list`);
      found.push(...page.filter((one) => isJsonObject(one)));
      asked = nextQuery(response, this.#baseUrl);
    }
    return found;
  }
}

/** What the API says where a scanner is not switched on for a repository. */
const disabled: Readonly<Record<Source, RegExp>> = {
  'code-scanning': /Advanced Security must be enabled|Code Security must be enabled|no analysis found/i,
  dependabot: /Dependabot alerts are (?:not enabled|disabled)/i,
  'secret-scanning': /Secret scanning is disabled/i,
};

/** The query of the next page, from the Link header (pages by number and by cursor alike). */
function nextQuery({ headers }: ApiResponse, baseUrl: string): Record<string, string> | null {
  const next = /<([^>]+)>;\s*rel="next"/.exec(headers.get('link') ?? '')?.[1];
  return next === undefined ? null : Object.fromEntries(new URL(next, baseUrl).searchParams);
}

function explainFailure(response: ApiResponse): ApiFailure | null {
  const { status, headers } = response;
  const body = objectOf(response);
  if (typeof body?.['message'] !== 'string') return null;
  const message = body['message'];
  if (status === 403 && headers.get('x-ratelimit-remaining') === '0') {
    const reset = Number(headers.get('x-ratelimit-reset')) * 1000;
    return {
      message: 'the rate limit is used up',
      code: 'api-rate-limited',
      hint: `It begins anew at ${new Date(reset).toISOString()}.`,
    };
  }
  const hint =
    status === 401
      ? 'Check GITHUB_TOKEN: it is wrong or has expired.'
      : status === 404
        ? 'Check the name; a token that may not see a private repository gets the same answer.'
        : undefined;
  return { reason: message, message: '', ...(hint !== undefined && { hint }) };
}
