/** The one error that screens see, whatever went wrong between them and the daemon's store. */
import { t } from '../i18n';

/** What a screen does about it: `refused` is the daemon's word on the request, everything else is about getting through. */
export type ErrorKind = 'network' | 'unauthorized' | 'forbidden' | 'not_found' | 'invalid' | 'busy' | 'refused' | 'broken';

export interface FieldFault {
  field: string;
  reason: string;
}

export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly kind: ErrorKind,
    /** Fit to be shown: the daemon's own Chinese message, or ours where it gave none. */
    message: string,
    /** HTTP status; 0 when there was no answer. */
    readonly status: number,
    /** The contract's numeric code (docs/http.md); 0 when there was none. */
    readonly code: number,
    /** X-Request-Id, for the administrator's log; empty when there was no answer. */
    readonly requestId: string = '',
    /** Seconds after which to try again; 0 = not told. */
    readonly retryAfterS: number = 0,
    /** `data` of the envelope: some refusals carry an answer (4008 an empty page). */
    readonly data: unknown = undefined,
  ) {
    super(message);
  }

  /** Faulty fields of a 422; empty otherwise. */
  get faults(): FieldFault[] {
    const errors = (this.data as { errors?: unknown } | undefined)?.errors;
    return Array.isArray(errors) ? (errors as FieldFault[]) : [];
  }
}

function kindOf(status: number): ErrorKind {
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 404) return 'not_found';
  if (status === 422) return 'invalid';
  if (status === 429 || status === 503) return 'busy';
  return status >= 500 ? 'broken' : 'refused';
}

/** Reads an answer that is no success: an envelope of the daemon, or something else's page. */
export function errorOfAnswer(status: number, headers: Headers, body: unknown): ApiError {
  const envelope = (body ?? {}) as { code?: unknown; message?: unknown; data?: unknown; request_id?: unknown };
  const retryAfterS = Number(headers.get('retry-after')) || 0;
  const requestId = headers.get('x-request-id') ?? String(envelope.request_id ?? '');
  let kind = kindOf(status);
  const code = Number(envelope.code) || 0;
  // 5001 and above are the contract's words about the provider: a refusal with a reason, not a defect.
  if (kind === 'broken' && code >= 5001) kind = 'refused';
  let message = typeof envelope.message === 'string' ? envelope.message : '';
  if (!message) message = kind === 'busy' ? t('error.busy', { seconds: retryAfterS || 1 }) : t('error.unreadable', { status });
  return new ApiError(kind, message, status, code, requestId, retryAfterS, envelope.data);
}

/** Whatever was thrown, as the one error. */
export function asApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (thrown instanceof DOMException && thrown.name === 'TimeoutError') {
    return new ApiError('network', t('error.timeout'), 0, 0);
  }
  if (thrown instanceof TypeError || thrown instanceof DOMException) return new ApiError('network', t('error.network'), 0, 0);
  return new ApiError('broken', thrown instanceof Error ? thrown.message : String(thrown), 0, 0);
}
