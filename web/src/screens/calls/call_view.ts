/** What a call's row says, apart from how it is drawn; and what the address says about the page of calls. */
import type { CallFilter } from '../../api/queries';
import type { Attempt, CallJob, Interest, OutcomeFilter } from '../../api/types';
import { t, type Key } from '../../i18n';

export interface Line {
  robot: boolean;
  text: string;
  /** Milliseconds since the epoch; 0 when the provider did not say. */
  at: number;
}

export function lastAttempt(call: CallJob): Attempt | null {
  return call.Tasks[0] ?? null;
}

/** The lines of a conversation, as far as they are readable: it is the provider's text and may hold anything. */
export function readableLines(lines: readonly unknown[]): Line[] {
  return lines.flatMap((line) => {
    const { Speaker, Script, Timestamp } = (line ?? {}) as { Speaker?: unknown; Script?: unknown; Timestamp?: unknown };
    return typeof Script === 'string' && Script !== '' ? [{ robot: Speaker === 'Robot', text: Script, at: Number(Timestamp) || 0 }] : [];
  });
}

export function linesOf(call: CallJob): Line[] {
  return readableLines(lastAttempt(call)?.Conversation ?? []);
}

const statusColors: Record<string, string> = {
  Scheduling: 'processing',
  Executing: 'processing',
  Paused: 'warning',
  Drafted: 'default',
  Succeeded: 'success',
  Failed: 'error',
  Cancelled: 'default',
};

/** The status in the page's language; a word that is not known is shown as the provider gave it. */
export function statusOf(call: Pick<CallJob, 'Status' | 'StatusText'>): { text: string; color: string } {
  const key = `status.${call.Status}`;
  const known = call.Status === '' || call.Status in statusColors;
  return { text: known ? t(key as Key & `status.${string}`) : call.StatusText || call.Status, color: statusColors[call.Status] ?? 'default' };
}

export function isInterest(value: unknown): value is Interest {
  return value === 0 || value === 1 || value === 2;
}

/** In the order in which they are offered. */
export const outcomeFilters = [
  'unfinished', 'connected', 'machine', 'not_reached', 'not_dialled', 'failed', 'cancelled', 'unplaced',
] as const satisfies readonly OutcomeFilter[];

export const pageSizes = [20, 100, 500] as const;

/** Page and filters from the address; what makes no sense there is left out. */
export function filterOf(search: URLSearchParams): CallFilter {
  const page = Number(search.get('page'));
  const size = Number(search.get('size'));
  const interest = search.has('interest') ? Number(search.get('interest')) : null;
  return {
    page: Number.isInteger(page) && page > 0 ? page : 1,
    pageSize: pageSizes.find((known) => known === size) ?? pageSizes[0],
    onlyFollowed: search.get('followed') === '1',
    interest: isInterest(interest) ? interest : null,
    outcome: outcomeFilters.find((known) => known === search.get('outcome')) ?? null,
  };
}

/** The task in the address; 0 when there is none. */
export function taskIdOf(search: URLSearchParams): number {
  const id = Number(search.get('task'));
  return Number.isSafeInteger(id) && id > 0 ? id : 0;
}
