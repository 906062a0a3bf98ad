/**
 * Opening a case has its parties called, once a visit. A visit begins when the case is shown and ends when the page is left
 * for another one; a reload goes on with it, and so does React when it mounts twice. While a call of the case is under way
 * nothing is sent, which another tab's call is, too: tabs take turns. The daemon places no second call in any case.
 */
import { isActive } from '../../api/case_calls';
import { ApiError, asApiError } from '../../api/errors';
import type { CaseCallEntry, CaseRecord } from '../../api/types';

/** `already`: a call was under way. `before`: sent earlier in this visit. */
export type VisitState =
  | { phase: 'calling' | 'called' | 'already' | 'before' }
  | { phase: 'failed'; error: ApiError };

/** What is outside of it, so that tests can say. */
export interface VisitWorld {
  /** Of this tab; survives a reload. */
  marks: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  /** Runs one after the other with whoever else has the same name, in any tab. */
  inTurn: (name: string, run: () => Promise<void>) => Promise<void>;
  load: (caseId: string) => Promise<CaseRecord>;
  call: (of: CaseRecord) => Promise<readonly CaseCallEntry[]>;
  /** Told what was answered. */
  answered: (caseId: string, entries: readonly CaseCallEntry[]) => void;
}

const calling: VisitState = { phase: 'calling' };

function markOf(caseId: string): string {
  return `waihu.case-visit.${caseId}`;
}

export class CaseVisits {
  private readonly shown = new Map<string, number>();
  private readonly states = new Map<string, VisitState>();
  private readonly listeners = new Set<() => void>();

  constructor(private readonly world: VisitWorld) {}

  /** A page shows the case; answers how to tell that it does no more. */
  open(caseId: string): () => void {
    this.shown.set(caseId, (this.shown.get(caseId) ?? 0) + 1);
    if (!this.states.has(caseId)) void this.begin(caseId);
    return () => {
      this.shown.set(caseId, (this.shown.get(caseId) ?? 1) - 1);
      // Who leaves and comes back within the same moment has not left.
      queueMicrotask(() => {
        if (this.shown.get(caseId) === 0) this.end(caseId);
      });
    };
  }

  stateOf(caseId: string): VisitState {
    return this.states.get(caseId) ?? calling;
  }

  /** Sends it again because somebody asks for it, or because it failed. */
  async again(caseId: string): Promise<void> {
    this.world.marks.removeItem(markOf(caseId));
    await this.begin(caseId);
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private set(caseId: string, state: VisitState): void {
    this.states.set(caseId, state);
    this.listeners.forEach((listener) => listener());
  }

  private end(caseId: string): void {
    this.shown.delete(caseId);
    this.states.delete(caseId);
    this.world.marks.removeItem(markOf(caseId));
  }

  private async begin(caseId: string): Promise<void> {
    if (this.world.marks.getItem(markOf(caseId)) !== null) return this.set(caseId, { phase: 'before' });
    this.set(caseId, calling);
    try {
      let phase: 'already' | 'called' = 'already';
      await this.world.inTurn(markOf(caseId), async () => {
        phase = await this.send(caseId);
      });
      if (this.shown.has(caseId)) this.world.marks.setItem(markOf(caseId), 'sent');
      this.set(caseId, { phase });
    } catch (thrown) {
      this.set(caseId, { phase: 'failed', error: asApiError(thrown) });
    }
    if (!this.shown.has(caseId)) this.end(caseId);
  }

  private async send(caseId: string): Promise<'already' | 'called'> {
    const of = await this.world.load(caseId);
    if (of.calls.some(isActive)) return 'already';
    this.world.answered(caseId, await this.world.call(of));
    return 'called';
  }
}
