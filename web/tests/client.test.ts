import { beforeEach, describe, expect, it, vi } from 'vitest';
import { answer, api } from '../src/api/client';
import { ApiError, asApiError, errorOfAnswer } from '../src/api/errors';
import { session, tokenIsAgeing } from '../src/app/session';

const user = { id: 7, username: 'li', phone: '', create_time: '', organization_id: 'A', dcc_user: '', dcc_user_org_id: 'A', role: 'operator' } as const;

function answering(status: number, body: unknown, headers: Record<string, string> = {}) {
  return vi.spyOn(globalThis, 'fetch').mockImplementation(() =>
    Promise.resolve(
      new Response(typeof body === 'string' ? body : JSON.stringify(body), {
        status,
        headers: { 'content-type': 'application/json', ...headers },
      }),
    ),
  );
}

async function failureOf(promise: Promise<unknown>): Promise<ApiError> {
  const thrown: unknown = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(ApiError);
  return thrown as ApiError;
}

beforeEach(() => {
  session.end('logout');
  session.granted({ access_token: 'token-1', expires_in: 86_400, user_info: user });
});

describe('the client', () => {
  it('sends the token and answers the data of the envelope', async () => {
    const fetched = answering(200, { status: 'success', code: 200, message: '', data: [{ task_type: 1 }] });
    expect(await answer(api.GET('/api/task-stats'))).toEqual([{ task_type: 1 }]);
    expect((fetched.mock.calls[0]?.[0] as Request).headers.get('access-token')).toBe('token-1');
  });

  it('takes an error envelope with HTTP 200 for the error that it is', async () => {
    answering(200, { status: 'error', code: 1004, message: '用户名或密码错误', data: {} });
    const error = await failureOf(answer(api.POST('/api/login', { body: { username: 'a', password: 'b' } })));
    expect([error.kind, error.code, error.message]).toEqual(['refused', 1004, '用户名或密码错误']);
  });

  it('ends the session on 401, with the reason', async () => {
    answering(401, { status: 'error', code: 1005, message: '访问令牌无效或已过期，请重新登录获取新令牌', data: {} });
    expect((await failureOf(answer(api.GET('/api/task-stats')))).kind).toBe('unauthorized');
    expect(session.get()).toMatchObject({ token: '', ended: 'expired' });
  });

  it('keeps a session whose token was replaced while the refused request was under way', async () => {
    vi.spyOn(globalThis, 'fetch').mockImplementation(() => {
      session.granted({ access_token: 'token-2', expires_in: 86_400, user_info: user });
      return Promise.resolve(new Response('{}', { status: 401, headers: { 'content-type': 'application/json' } }));
    });
    await failureOf(answer(api.GET('/api/task-stats')));
    expect(session.get().token).toBe('token-2');
  });

  it('gets a new token when three quarters of the life of the old one are over, once', async () => {
    session.granted({ access_token: 'old', expires_in: 1000, user_info: user }, Date.now() - 800_000);
    const asked: string[] = [];
    vi.spyOn(globalThis, 'fetch').mockImplementation((input) => {
      const { pathname } = new URL((input as Request).url);
      asked.push(pathname);
      const data = pathname === '/api/token/refresh' ? { access_token: 'new', expires_in: 1000, user_info: user } : [];
      return Promise.resolve(
        new Response(JSON.stringify({ status: 'success', code: 200, message: '', data }), {
          headers: { 'content-type': 'application/json' },
        }),
      );
    });
    await Promise.all([answer(api.GET('/api/task-stats')), answer(api.GET('/api/task-stats'))]);
    await vi.waitFor(() => expect(session.get().token).toBe('new'));
    expect(asked.filter((path) => path === '/api/token/refresh')).toHaveLength(1);
  });

  it('tells a lost network from a refusal', async () => {
    vi.spyOn(globalThis, 'fetch').mockRejectedValue(new TypeError('fetch failed'));
    expect((await failureOf(answer(api.GET('/api/task-stats')))).kind).toBe('network');
  });
});

describe('errors', () => {
  const none = new Headers();

  it('name what to do by status, and provider failures are refusals with a reason', () => {
    const kinds = [400, 401, 403, 404, 422, 429, 500, 503].map((status) => errorOfAnswer(status, none, {}).kind);
    expect(kinds).toEqual(['refused', 'unauthorized', 'forbidden', 'not_found', 'invalid', 'busy', 'broken', 'busy']);
    expect(errorOfAnswer(500, none, { code: 5001, message: '供应商' }).kind).toBe('refused');
  });

  it('carry the request number, the wait and the faulty fields', () => {
    const headers = new Headers({ 'retry-after': '3', 'x-request-id': 'r-1' });
    const error = errorOfAnswer(422, headers, { code: 1003, message: 'x', data: { errors: [{ field: 'a', reason: 'b' }] } });
    expect([error.requestId, error.retryAfterS, error.faults]).toEqual(['r-1', 3, [{ field: 'a', reason: 'b' }]]);
  });

  it('never show the page of something in between', () => {
    expect(errorOfAnswer(502, none, undefined).message).toContain('502');
    expect(asApiError(new Error('x')).kind).toBe('broken');
  });
});

describe('the age of a token', () => {
  it('counts from its grant, and an ended one is not worth a refresh', () => {
    const now = { token: 't', user, grantedAt: 0, expiresAt: 1000, ended: 'none' as const };
    expect([700, 800, 1100].map((at) => tokenIsAgeing(now, at))).toEqual([false, true, false]);
  });
});
