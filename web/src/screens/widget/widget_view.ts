/** What the widget shows of the calls under way, apart from how it is drawn. */
import { daemonTime, isActive } from '../../api/case_calls';
import type { CaseCall } from '../../api/types';
import { storedText } from '../../app/stored_text';

/**
 * Calls to be shown, the newest on top, so that the oldest lies nearest to the corner. A call that the daemon has given up
 * following is none of them: nobody knows whether it goes on.
 */
export function stackOf(calls: readonly CaseCall[]): CaseCall[] {
  return calls.filter((call) => isActive(call) && call.monitorError === null).sort((one, other) => other.id - one.id);
}

/** Milliseconds since the call was asked for; null until the daemon's clock is known. */
export function elapsed(call: Pick<CaseCall, 'requestTime'>, nowMs: number, clockDifference: number | undefined): number | null {
  return clockDifference === undefined ? null : Math.max(0, nowMs + clockDifference - daemonTime(call.requestTime));
}

/** What the user chose; '' when nothing was chosen yet. */
export type Choice = '' | 'open' | 'minimised';

/** Whether bubbles are shown: as chosen, else when there are any and there is room for them. */
export function isOpen(choice: Choice, calls: number, hasRoom: boolean): boolean {
  return choice === '' ? calls > 0 && hasRoom : choice === 'open';
}

const stored = storedText('waihu.widget');

/** The choice is kept for this browser, so that a reload and another tab show the same. */
export const choice = {
  get(): Choice {
    const kept = stored.get();
    return kept === 'open' || kept === 'minimised' ? kept : '';
  },
  set(next: Choice): void {
    stored.set(next);
  },
  subscribe: stored.subscribe,
};
