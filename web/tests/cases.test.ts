import { describe, expect, it, vi } from 'vitest';
import { CaseEvents, daemonTime } from '../src/api/case_calls';
import type { LiveEvent } from '../src/api/live';
import type { CaseCall, CaseCallEntry, CaseRecord } from '../src/api/types';
import { answersOf, remember } from '../src/screens/cases/case_answers';
import { filterOf, formerCalls, isCaseId, partialSuccess, partiesOf } from '../src/screens/cases/case_view';
import { CaseVisits, type VisitWorld } from '../src/screens/cases/case_visit';

const callOf = (id: number, personId: string, callStatus = 'Succeeded'): CaseCall => ({ id, personId, callStatus }) as CaseCall;
const caseWith = (calls: CaseCall[]): CaseRecord =>
  ({ caseId: 'C1', mediationId: 20, calls, parties: [{ personId: 'a' }, { personId: 'b' }] }) as CaseRecord;
const entryOf = (personId: string, errorCode: number): CaseCallEntry =>
  ({ personId, errorCode, message: 'm', startTime: null, callInterval: null }) as CaseCallEntry;

/** Several tabs of one browser over one daemon. */
class Browser {
  sent = 0;
  active = false;
  down = false;
  private turn: Promise<unknown> = Promise.resolve();

  /** A page of a tab; a reload is a new page over the same marks. */
  page(marks: Map<string, string>): CaseVisits {
    const world: VisitWorld = {
      marks: {
        getItem: (key) => marks.get(key) ?? null,
        setItem: (key, text) => void marks.set(key, text),
        removeItem: (key) => void marks.delete(key),
      },
      inTurn: (_name, run) => {
        const mine = this.turn.then(run);
        this.turn = mine.catch(() => undefined);
        return mine;
      },
      load: () => Promise.resolve(caseWith(this.active ? [callOf(1, 'a', 'Executing')] : [])),
      call: () => {
        if (this.down) return Promise.reject(new TypeError('down'));
        this.sent += 1;
        this.active = true;
        return Promise.resolve([entryOf('a', 0)]);
      },
      answered: () => undefined,
    };
    return new CaseVisits(world);
  }
}

const settled = (visits: CaseVisits): Promise<void> => vi.waitFor(() => expect(visits.stateOf('C1').phase).not.toBe('calling'));

describe('a visit to a case', () => {
  it('has the parties called once, though React mounts the page twice', async () => {
    const browser = new Browser();
    const page = browser.page(new Map());
    page.open('C1')();
    const leave = page.open('C1');
    await settled(page);
    expect([page.stateOf('C1').phase, browser.sent]).toEqual(['called', 1]);
    leave();
  });

  it('goes on after a reload, also when the calls are over by then', async () => {
    const browser = new Browser();
    const marks = new Map<string, string>();
    const page = browser.page(marks);
    page.open('C1');
    await settled(page);
    browser.active = false;
    const reloaded = browser.page(marks);
    reloaded.open('C1');
    await settled(reloaded);
    expect([reloaded.stateOf('C1').phase, browser.sent]).toEqual(['before', 1]);
  });

  it('sends nothing while a call is under way, of two tabs at the same moment one does', async () => {
    const browser = new Browser();
    const tabs = [browser.page(new Map()), browser.page(new Map())];
    tabs.forEach((tab) => tab.open('C1'));
    await Promise.all(tabs.map(settled));
    expect(tabs.map((tab) => tab.stateOf('C1').phase)).toEqual(['called', 'already']);
    expect(browser.sent).toBe(1);
  });

  it('ends when the page is left; the next one asks for the next round', async () => {
    const browser = new Browser();
    const page = browser.page(new Map());
    const leave = page.open('C1');
    await settled(page);
    leave();
    await Promise.resolve();
    browser.active = false;
    page.open('C1');
    await settled(page);
    expect(browser.sent).toBe(2);
  });

  it('that failed leaves no mark and is sent again on demand', async () => {
    const browser = new Browser();
    browser.down = true;
    const marks = new Map<string, string>();
    const page = browser.page(marks);
    page.open('C1');
    await settled(page);
    expect([page.stateOf('C1').phase, marks.size]).toEqual(['failed', 0]);
    browser.down = false;
    await page.again('C1');
    expect([page.stateOf('C1').phase, browser.sent]).toEqual(['called', 1]);
  });
});

describe('what a case says', () => {
  it('gives each party its calls, newest first, and a refusal only while no call is under way', () => {
    const of = caseWith([callOf(1, 'a'), callOf(3, 'a', 'Executing'), callOf(2, 'b'), callOf(4, 'gone')]);
    const answers = [entryOf('a', 1001), entryOf('b', 1003)];
    const [a, b] = partiesOf(of, answers);
    expect([a?.calls.map(({ id }) => id), a?.active?.id, a?.refusal]).toEqual([[3, 1], 3, null]);
    expect([b?.active, b?.refusal?.errorCode]).toEqual([null, 1003]);
    expect(formerCalls(of).map(({ id }) => id)).toEqual([4]);
  });

  it('is a partial success when some of those asked about were not called', () => {
    expect(partialSuccess([])).toBeNull();
    expect(partialSuccess([entryOf('a', 0)])).toBeNull();
    expect(partialSuccess([entryOf('a', 0), entryOf('b', 1002)])).toEqual({ called: 1, all: 2 });
  });

  it('remembers the last answer of each person, of persons who were not asked about the one before', () => {
    remember('C9', [entryOf('a', 1003), entryOf('b', 0)]);
    remember('C9', [entryOf('a', 0)]);
    expect(Object.fromEntries(answersOf('C9').map((entry) => [entry.personId, entry.errorCode]))).toEqual({ a: 0, b: 0 });
    expect(answersOf('C8')).toEqual([]);
  });

  it('takes from the address only what makes sense there', () => {
    expect(filterOf(new URLSearchParams('page=2&status=Failed&type=agreement'))).toEqual({ page: 2, status: 'Failed', type: 'agreement' });
    expect(filterOf(new URLSearchParams('page=-1&status=x&type=y'))).toEqual({ page: 1, status: '', type: '' });
    expect([isCaseId('A-1_b'), isCaseId(''), isCaseId('张'), isCaseId('a/b')]).toEqual([true, false, false, false]);
  });
});

describe('events', () => {
  const event = (kind: string, task_id: number, data: object = {}): LiveEvent => ({ kind, task_id, data }) as LiveEvent;

  it('concern cases when they name a case call, or a task that grows, and not each step of a campaign', () => {
    const events = new CaseEvents();
    expect(events.concern(event('task', 1))).toBe(true);
    expect(events.concern(event('job', 5, { status: 'Succeeded' }))).toBe(false);
    expect(events.concern(event('progress', 5, { total_jobs: 900 }))).toBe(true);
    expect(events.concern(event('progress', 5, { total_jobs: 900 }))).toBe(false);
    expect(events.concern(event('progress', 7, { total_jobs: 1 }))).toBe(true);
    expect(events.concern(event('progress', 7, { total_jobs: 2 }))).toBe(true);
    expect(events.concern(event('progress', 7, { total_jobs: 2 }))).toBe(true);
    expect(events.concern(event('job', 8, { caseCallId: 3 }))).toBe(true);
    expect(events.concern(event('progress', 8, { total_jobs: 1 }))).toBe(true);
  });

  it('are told in times whose zone does not matter', () => {
    expect(daemonTime('2026-11-22 10:30:05') - daemonTime('2026-11-22 10:29:00')).toBe(65_000);
  });
});
