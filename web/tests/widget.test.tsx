import { act, render } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { CaseCall } from '../src/api/types';
import { session } from '../src/app/session';
import { rightsOf, roleRefused, useRights } from '../src/app/rights';
import { useNow } from '../src/parts/now';
import { choice, elapsed, isOpen, stackOf } from '../src/screens/widget/widget_view';

const call = (id: number, callStatus: string, monitorError: string | null = null): CaseCall =>
  ({ id, callStatus, monitorError, requestTime: '2026-11-22 10:30:00' }) as CaseCall;

afterEach(() => {
  vi.useRealTimers();
  localStorage.clear();
});

describe('the calls under way', () => {
  it('are stacked with the oldest nearest to the corner; what ended or is followed no more is gone', () => {
    const calls = [call(1, 'Executing'), call(4, 'Paused'), call(2, 'Succeeded'), call(3, 'Cancelled'), call(5, 'Executing', 'lost')];
    expect(stackOf(calls).map(({ id }) => id)).toEqual([4, 1]);
  });

  it('have lasted as long as the clock of the service says, not the browser\'s', () => {
    const now = Date.UTC(2026, 10, 22, 2, 30, 0);
    const eastOfGreenwich = 8 * 3_600_000;
    expect(elapsed(call(1, 'Executing'), now + 65_000, eastOfGreenwich)).toBe(65_000);
    expect(elapsed(call(1, 'Executing'), now - 5_000, eastOfGreenwich)).toBe(0);
    expect(elapsed(call(1, 'Executing'), now, undefined)).toBeNull();
  });

  it('are shown while there are any and there is room, unless somebody chose otherwise', () => {
    expect([isOpen('', 0, true), isOpen('', 1, true), isOpen('', 1, false)]).toEqual([false, true, false]);
    expect([isOpen('open', 0, false), isOpen('minimised', 3, true)]).toEqual([true, false]);
  });

  it('stay as they were chosen, and another tab follows', () => {
    const told = vi.fn();
    const leave = choice.subscribe(told);
    choice.set('minimised');
    expect([choice.get(), told.mock.calls.length]).toEqual(['minimised', 1]);
    window.dispatchEvent(new StorageEvent('storage', { key: 'waihu.widget' }));
    expect(told).toHaveBeenCalledTimes(2);
    leave();
  });
});

describe('what ticks', () => {
  it('ticks by the second for all who show it, and no timer is left behind', () => {
    vi.useFakeTimers();
    vi.setSystemTime(10_000);
    const Clock = () => <i>{Math.floor(useNow() / 1000)}</i>;
    const { container, unmount } = render(<><Clock /><Clock /></>);
    expect(container.textContent).toBe('1010');
    expect(vi.getTimerCount()).toBe(1);
    act(() => vi.advanceTimersByTime(2_000));
    expect(container.textContent).toBe('1212');
    unmount();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('rights', () => {
  const Told = () => {
    const { mayWrite, mayAdminister } = useRights();
    return <i>{`${mayWrite} ${mayAdminister}`}</i>;
  };
  const grant = (id: number, role?: string) =>
    ({ access_token: 't', expires_in: 60, user_info: { id, username: 'u', role } }) as never;

  it('are those of the role that came with the login, also when it changes', () => {
    expect(rightsOf('admin')).toEqual({ mayWrite: true, mayAdminister: true });
    session.granted(grant(3, 'viewer'));
    const { container } = render(<Told />);
    expect(container.textContent).toBe('false false');
    act(() => session.granted(grant(3, 'operator')));
    expect(container.textContent).toBe('true false');
    act(() => roleRefused('/api/users'));
    expect(container.textContent).toBe('true false');
  });

  it('are all there until the daemon refuses; the next user begins anew', () => {
    session.granted(grant(1));
    const { container } = render(<Told />);
    expect(container.textContent).toBe('true true');
    act(() => roleRefused('/api/config/check'));
    expect(container.textContent).toBe('true false');
    act(() => roleRefused('/api/v1/outbound-bot/call-v2'));
    expect(container.textContent).toBe('false false');
    act(() => session.granted(grant(2)));
    expect(container.textContent).toBe('true true');
  });
});
