/**
 * How screens ask the daemon: `await answer(api.GET('/api/...'))` gives the envelope's `data` or throws ApiError. Adds the
 * token, keeps it fresh while the page is used, and ends the session when the daemon no longer takes it.
 */
import createClient, { type Middleware } from 'openapi-fetch';
import { roleRefused } from '../app/rights';
import { session, tokenIsAgeing, type Grant } from '../app/session';
import { ApiError, asApiError, errorOfAnswer } from './errors';
import type { paths } from './schema';

/** Longer than the daemon's own budgets (2 s at the provider, 30 s for a whole request). */
const deadlineMs = 35_000;

let refreshing: Promise<void> | null = null;

/** Gets a new token for one that is good but ageing; one at a time, and a failure leaves the old one in use. */
function refreshToken(): Promise<void> {
  refreshing ??= answer(api.POST('/api/token/refresh', { body: {} }))
    .then((data) => session.granted(data as Grant))
    .catch(() => undefined)
    .finally(() => {
      refreshing = null;
    });
  return refreshing;
}

const authorization: Middleware = {
  onRequest({ request, schemaPath }) {
    const now = session.get();
    if (now.token) request.headers.set('access-token', now.token);
    if (tokenIsAgeing(now, Date.now()) && schemaPath !== '/api/token/refresh') void refreshToken();
    return request;
  },
  onResponse({ request, response, schemaPath }) {
    if (response.status === 403) roleRefused(schemaPath);
    // The token may have been replaced while this request was under way.
    if (response.status === 401 && schemaPath !== '/api/login' && request.headers.get('access-token') === session.get().token) {
      session.end('expired');
    }
  },
};

export const api = createClient<paths>({
  baseUrl: location.origin,
  fetch: (request) => fetch(new Request(request, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(deadlineMs)]) })),
});
api.use(authorization);

type DataOf<Envelope> = Envelope extends { status: 'success'; data: infer Data } ? Data : never;

interface Answer<Envelope> {
  data?: Envelope;
  error?: unknown;
  response: Response;
}

/**
 * The `data` of a successful answer.
 * @throws ApiError for everything else: no network, a status that is no success, an envelope that says `error`.
 */
export async function answer<Envelope>(request: Promise<Answer<Envelope>>): Promise<DataOf<Envelope>> {
  let result: Answer<Envelope>;
  try {
    result = await request;
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === 'AbortError') throw thrown;
    throw thrown instanceof SyntaxError ? new ApiError('broken', thrown.message, 0, 0) : asApiError(thrown);
  }
  const envelope = (result.data ?? result.error) as { status?: string; data?: unknown } | undefined;
  if (!result.response.ok || envelope?.status !== 'success') {
    throw errorOfAnswer(result.response.status, result.response.headers, envelope);
  }
  return envelope.data as DataOf<Envelope>;
}
