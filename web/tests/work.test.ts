import { describe, expect, it } from 'vitest';
import { IdempotencyKeys } from '../src/api/idempotency';
import { bodyOf, isFiltering, leadFilterOf, noFilter, queryOf, type LeadFilter } from '../src/api/lead_filter';
import type { ExecutionRun } from '../src/api/types';
import { withDrawer, withoutDrawer } from '../src/app/drawers';
import { pagesOf, sightOf } from '../src/screens/calls/scroll_window';
import { faultOfFile, importLimitBytes, leadPageOf, rejectedAsCsv } from '../src/screens/leads/lead_view';
import { newSceneOf } from '../src/screens/scenes/scene_fields';
import { typeIn } from '../src/screens/tasks/TaskList';
import { isName, percentOfRun } from '../src/screens/tasks/task_view';

const filter: LeadFilter = {
  products: ['轿车', '越野'],
  types: [],
  arrived: 0,
  ranges: { ...noFilter.ranges, first_follow: [{ start: '2026-11-01', end: '2026-11-30' }, { start: '2026-12-24', end: '' }] },
};

describe('a filter of leads', () => {
  it('comes back from the address as it was', () => {
    expect(leadFilterOf(new URLSearchParams(queryOf(filter)))).toEqual(filter);
    expect(leadFilterOf(new URLSearchParams())).toEqual(noFilter);
  });

  it('leaves out of the address what makes no sense there', () => {
    const search = new URLSearchParams('is_arrive=2&leads_product=,,a,a&next_follow_ranges=x,y;,;2026-12-02,2026-12-01;2026-13');
    const read = leadFilterOf(search);
    expect(read.arrived).toBeNull();
    expect(read.products).toEqual(['a']);
    expect(read.ranges.next_follow).toEqual([{ start: '2026-12-01', end: '2026-12-02' }]);
  });

  it('names no filter where none is chosen, and gives a task lists, so that a comma in a product stays', () => {
    expect(isFiltering(noFilter)).toBe(false);
    expect(isFiltering(filter)).toBe(true);
    expect(bodyOf(noFilter)).toEqual({ leads_product: [], leads_type: [] });
    expect(bodyOf({ ...filter, products: ['a,b'] })).toEqual({
      leads_product: ['a,b'],
      leads_type: [],
      is_arrive: [0],
      first_follow_ranges: '2026-11-01,2026-11-30;2026-12-24,',
    });
  });
});

describe('a key of a request that is not to be done twice', () => {
  it('stays for the same body until it was done, and changes with the body', () => {
    const keys = new IdempotencyKeys();
    const first = keys.keyFor({ a: 1 });
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    expect(keys.keyFor({ a: 1 })).toBe(first);
    const second = keys.keyFor({ a: 2 });
    expect(second).not.toBe(first);
    keys.done();
    expect(keys.keyFor({ a: 2 })).not.toBe(second);
  });
});

describe('rejected rows', () => {
  it('are a table whose cells no spreadsheet takes for formulas or for more cells', () => {
    const errors = [{ row: 3, leads_id: '=HYPERLINK("x")', field: 'leads_user_phone', reason: '不对,真的' }];
    expect(rejectedAsCsv(errors, ['行', '编号', '列', '原因'])).toBe(
      '\ufeff行,编号,列,原因\r\n3,"\'=HYPERLINK(""x"")",leads_user_phone,"不对,真的"\r\n',
    );
  });
});

describe('a file', () => {
  it('is not sent when it is of another kind, empty or above the limit', () => {
    expect(faultOfFile({ name: 'a.XLSX', size: 10 })).toBeNull();
    expect(faultOfFile({ name: 'a.csv.exe', size: 10 })).toBe('type');
    expect(faultOfFile({ name: 'a.csv', size: 0 })).toBe('empty');
    expect(faultOfFile({ name: 'a.csv', size: importLimitBytes })).toBe('size');
  });
});

describe('the page of leads', () => {
  it('is read with care from the address', () => {
    expect(leadPageOf(new URLSearchParams('p=3&n=100&q=%E7%8E%8B'))).toEqual({ page: 3, pageSize: 100, text: '王' });
    expect(leadPageOf(new URLSearchParams('p=-1&n=7'))).toEqual({ page: 1, pageSize: 20, text: '' });
  });
});

describe('a new scene', () => {
  it('holds what was written, without blanks around and without what was left empty', () => {
    expect(newSceneOf({ scene_name: ' 邀约 ', bot_name: '小星', bot_age: ' ', dialogue_bg: '背景' })).toEqual({
      scene_name: '邀约',
      bot_name: '小星',
      dialogue_bg: '背景',
      scene_type: 2,
    });
  });
});

describe('a task', () => {
  it('has a name of 1 to 50 characters, whatever they take in memory', () => {
    expect([isName(''), isName('  '), isName('😀'.repeat(50)), isName('😀'.repeat(51))]).toEqual([false, false, true, false]);
  });

  it('is filtered by the states that a list offers and no other', () => {
    expect([typeIn('5', [2, 5]), typeIn('1', [2, 5]), typeIn(null, [2])]).toEqual([5, 0, 0]);
  });

  it('is looked at to 100 % only when the run says that it is done', () => {
    const run = { status: 'running', processed_jobs: 80, total_jobs: 80 } as ExecutionRun;
    expect(percentOfRun(run)).toBe(99);
    expect(percentOfRun({ ...run, status: 'done' })).toBe(100);
    expect(percentOfRun({ ...run, total_jobs: 0 })).toBe(0);
  });
});

describe('a long list', () => {
  it('draws what is in sight and a little more, and asks for the pages that hold it', () => {
    expect(sightOf(0, 480, 100_000)).toEqual({ first: 0, last: 17 });
    expect(pagesOf(sightOf(0, 480, 100_000))).toEqual([1]);
    const middle = sightOf(56 * 99, 480, 100_000);
    expect(pagesOf(middle)).toEqual([1, 2]);
    expect(sightOf(56 * 99_999, 480, 100_000)).toEqual({ first: 99_991, last: 99_999 });
    expect(sightOf(56 * 500, 480, 3)).toEqual({ first: 2, last: 2 });
  });
});

describe('drawers that share a parameter', () => {
  it('keep it while one of them is open', () => {
    const task = withDrawer(new URLSearchParams(), 'task', { task: 3 });
    const calls = withDrawer(task, 'calls', { task: 3, page: 2 });
    expect(withoutDrawer(calls, 'calls').toString()).toBe('drawer=task&task=3');
    expect(withoutDrawer(calls, 'task').toString()).toBe('');
  });
});
