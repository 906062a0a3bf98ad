/** What administrators ask. Everybody else is refused with 403. */
import { queryOptions } from '@tanstack/react-query';
import { answer, api } from '../../api/client';

export const adminSubjects = { accounts: ['dcc-accounts'] as const };

export const configCheck = queryOptions({
  queryKey: ['config-check'],
  queryFn: ({ signal }) => answer(api.GET('/api/config/check', { signal })),
});

export function accountsOf(page: number) {
  return queryOptions({
    queryKey: [...adminSubjects.accounts, page],
    queryFn: ({ signal }) => answer(api.GET('/api/dcc/user/list', { params: { query: { page } }, signal })),
  });
}
