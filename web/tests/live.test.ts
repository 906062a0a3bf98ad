import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EventStreamReader } from '../src/api/event_stream';
import { LiveConnection, pollIntervalMs, throttled, type LiveEvent, type LiveWorld } from '../src/api/live';

/** A daemon whose answers the test writes. */
class Daemon {
  readonly requests: Record<string, string>[] = [];
  down = false;
  private writers: ReadableStreamDefaultController<Uint8Array>[] = [];

  readonly fetch: typeof fetch = (_input, init) => {
    this.requests.push(init?.headers as Record<string, string>);
    if (this.down) return Promise.reject(new TypeError('down'));
    const body = new ReadableStream<Uint8Array>({
      start: (writer) => {
        this.writers.push(writer);
        init?.signal?.addEventListener('abort', () => writer.error(new DOMException('aborted', 'AbortError')));
      },
    });
    return Promise.resolve(new Response(body));
  };

  write(text: string): void {
    this.writers.at(-1)?.enqueue(new TextEncoder().encode(text));
  }

  hangUp(): void {
    this.writers.at(-1)?.close();
  }
}

const event = (id: number, kind = 'task'): string =>
  `id: ${id}\nevent: ${kind}\ndata: ${JSON.stringify({ id, kind, task_id: 1 })}\n\n`;

let daemon: Daemon;
let connection: LiveConnection;
let seen: (LiveEvent | null)[];
let refused: number;

/** Lets streams move and timers run for so long. */
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
  daemon = new Daemon();
  seen = [];
  refused = 0;
  const world: LiveWorld = { fetch: daemon.fetch, token: () => 't', tokenRefused: () => (refused += 1), random: () => 1 };
  connection = new LiveConnection(world);
});
afterEach(() => vi.useRealTimers());

describe('the event stream', () => {
  it('is one for all listeners, each told its kinds', async () => {
    const jobs: unknown[] = [];
    connection.subscribe(['task'], (e) => seen.push(e));
    connection.subscribe(['job'], (e) => jobs.push(e));
    await pass(1);
    daemon.write(event(1) + event(2, 'job'));
    await pass(1);
    expect(daemon.requests).toHaveLength(1);
    expect([seen.length, jobs.length]).toEqual([1, 1]);
    expect(connection.state).toBe('open');
  });

  it('is resumed behind the last event, also behind an id without data', async () => {
    connection.subscribe(['task'], (e) => seen.push(e));
    await pass(1);
    daemon.write('id: 41\n\n');
    await pass(1);
    daemon.hangUp();
    await pass(600);
    expect(daemon.requests[1]?.['last-event-id']).toBe('41');
    daemon.write(event(42));
    await pass(1);
    daemon.hangUp();
    await pass(600);
    expect(daemon.requests[2]?.['last-event-id']).toBe('42');
  });

  it('gives way to polling while it cannot be had, and listeners look once more when it is back', async () => {
    daemon.down = true;
    connection.subscribe(['task'], (e) => seen.push(e));
    await pass(1_000);
    expect(connection.state).toBe('polling');
    await pass(pollIntervalMs);
    expect(seen).toContain(null);
    const polls = seen.length;
    daemon.down = false;
    connection.hurry();
    await pass(1);
    expect(connection.state).toBe('open');
    expect(seen.length).toBe(polls + 1);
    await pass(3 * pollIntervalMs);
    expect(seen.length).toBe(polls + 1);
  });

  it('is given up when it is silent for longer than two heartbeats', async () => {
    connection.subscribe(['task'], (e) => seen.push(e));
    await pass(1);
    for (let beat = 0; beat < 4; beat += 1) {
      daemon.write(': alive\n\n');
      await pass(15_000);
    }
    expect(daemon.requests).toHaveLength(1);
    await pass(27_000);
    expect(daemon.requests).toHaveLength(2);
  });

  it('ends the session when it says that the token has expired', async () => {
    connection.subscribe(['task'], (e) => seen.push(e));
    await pass(1);
    daemon.write('event: error\ndata: {"reason":"token_expired","message":""}\n\n');
    await pass(1);
    expect(refused).toBe(1);
  });

  it('stops when nobody listens any more', async () => {
    const leave = connection.subscribe(['task'], () => undefined);
    await pass(1);
    leave();
    await pass(1);
    expect(connection.state).toBe('idle');
  });
});

describe('the reader of events', () => {
  it('finds the same messages however the text is cut', () => {
    const text = `retry: 2000\nid: 41\n\n: note\n${event(42)}event: x\r\ndata: a\r\ndata:b\r\n\r\n`;
    const whole = new EventStreamReader().feed(text);
    expect(whole.map(({ id }) => id)).toEqual(['41', '42', null]);
    expect(whole[2]).toEqual({ event: 'x', data: 'a\nb', id: null });
    for (let cut = 1; cut < text.length; cut += 1) {
      const reader = new EventStreamReader();
      expect([...reader.feed(text.slice(0, cut)), ...reader.feed(text.slice(cut))]).toEqual(whole);
    }
  });
});

describe('refreshing', () => {
  it('happens at once, then seldom, and never loses the last event of a burst', () => {
    const run = vi.fn();
    const refresh = throttled(run, 700);
    for (let n = 0; n < 50; n += 1) refresh.call();
    expect(run).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(700);
    expect(run).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(5_000);
    expect(run).toHaveBeenCalledTimes(2);
  });
});
