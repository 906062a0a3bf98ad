/**
 * State changes as they happen: one event stream for the whole page, however many parts listen. EventSource cannot carry the
 * token in a header, so the stream is read with fetch. A stream that breaks is resumed behind the last event; while none can
 * be had, listeners are told to look for themselves every few seconds.
 */
import { useQueryClient, type QueryKey } from '@tanstack/react-query';
import { useEffect, useRef, useSyncExternalStore } from 'react';
import { session } from '../app/session';
import { EventStreamReader, type StreamMessage } from './event_stream';
import type { components } from './schema';

export type LiveEvent = components['schemas']['Event'];
export type LiveKind = LiveEvent['kind'];
/** `null` instead of an event: something may have changed, nobody can say what. */
export type LiveHandler = (event: LiveEvent | null) => void;
export type LiveState = 'idle' | 'connecting' | 'open' | 'polling';

/** What time and network are, so that tests can say. */
export interface LiveWorld {
  fetch: typeof fetch;
  token: () => string;
  tokenRefused: () => void;
  random: () => number;
}

/** Between looks while there is no stream. */
export const pollIntervalMs = 5_000;
const firstBackOffMs = 500;
const longestBackOffMs = 15_000;
/** Failures in a row after which listeners are told to poll. */
const patience = 2;
/** The daemon gives a sign of life every 15 s. */
const silenceMs = 40_000;

export class LiveConnection {
  private listeners = new Set<{ kinds: ReadonlySet<LiveKind>; handler: LiveHandler }>();
  private stateListeners = new Set<() => void>();
  private current: LiveState = 'idle';
  private lastEventId = '';
  private failures = 0;
  private abort: AbortController | null = null;
  private pollTimer: ReturnType<typeof setInterval> | undefined;
  private wake: (() => void) | null = null;

  constructor(private readonly world: LiveWorld) {}

  get state(): LiveState {
    return this.current;
  }

  subscribe(kinds: readonly LiveKind[], handler: LiveHandler): () => void {
    const listener = { kinds: new Set(kinds), handler };
    this.listeners.add(listener);
    this.start();
    return () => {
      this.listeners.delete(listener);
      // Between two screens nobody listens for a moment: no reason to hang up.
      queueMicrotask(() => {
        if (this.listeners.size === 0) this.stop();
      });
    };
  }

  onState(listener: () => void): () => void {
    this.stateListeners.add(listener);
    return () => this.stateListeners.delete(listener);
  }

  /** The network came back, or somebody logged in: no need to wait for the next attempt. */
  hurry(): void {
    this.wake?.();
  }

  /** Hangs up and forgets the position, which belongs to the user who was logged in. */
  reset(): void {
    this.stop();
    this.lastEventId = '';
    if (this.listeners.size > 0) this.start();
  }

  private start(): void {
    if (this.abort || !this.world.token()) return;
    this.abort = new AbortController();
    void this.run(this.abort.signal);
  }

  private stop(): void {
    this.abort?.abort();
    this.abort = null;
    this.failures = 0;
    this.setState('idle');
  }

  private setState(next: LiveState): void {
    if (next === this.current) return;
    this.current = next;
    clearInterval(this.pollTimer);
    if (next === 'polling') this.pollTimer = setInterval(() => this.tell(null), pollIntervalMs);
    this.stateListeners.forEach((listener) => listener());
  }

  private tell(event: LiveEvent | null): void {
    for (const { kinds, handler } of [...this.listeners]) {
      if (event === null || kinds.has(event.kind)) handler(event);
    }
  }

  private async run(signal: AbortSignal): Promise<void> {
    if (this.current === 'idle') this.setState('connecting');
    while (!signal.aborted) {
      const goOn = await this.connect(signal).catch(() => true);
      if (signal.aborted) return;
      if (!goOn) return this.stop();
      this.failures += 1;
      this.setState(this.failures >= patience ? 'polling' : 'connecting');
      await this.backOff(signal);
    }
  }

