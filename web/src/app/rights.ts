/**
 * What the user may do, as far as the daemon has told: no answer says the role, so it is known from the first refusal (403).
 * Until then everything is offered; afterwards what would be refused again is not.
 */
import { useSyncExternalStore } from 'react';
import { session } from './session';

export interface Rights {
  mayWrite: boolean;
  mayAdminister: boolean;
}

const all: Rights = { mayWrite: true, mayAdminister: true };
const administrators = new Set([
  '/api/config/check',
  '/api/create_organization',
  '/api/dcc/user/create',
  '/api/dcc/user/list',
  '/api/dcc/user/{id}/status',
]);
const listeners = new Set<() => void>();
let rights = all;
let holder = session.get().user?.id;

function set(next: Rights): void {
  rights = next;
  listeners.forEach((listener) => listener());
}

/** The daemon answered 403 to a request of this path. Reading is everybody's, so it was a role that was missing. */
export function roleRefused(schemaPath: string): void {
  set(administrators.has(schemaPath) ? { ...rights, mayAdminister: false } : { mayWrite: false, mayAdminister: false });
}

session.subscribe(() => {
  const user = session.get().user?.id;
  if (user === holder) return;
  holder = user;
  set(all);
});

export function useRights(): Rights {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => rights,
  );
}
