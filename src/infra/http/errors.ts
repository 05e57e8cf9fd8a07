// What goes wrong between us and an API, told apart by what a person can do about it.
import { VezaError, type ErrorDetails } from '../../lib/errors.ts';

export type ApiErrorCode =
  | 'api-unauthorized'
  | 'api-forbidden'
  | 'api-not-found'
  | 'api-conflict'
  | 'api-rate-limited'
  | 'api-refused'
  | 'api-failed'
  | 'api-unreachable'
  | 'api-timeout'
  | 'api-bad-response'
  | 'cancelled';

export interface ApiErrorDetails extends ErrorDetails {
  /** HTTP status, where there was an answer. */
  readonly status?: number | undefined;
  /** The API's own word for it, such as `uniqueness_error`. */
  readonly reason?: string | undefined;
  /** Whether the request may have been acted upon although no answer says so. */
  readonly uncertain?: boolean | undefined;
}

export class ApiError extends VezaError {
  override readonly name = 'ApiError';
  readonly status: number | undefined;
  readonly reason: string | undefined;
  readonly uncertain: boolean;

  constructor(code: ApiErrorCode, message: string, details: ApiErrorDetails = {}) {
    super(code, message, details);
    this.status = details.status;
    this.reason = details.reason;
    this.uncertain = details.uncertain ?? false;
  }
}

/** The kind of an error by its HTTP status. */
export function codeOfStatus(status: number): ApiErrorCode {
  if (status === 401) return 'api-unauthorized';
  if (status === 403) return 'api-forbidden';
  if (status === 404) return 'api-not-found';
  if (status === 409) return 'api-conflict';
  if (status === 429) return 'api-rate-limited';
  return status >= 500 ? 'api-failed' : 'api-refused';
}
