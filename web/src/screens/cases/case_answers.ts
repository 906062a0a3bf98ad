/**
 * What became of calling each party, as the daemon last answered. Kept for this browser, so that a reload and another tab
 * tell the same; forgotten at logout.
 */
import { useSyncExternalStore } from 'react';
import type { CaseCallEntry } from '../../api/types';
import { session } from '../../app/session';
import { storedText } from '../../app/stored_text';

export type Answer = Pick<CaseCallEntry, 'personId' | 'errorCode' | 'message' | 'startTime' | 'callInterval'>;

const stored = storedText('waihu.case-answers');
/** Cases that are remembered; the oldest goes first. */
const mostCases = 50;
const none: readonly Answer[] = [];
let text = '';
let known: Record<string, readonly Answer[]> = {};

/** Another organisation's case may have the same id. */
function nameOf(caseId: string): string {
  return `${session.get().user?.dcc_user_org_id ?? ''}/${caseId}`;
}

function read(): Record<string, readonly Answer[]> {
  const now = stored.get();
  if (now !== text) {
    text = now;
    try {
      known = JSON.parse(now || '{}') as Record<string, readonly Answer[]>;
    } catch {
      known = {};
    }
  }
  return known;
}

function write(next: Record<string, readonly Answer[]>): void {
  known = next;
  text = JSON.stringify(next);
  stored.set(text);
}

export function answersOf(caseId: string): readonly Answer[] {
  return read()[nameOf(caseId)] ?? none;
}

/** Remembers what was answered now; of persons who were not asked about, what was answered before stays. */
export function remember(caseId: string, entries: readonly CaseCallEntry[]): void {
  const fresh = entries.map(({ personId, errorCode, message, startTime, callInterval }) => ({
    personId,
    errorCode,
    message,
    startTime,
    callInterval,
  }));
  const kept = answersOf(caseId).filter((old) => !fresh.some((entry) => entry.personId === old.personId));
  const { [nameOf(caseId)]: _replaced, ...others } = read();
  const newest = Object.entries(others).slice(1 - mostCases);
  write({ ...Object.fromEntries(newest), [nameOf(caseId)]: [...kept, ...fresh] });
}

session.subscribe(() => {
  if (!session.get().token && Object.keys(read()).length > 0) write({});
});

export function useAnswers(caseId: string): readonly Answer[] {
  return useSyncExternalStore(stored.subscribe, () => answersOf(caseId));
}
