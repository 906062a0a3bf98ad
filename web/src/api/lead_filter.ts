/** Which leads: the filter that lists, statistics and new tasks share, and its forms in a query, a body and the address. */
import type { components } from './schema';

export const timeFields = ['first_follow', 'latest_follow', 'next_follow', 'first_arrive'] as const;
export type TimeField = (typeof timeFields)[number];

/** Days, `YYYY-MM-DD`, both included; an empty one is open. */
export interface DayRange {
  start: string;
  end: string;
}

export interface LeadFilter {
  products: readonly string[];
  types: readonly string[];
  /** null: whether they have been to the shop or not. */
  arrived: 0 | 1 | null;
  /** Ranges of one field are alternatives, fields must all match. */
  ranges: Readonly<Record<TimeField, readonly DayRange[]>>;
}

export const noFilter: LeadFilter = {
  products: [],
  types: [],
  arrived: null,
  ranges: { first_follow: [], latest_follow: [], next_follow: [], first_arrive: [] },
};

type Names = 'leads_product' | 'leads_type' | 'is_arrive' | `${TimeField}_ranges`;
/** Every parameter that a filter may have in the address. */
export const filterNames: readonly Names[] = [
  'leads_product',
  'leads_type',
  'is_arrive',
  ...timeFields.map((field) => `${field}_ranges` as const),
];
export type LeadQuery = Partial<Record<Names, string>>;

const day = /^\d{4}-\d{2}-\d{2}$/;

/** The same range with its days in order. */
export function inOrder({ start, end }: DayRange): DayRange {
  return start && end && start > end ? { start: end, end: start } : { start, end };
}

/** As search parameters, of the API and of the address; nothing where nothing is filtered. */
export function queryOf(filter: LeadFilter): LeadQuery {
  const query: LeadQuery = {};
  if (filter.products.length > 0) query.leads_product = filter.products.join(',');
  if (filter.types.length > 0) query.leads_type = filter.types.join(',');
  if (filter.arrived !== null) query.is_arrive = String(filter.arrived);
  for (const field of timeFields) {
    const ranges = filter.ranges[field].map(({ start, end }) => `${start},${end}`);
    if (ranges.length > 0) query[`${field}_ranges`] = ranges.join(';');
  }
  return query;
}

/** As the body of a task; lists, so that a comma in a product is one. */
export function bodyOf(filter: LeadFilter): components['schemas']['LeadFilter'] {
  const { leads_product: _products, leads_type: _types, is_arrive: _arrived, ...ranges } = queryOf(filter);
  return {
    leads_product: [...filter.products],
    leads_type: [...filter.types],
    ...(filter.arrived === null ? {} : { is_arrive: [filter.arrived] }),
    ...ranges,
  };
}

function words(text: string | null): string[] {
  return [...new Set((text ?? '').split(',').filter((word) => word !== ''))];
}

function rangesOf(text: string | null): DayRange[] {
  return (text ?? '').split(';').flatMap((part) => {
    const [start = '', end = ''] = part.split(',');
    const valid = (start === '' || day.test(start)) && (end === '' || day.test(end)) && start + end !== '';
    return valid ? [inOrder({ start, end })] : [];
  });
}

/** From the address; what makes no sense there counts as absent. */
export function leadFilterOf(search: URLSearchParams): LeadFilter {
  const arrived = search.get('is_arrive');
  const ranges: Record<TimeField, readonly DayRange[]> = { ...noFilter.ranges };
  for (const field of timeFields) ranges[field] = rangesOf(search.get(`${field}_ranges`));
  return {
    products: words(search.get('leads_product')),
    types: words(search.get('leads_type')),
    arrived: arrived === '0' ? 0 : arrived === '1' ? 1 : null,
    ranges,
  };
}

export function isFiltering(filter: LeadFilter): boolean {
  return Object.keys(queryOf(filter)).length > 0;
}
