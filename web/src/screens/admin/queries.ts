/** What administrators ask. Everybody else is refused with 403. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { answer, api } from '../../api/client';

export const adminSubjects = {
  accounts: ['dcc-accounts'] as const,
  users: ['users'] as const,
  organizations: ['organizations'] as const,
};

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

export function usersOf(page: number, q: string) {
  return queryOptions({
    queryKey: [...adminSubjects.users, q, page],
    queryFn: ({ signal }) => answer(api.GET('/api/users', { params: { query: { page, ...(q ? { q } : {}) } }, signal })),
    placeholderData: keepPreviousData,
  });
}

export function organizationsOf(page: number) {
  return queryOptions({
    queryKey: [...adminSubjects.organizations, page],
    queryFn: ({ signal }) => answer(api.GET('/api/organizations', { params: { query: { page } }, signal })),
  });
}

export const clusterNow = queryOptions({
  queryKey: ['cluster'],
  queryFn: ({ signal }) => answer(api.GET('/api/cluster', { signal })),
});