  private backOff(signal: AbortSignal): Promise<void> {
    const longest = Math.min(longestBackOffMs, firstBackOffMs * 2 ** (this.failures - 1));
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.wake = null;
        resolve();
      };
      const timer = setTimeout(done, longest * (0.5 + 0.5 * this.world.random()));
      this.wake = done;
      signal.addEventListener('abort', done, { once: true });
    });
  }

  /** One connection until it ends; false when there is no point in another. */
  private async connect(signal: AbortSignal): Promise<boolean> {
    const silence = new AbortController();
    let watch = setTimeout(() => silence.abort(), silenceMs);
    try {
      const headers: Record<string, string> = { accept: 'text/event-stream', 'access-token': this.world.token() };
      if (this.lastEventId) headers['last-event-id'] = this.lastEventId;
      const response = await this.world.fetch('/api/events', {
        headers,
        cache: 'no-store',
        signal: AbortSignal.any([signal, silence.signal]),
      });
      if (response.status === 401) {
        this.world.tokenRefused();
        return false;
      }
      // Bound to no organisation: there are no events, and asking again changes nothing.
      if (response.status === 400) return false;
      if (!response.ok || !response.body) return true;
      this.opened();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      const events = new EventStreamReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return true;
        clearTimeout(watch);
        watch = setTimeout(() => silence.abort(), silenceMs);
        for (const message of events.feed(value)) this.take(message);
      }
    } finally {
      clearTimeout(watch);
    }
  }

  private opened(): void {
    const lostSight = this.current === 'polling' || (this.failures > 0 && !this.lastEventId);
    this.failures = 0;
    this.setState('open');
    // Progress is not kept by the daemon, and without a position what was missed is not told.
    if (lostSight) this.tell(null);
  }

  private take(message: StreamMessage): void {
    if (message.id !== null) this.lastEventId = message.id;
    if (message.data === null) return;
    if (message.event === 'error') {
      const reason = (JSON.parse(message.data) as { reason?: string }).reason;
      if (reason === 'token_expired') this.world.tokenRefused();
      return;
    }
    this.tell(JSON.parse(message.data) as LiveEvent);
  }
}

/** The page's one connection. */
export const live = new LiveConnection({
  fetch: (input, init) => fetch(input, init),
  token: () => session.get().token,
  tokenRefused: () => session.end('expired'),
  random: Math.random,
});

let knownUser = identityOfSession();

function identityOfSession(): string {
  const { token, user } = session.get();
  return token && user ? `${user.id}/${user.dcc_user_org_id}` : '';
}

session.subscribe(() => {
  const user = identityOfSession();
  if (user === knownUser) return;
  knownUser = user;
  live.reset();
});
window.addEventListener('online', () => live.hurry());

export function useLiveState(): LiveState {
  return useSyncExternalStore(
    (listener) => live.onState(listener),
    () => live.state,
  );
}

/** Calls `handler` for every event of these kinds while the component is shown, and with null when it should look itself. */
export function useLive(kinds: readonly LiveKind[], handler: LiveHandler): void {
  const latest = useRef(handler);
  useEffect(() => {
    latest.current = handler;
  });
  const wanted = kinds.join(' ');
  useEffect(() => live.subscribe(wanted.split(' ') as LiveKind[], (event) => latest.current(event)), [wanted]);
}

/** Calls at once and then at most every `intervalMs`; the last call of a burst is never lost. */
export function throttled(run: () => void, intervalMs: number): { call: () => void; cancel: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let again = false;
  const call = (): void => {
    if (timer !== undefined) {
      again = true;
      return;
    }
    run();
    timer = setTimeout(() => {
      timer = undefined;
      if (again) {
        again = false;
        call();
      }
    }, intervalMs);
  };
  return { call, cancel: () => clearTimeout(timer) };
}

/** Between two refreshes of the same queries during a burst: an event is seen within a second all the same. */
export const refreshIntervalMs = 700;

/**
 * Has queries fetched again when events of these kinds come: the one-liner for most screens.
 * @param concerns which events count; without it, all.
 */
export function useLiveQueries(
  kinds: readonly LiveKind[],
  keys: readonly QueryKey[],
  concerns: (event: LiveEvent) => boolean = () => true,
): void {
  const queries = useQueryClient();
  const latestKeys = useRef(keys);
  useEffect(() => {
    latestKeys.current = keys;
  });
  const refresh = useRef<ReturnType<typeof throttled> | null>(null);
  useEffect(() => {
    refresh.current = throttled(() => {
      // A fetch that is under way is let finish: under a steady stream of events none would otherwise.
      for (const queryKey of latestKeys.current) void queries.invalidateQueries({ queryKey }, { cancelRefetch: false });
    }, refreshIntervalMs);
    return () => refresh.current?.cancel();
  }, [queries]);
  useLive(kinds, (event) => {
    if (event === null || concerns(event)) refresh.current?.call();
  });
}
