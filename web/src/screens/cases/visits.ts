/** The page's visits to cases: where their marks lie, how tabs take turns, and what is asked. */
import { useEffect, useSyncExternalStore } from 'react';
import { caseOf, caseSubject } from '../../api/case_calls';
import { answer, api } from '../../api/client';
import { queryClient } from '../../app/query_client';
import { remember } from './case_answers';
import { CaseVisits, type VisitState } from './case_visit';

const visits = new CaseVisits({
  marks: sessionStorage,
  // Pages that came neither over TLS nor from this machine have no locks; then the daemon alone sees to it.
  inTurn: async (name, run) => ('locks' in navigator ? navigator.locks.request(name, run) : run()),
  load: (caseId) => queryClient.fetchQuery({ ...caseOf(caseId), staleTime: 0 }),
  call: ({ caseId, mediationId }) =>
    answer(api.POST('/api/v1/outbound-bot/call-v2', { body: { caseId, mediationId, callAuto: 0 } })),
  answered: (caseId, entries) => {
    remember(caseId, entries);
    void queryClient.invalidateQueries({ queryKey: caseSubject });
  },
});

/** Has the parties called while the case is shown, once a visit; answers how that stands. */
export function useVisit(caseId: string): { state: VisitState; again: () => void } {
  useEffect(() => visits.open(caseId), [caseId]);
  const state = useSyncExternalStore(
    (listener) => visits.subscribe(listener),
    () => visits.stateOf(caseId),
  );
  return { state, again: () => void visits.again(caseId) };
}
