/**
 * What the user may do: by the role that came with the login, and less once the daemon has refused something (403), since a
 * role can be taken away while the page is open. A login kept from before roles were told may try everything.
 */
import { useSyncExternalStore } from 'react';
import { session } from './session';

export interface Rights {
  mayWrite: boolean;
  mayAdminister: boolean;
}

const all: Rights = { mayWrite: true, mayAdminister: true };
/** Paths that only administrators may use. */
const administration = /^\/api\/(config\/check|create_organization|dcc\/user\/(create|list|\{id\}\/status)|users|organizations|cluster)/;
const listeners = new Set<() => void>();

/** What a role may do, by http-api.md. */
export function rightsOf(role: string | undefined): Rights {
  return role === undefined ? all : { mayWrite: role !== 'viewer', mayAdminister: role === 'admin' };
}

const holderNow = (): string => `${session.get().user?.id} ${session.get().user?.role}`;
let holder = holderNow();
let rights = rightsOf(session.get().user?.role);

function set(next: Rights): void {
  rights = next;
  listeners.forEach((listener) => listener());
}

/** The daemon answered 403 to a request of this path. Reading is everybody's, so it was a role that was missing. */
export function roleRefused(schemaPath: string): void {
  set(administration.test(schemaPath) ? { ...rights, mayAdminister: false } : { mayWrite: false, mayAdminister: false });
}

session.subscribe(() => {
  if (holderNow() === holder) return;
  holder = holderNow();
  set(rightsOf(session.get().user?.role));
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
