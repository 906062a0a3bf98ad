/** What tasks' screens compute, apart from how it is drawn. */
import type { ExecutionRun } from '../../api/types';

/** Whole percent of a run; 100 only when it is done. */
export function percentOfRun({ status, processed_jobs, total_jobs }: ExecutionRun): number {
  if (status === 'done') return 100;
  return total_jobs === 0 ? 0 : Math.min(99, Math.floor((100 * processed_jobs) / total_jobs));
}

export const longestName = 50;

/** A name that the daemon takes: something to read, in at most 50 characters, not UTF-16 units. */
export function isName(name: string): boolean {
  return name.trim() !== '' && [...name.trim()].length <= longestName;
}

export const skipReasons = ['invalid_phone', 'duplicate_phone', 'do_not_call'] as const;
