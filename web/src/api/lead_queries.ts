/** What screens ask about leads, each with the key under which the answer is kept. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { answer, api } from './client';
import { bodyOf, queryOf, type LeadFilter } from './lead_filter';
import type { LeadGroup } from './types';

export const leadSubjects = { leads: ['leads'] as const };

interface Category {
  name: string;
  count: number;
}

/** The daemon's names for leads without a product and without a type; they cannot be filtered by. */
export const unknownCategories: readonly string[] = ['未知产品', '未知等级'];

function categoriesOf(groups: readonly LeadGroup[]): Category[] {
  return groups.map(({ category, count }) => ({ name: category, count }));
}

/** How many leads of each product and type there are. */
export const leadCategories = queryOptions({
  queryKey: [...leadSubjects.leads, 'categories'],
  queryFn: async ({ signal }) => {
    const data = await answer(api.GET('/api/leads/statistics', { params: { query: { filter_by: 'both' } }, signal }));
    if (!('by_product' in data)) return { products: [], types: [] };
    return { products: categoriesOf(data.by_product), types: categoriesOf(data.by_type) };
  },
  // The ids of all leads come with it: not to be kept.
  staleTime: 30_000,
});

/** How many leads the filter leaves. */
export function leadCountOf(filter: LeadFilter) {
  return queryOptions({
    queryKey: [...leadSubjects.leads, 'count', queryOf(filter)],
    queryFn: async ({ signal }) => {
      const data = await answer(api.POST('/api/leads/statistics/filtered', { body: bodyOf(filter), signal }));
      return 'total_count' in data ? data.total_count : 0;
    },
    placeholderData: keepPreviousData,
  });
}

export interface LeadPageChoice {
  page: number;
  pageSize: number;
  text: string;
  filter: LeadFilter;
}

export function leadsOf({ page, pageSize, text, filter }: LeadPageChoice) {
  const query = { page, page_size: pageSize, ...(text ? { q: text } : {}), ...queryOf(filter) };
  return queryOptions({
    queryKey: [...leadSubjects.leads, 'page', query],
    queryFn: ({ signal }) => answer(api.GET('/api/leads', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  });
}

export function leadOf(id: string) {
  return queryOptions({
    queryKey: [...leadSubjects.leads, 'one', id],
    queryFn: ({ signal }) => answer(api.GET('/api/leads/{leads_id}', { params: { path: { leads_id: id } }, signal })),
  });
}
