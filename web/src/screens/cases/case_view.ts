/** What a case says about its parties, apart from how it is drawn. */
import { callTypes, isActive, type CaseCallFilter } from '../../api/case_calls';
import type { CaseCall, CaseParty, CaseRecord } from '../../api/types';
import { statusOf } from '../calls/call_view';
import type { Answer } from './case_answers';

export interface PartyState {
  party: CaseParty;
  /** Newest first. */
  calls: CaseCall[];
  active: CaseCall | null;
  /** Why the person was not called when it was last asked for; null while a call is under way. */
  refusal: Answer | null;
}

export function partiesOf(of: CaseRecord, answers: readonly Answer[]): PartyState[] {
  return of.parties.map((party) => {
    const calls = of.calls.filter((call) => call.personId === party.personId).sort((one, other) => other.id - one.id);
    const active = calls.find(isActive) ?? null;
    const last = answers.find((entry) => entry.personId === party.personId && entry.errorCode !== 0);
    return { party, calls, active, refusal: active ? null : (last ?? null) };
  });
}

/** Calls of persons that the case does not name any more. */
export function formerCalls(of: CaseRecord): CaseCall[] {
  return of.calls.filter((call) => !of.parties.some((party) => party.personId === call.personId));
}

/** How many persons are called or were, of those that were asked about; null when all are, or nobody was asked about. */
export function partialSuccess(answers: readonly Answer[]): { called: number; all: number } | null {
  const called = answers.filter((entry) => entry.errorCode === 0).length;
  return called === answers.length ? null : { called, all: answers.length };
}

export function stateOfCall(call: Pick<CaseCall, 'callStatus' | 'callStatusText'>): { text: string; color: string } {
  return statusOf({ Status: call.callStatus, StatusText: call.callStatusText });
}

/** States to filter by: any word but the three last ones finds what has not ended. */
export const filterStates = ['Executing', 'Succeeded', 'Failed', 'Cancelled'] as const;

/** The filter in the address; what makes no sense there is left out. */
export function filterOf(search: URLSearchParams): CaseCallFilter {
  const page = Number(search.get('page'));
  return {
    page: Number.isSafeInteger(page) && page > 0 ? page : 1,
    status: filterStates.find((known) => known === search.get('status')) ?? '',
    type: callTypes.find((known) => known === search.get('type')) ?? '',
  };
}

/** Whether a text can be a case's id. */
export function isCaseId(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(text);
}
