/**
 * Who is logged in, on this page and in every other tab of the browser: the token, when it ends, and the user. Kept in
 * localStorage so that a reload and a new tab go on. Knows nothing of how a token is got.
 */
import { useSyncExternalStore } from 'react';
import type { components } from '../api/schema';

export type User = components['schemas']['UserInfo'];

/** What login, registration and refresh answer. */
export type Grant = Pick<components['schemas']['Session'], 'access_token' | 'expires_in' | 'user_info'>;

/** Why there is no session: `expired` and `logout` are told on the login page. */
export type EndReason = 'none' | 'logout' | 'expired';

export interface SessionState {
  /** Empty when nobody is logged in. */
  token: string;
  user: User | null;
  /** Milliseconds since the epoch, by this browser's clock. */
  grantedAt: number;
  expiresAt: number;
  ended: EndReason;
}

const storageKey = 'waihu.session';
const nobody: SessionState = { token: '', user: null, grantedAt: 0, expiresAt: 0, ended: 'none' };
const listeners = new Set<() => void>();
let state: SessionState = read();

function read(): SessionState {
  try {
    const kept = JSON.parse(localStorage.getItem(storageKey) ?? 'null') as Partial<SessionState> | null;
    if (typeof kept?.token !== 'string' || typeof kept.user?.username !== 'string') return nobody;
    if (Number(kept.expiresAt) <= Date.now()) return { ...nobody, ended: 'expired' };
    return { ...nobody, ...kept } as SessionState;
  } catch {
    return nobody;
  }
}

function set(next: SessionState): void {
  state = next;
  try {
    if (next.token) localStorage.setItem(storageKey, JSON.stringify(next));
    else localStorage.removeItem(storageKey);
  } catch {
    // Without storage the session lasts as long as the page.
  }
  listeners.forEach((listener) => listener());
}

window.addEventListener('storage', (event) => {
  if (event.key !== storageKey && event.key !== null) return;
  const before = state;
  state = read();
  if (!state.token && before.token && state.ended === 'none') state = { ...nobody, ended: 'logout' };
  listeners.forEach((listener) => listener());
});

export const session = {
  get: (): SessionState => state,

  /** A token was given. */
  granted(grant: Grant, nowMs: number = Date.now()): void {
    set({
      token: grant.access_token,
      user: grant.user_info,
      grantedAt: nowMs,
      expiresAt: nowMs + grant.expires_in * 1000,
      ended: 'none',
    });
  },

  /** The user's record changed (binding); the token stays. */
  userChanged(user: User): void {
    set({ ...state, user });
  },

  /** Forgets the token; the login page tells why. Does nothing when nobody is logged in. */
  end(reason: Exclude<EndReason, 'none'>): void {
    if (state.token) set({ ...nobody, ended: reason });
  },

  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

/** Whether three quarters of the token's life are over: time for a new one while this one still counts. */
export function tokenIsAgeing(now: SessionState, nowMs: number): boolean {
  return now.token !== '' && nowMs < now.expiresAt && nowMs > now.grantedAt + 0.75 * (now.expiresAt - now.grantedAt);
}

export function useSession(): SessionState {
  return useSyncExternalStore(session.subscribe, session.get);
}
