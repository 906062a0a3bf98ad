/** Cases and their calls: what screens ask, and which events mean that the answers are old. */
import { queryOptions } from '@tanstack/react-query';
import { useState } from 'react';
import { answer, api } from './client';
import { useLiveQueries, type LiveEvent } from './live';
import type { CaseCall, CaseCallType } from './types';

export const callTypes: readonly CaseCallType[] = ['intent_survey', 'fact_finding', 'material_verify', 'agreement', 'follow_up'];

const over: readonly string[] = ['Succeeded', 'Failed', 'Cancelled'];

export function isActive(call: Pick<CaseCall, 'callStatus'>): boolean {
  return !over.includes(call.callStatus);
}

/** All answers about cases begin with it. */
export const caseSubject = ['case-calls'] as const;

/** Between looks at calls that are under way: the provider's states are told by no event of their own. */
export const lookIntervalMs = 10_000;

/** Calls that have not ended, newest first; the daemon takes any word but the three last ones for that. */
export const liveCaseCalls = queryOptions({
  queryKey: [...caseSubject, 'live'],
  queryFn: ({ signal }) =>
    answer(api.GET('/api/v1/outbound-bot/tasks', { params: { query: { status: 'Executing', size: 100 } }, signal })),
  refetchInterval: lookIntervalMs,
});

export function caseOf(caseId: string) {
  return queryOptions({
    queryKey: [...caseSubject, 'case', caseId],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/outbound-bot/cases/{caseId}', { params: { path: { caseId } }, signal })),
    refetchInterval: ({ state }) => (state.data?.calls.some(isActive) ? lookIntervalMs : false),
  });
}

export interface CaseCallFilter {
  page: number;
  /** The provider's word, '' for all. */
  status: string;
  type: CaseCallType | '';
}

export function caseCallsOf({ page, status, type }: CaseCallFilter) {
  return queryOptions({
    queryKey: [...caseSubject, 'page', page, status, type],
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/v1/outbound-bot/tasks', {
          params: { query: { page, ...(status ? { status } : {}), ...(type ? { type } : {}) } },
          signal,
        }),
      ),
  });
}

export const caseFigures = queryOptions({
  queryKey: [...caseSubject, 'figures'],
  queryFn: ({ signal }) => answer(api.GET('/api/v1/outbound-bot/statistics', { signal })),
});

export function caseCallOf(jobId: string) {
  return queryOptions({
    queryKey: [...caseSubject, 'call', jobId],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/outbound-bot/task/{jobId}', { params: { path: { jobId } }, signal })),
  });
}

export function conversationOf(jobId: string) {
  return queryOptions({
    queryKey: [...caseSubject, 'conversation', jobId],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/outbound-bot/conversation-log', { params: { query: { jobId } }, signal })),
  });
}

export function historyOf(jobId: string) {
  return queryOptions({
    queryKey: [...caseSubject, 'history', jobId],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v1/outbound-bot/task/{jobId}/logs', { params: { path: { jobId }, query: { size: 100 } }, signal })),
  });
}

/** Milliseconds of a time as the daemon writes it, in whatever zone it writes. */
export function daemonTime(text: string): number {
  return Date.parse(`${text.replace(' ', 'T')}Z`);
}

/** What to add to this browser's clock to have the daemon's, in the zone of its texts. */
export function daemonClockBy(caseRef: string) {
  return queryOptions({
    queryKey: ['daemon-clock'],
    queryFn: async ({ signal }) => {
      const now = await answer(api.GET('/api/v1/outbound-bot/status', { params: { query: { caseRef } }, signal }));
      return daemonTime(now.fetchTime) - Date.now();
    },
    staleTime: Infinity,
  });
}

/**
 * Tells which events are about calls of cases. Those of a call's end say so. Progress does not; but calls are added to a
 * case's task while it runs, never to a campaign, so a task whose size changes is one of cases.
 */
export class CaseEvents {
  private readonly tasks = new Set<number>();
  private readonly sizes = new Map<number, number>();

  concern(event: LiveEvent): boolean {
    if (event.kind === 'task') return true;
    if (event.data.caseCallId !== undefined) this.tasks.add(event.task_id);
    const size = event.data.total_jobs;
    if (event.kind === 'progress' && size !== undefined) {
      const before = this.sizes.get(event.task_id);
      this.sizes.set(event.task_id, size);
      if (before === undefined) return true;
      if (before !== size) this.tasks.add(event.task_id);
    }
    return this.tasks.has(event.task_id);
  }
}

/** Keeps every answer about cases current while the component is shown. */
export function useLiveCases(): void {
  const [events] = useState(() => new CaseEvents());
  useLiveQueries(['task', 'job', 'progress'], [caseSubject], (event) => events.concern(event));
}
