import { describe, expect, it } from 'vitest';
import { stackOf, withDrawer, withoutDrawer } from '../src/app/drawers';
import { clock, count, maskedPhone } from '../src/parts/format';
import { percentDone } from '../src/parts/task_parts';
import { filterOf, linesOf, taskIdOf } from '../src/screens/calls/call_view';
import type { CallJob } from '../src/api/types';

describe('figures', () => {
  it('show durations as a clock, whole seconds rounded down', () => {
    expect([0, 999, 61_000, 3_599_999, 3_600_000, -5].map(clock)).toEqual(['00:00', '00:00', '01:01', '59:59', '1:00:00', '00:00']);
  });

  it('separate thousands and hide the middle of a number', () => {
    expect(count(1234567)).toBe('1,234,567');
    expect([maskedPhone('13800000001'), maskedPhone('12345')]).toEqual(['138****0001', '12345']);
  });

  it('say 100 % only when every call is over', () => {
    const progress = { total_jobs: 1000, scheduling: 0, executing: 1, total_completed: 900, failed: 99 };
    expect(percentDone(progress)).toBe(99);
    expect(percentDone({ total_jobs: 0, scheduling: 0, executing: 0, total_completed: 0, failed: 0 })).toBe(0);
  });
});

describe('the address', () => {
  it('opens drawers on top of one another and closes what lies above', () => {
    const one = withDrawer(new URLSearchParams(), 'monitor', {});
    const two = withDrawer(withDrawer(one, 'calls', { task: 3, page: 2 }), 'call', { call: 9 });
    expect(two.toString()).toBe('drawer=monitor.calls.call&task=3&page=2&call=9');
    expect(withoutDrawer(two, 'calls').toString()).toBe('drawer=monitor');
    expect(withoutDrawer(two, 'monitor').toString()).toBe('');
  });

  it('forgets what belonged to a drawer when it is opened for something else', () => {
    const first = withDrawer(new URLSearchParams(), 'calls', { task: 3, page: 2, interest: 1 });
    expect(withDrawer(first, 'calls', { task: 4 }).toString()).toBe('drawer=calls&task=4');
  });

  it('is read with care: what makes no sense counts as absent', () => {
    const search = new URLSearchParams('drawer=nonsense.calls.calls&task=-1&page=x&size=7&interest=9&followed=true');
    expect(stackOf(search)).toEqual(['calls']);
    expect(taskIdOf(search)).toBe(0);
    expect(filterOf(search)).toEqual({ page: 1, pageSize: 20, onlyFollowed: false, interest: null, outcome: null });
    expect(filterOf(new URLSearchParams('outcome=not_reached')).outcome).toBe('not_reached');
    expect(filterOf(new URLSearchParams('outcome=none')).outcome).toBeNull();
  });
});

describe('a conversation', () => {
  it('leaves out lines that are none and keeps the rest', () => {
    const Conversation = [{ Speaker: 'Robot', Script: '您好', Timestamp: 5 }, null, { Script: 3 }, { Speaker: 'Contact', Script: '<b>不要</b>' }];
    const call = { Tasks: [{ Conversation }] } as unknown as CallJob;
    expect(linesOf(call)).toEqual([
      { robot: true, text: '您好', at: 5 },
      { robot: false, text: '<b>不要</b>', at: 0 },
    ]);
  });
});
