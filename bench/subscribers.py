#!/usr/bin/env python3
"""Many subscribers of one organisation's live events, half over Server-Sent Events and half over WebSocket, while a
campaign makes at least 50 events a second: does each of them get every event exactly once, what does it cost the daemon, and
are those who do not read dropped so that they can come again? The judge is the table of events."""
import argparse
import asyncio
import base64
import os
import re
import socket
import statistics
import sys
import time
import unittest

from campaigns import cpu_seconds, harness, resident_mib

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--subscribers", type=int, default=1000)
parser.add_argument("--slow", type=int, default=10, help="further ones that read nothing until the end")
parser.add_argument("--leads", type=int, default=3000)
parser.add_argument("--calls-per-s", type=float, default=30, help="each makes about 2 events")
parser.add_argument("--queue", type=int, default=100, help="http.event_queue_limit")
options = parser.parse_args()

STREAM_EVENT = re.compile(rb"id: (\d+)\nevent: (\w+)\ndata: .*?\"timestamp\":(\d+)")
MESSAGE_EVENT = re.compile(rb"\{\"id\":(\d+),\"event\":\"(\w+)\".*?\"timestamp\":(\d+)")
REASON = re.compile(rb"\"reason\":\"(too_slow|going_away|token_expired|unavailable)\"")


class Subscriber(asyncio.Protocol):
    """Reads a stream or a socket and keeps the ids of the events it was told."""

    def __init__(self, is_socket, token, after, delays=None):
        self.is_socket, self.token, self.after, self.delays = is_socket, token, after, delays
        self.ids, self.buffer, self.transport, self.reason = [], b"", None, None
        self.is_open = False
        loop = asyncio.get_running_loop()
        self.opened, self.closed = loop.create_future(), loop.create_future()

    def connection_made(self, transport):
        self.transport = transport
        path = "/api/ws" if self.is_socket else "/api/events"
        upgrade = ("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
                   + base64.b64encode(os.urandom(16)).decode() + "\r\n") if self.is_socket else ""
        transport.write(f"GET {path}?last_event_id={self.after} HTTP/1.1\r\nHost: bench\r\naccess-token: {self.token}\r\n"
                        f"{upgrade}\r\n".encode())

    def data_received(self, data):
        self.buffer += data
        if not self.is_open:
            head, mark, rest = self.buffer.partition(b"\r\n\r\n")
            if not mark:
                return
            if not head.startswith(b"HTTP/1.1 101" if self.is_socket else b"HTTP/1.1 200"):
                self.opened.set_exception(AssertionError(head.decode(errors="replace")))
                return
            self.is_open, self.buffer = True, rest
            self.opened.set_result(True)
        (self.read_frames if self.is_socket else self.read_stream)()

    def read_stream(self):
        *messages, self.buffer = self.buffer.split(b"\n\n")
        for message in messages:
            self.take(STREAM_EVENT.search(message), message)

    def read_frames(self):
        while len(self.buffer) >= 2:
            size, head = self.buffer[1] & 127, 2
            if size == 126:
                size, head = int.from_bytes(self.buffer[2:4], "big"), 4
            elif size == 127:
                size, head = int.from_bytes(self.buffer[2:10], "big"), 10
            if len(self.buffer) < head + size:
                return
            opcode, payload = self.buffer[0] & 15, self.buffer[head:head + size]
            self.buffer = self.buffer[head + size:]
            if opcode == 1:
                self.take(MESSAGE_EVENT.match(payload), payload)
            elif opcode == 9:
                self.transport.write(bytes([0x8A, 0x80 | len(payload)]) + b"\0\0\0\0" + payload)

    def take(self, event, message):
        if event:
            self.ids.append(int(event[1]))
            if self.delays is not None:
                self.delays.append(time.time() * 1000 - int(event[3]))
        elif found := REASON.search(message):
            self.reason = found[1].decode()

    def connection_lost(self, error):
        if not self.opened.done():
            self.opened.set_exception(AssertionError(f"closed before it was open: {error}"))
        if not self.closed.done():
            self.closed.set_result(True)


async def subscribe(port, is_socket, token, after, delays=None, is_slow=False):
    loop = asyncio.get_running_loop()
    sock = socket.socket()
    if is_slow:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    await loop.sock_connect(sock, ("127.0.0.1", port))
    _, subscriber = await loop.create_connection(lambda: Subscriber(is_socket, token, after, delays), sock=sock)
    await asyncio.wait_for(subscriber.opened, 60)
    if is_slow:
        subscriber.transport.pause_reading()
    return subscriber


async def until(what, condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not reached within {seconds} s: {what}")
        await asyncio.sleep(0.1)  # the interval of a poll


class Subscribers(harness.Scenario):
    sim_flags = ("--speed", "20", "--max-attempts", "1")
    # Who reads nothing answers no ping either, and a write to him ends after the time of a body: the bench is about what
    # happens before a client is taken for dead, so both are longer than it lasts.
    overrides = {"log.level": "warn", "dispatch.organization_calls_per_s": options.calls_per_s,
                 "http.event_heartbeat_ms": 600_000, "http.body_timeout_ms": 1_200_000,
                 "http.max_connections": 4 * options.subscribers + 100, "http.event_queue_limit": options.queue}

    def steady_phase(self):
        """Events a second from the first to the last second in which calls were handed over, and how many seconds that is."""
        events, seconds = self.postgres.sql(
            f"with dialled as (select min(created_at) as first, max(created_at) as last from dispatch_batches)"
            f" select count(*), extract(epoch from max(last) - max(first)) from task_events, dialled"
            f" where id > {self.begin_id} and at between first and last", self.store_url).split("|")
        return int(events) / float(seconds), float(seconds)

    def newest(self):
        return int(self.postgres.sql("select coalesce(max(id), 0) from task_events", self.store_url))

    def runTest(self):
        task = self.make_task(options.leads)
        self.begin_id = self.newest()
        asyncio.run(self.measure(task))

    async def measure(self, task):
        delays = []
        # Every 50th tells how long events took; the rest only counts.
        readers = [await subscribe(self.daemon.port, n % 2 == 1, self.token, self.begin_id, delays if n % 50 < 2 else None)
                   for n in range(options.subscribers)]
        slow = [await subscribe(self.daemon.port, n % 2 == 1, self.token, self.begin_id, is_slow=True)
                for n in range(options.slow)]
        cpu, begin = cpu_seconds(self.daemon.process.pid), time.monotonic()
        loop = asyncio.get_running_loop()
        status, answer = await loop.run_in_executor(None, self.start_task, task)
        self.assertEqual(status, 200, answer)
        await loop.run_in_executor(None, self.wait_until_complete, task, 600)
        cpu, seconds = cpu_seconds(self.daemon.process.pid) - cpu, time.monotonic() - begin
        told = [int(line) for line in self.postgres.sql(
            f"select id from task_events where id > {self.begin_id} order by id", self.store_url).splitlines()]
        self.assertGreater(len(told), 2 * options.leads, "a campaign has its events")
        await until("everybody has the last event", lambda: all(r.ids and r.ids[-1] == told[-1] for r in readers), 60)
        for number, reader in enumerate(readers):
            self.assertEqual(reader.ids, told, f"subscriber {number}: a gap or a double")
            self.assertIsNone(reader.reason)
        dropped = await self.judge_slow(slow, told)
        for one in readers:
            one.transport.close()
        delays.sort()
        steady, steady_seconds = self.steady_phase()
        print(f"{options.subscribers} subscribers, {len(told)} events in {seconds:.1f} s = {len(told) / seconds:.1f}/s each, "
              f"{len(told) * options.subscribers / seconds:.0f}/s in all; {steady:.1f}/s each in the {steady_seconds:.0f} s in "
              f"which calls were handed over: no gap, no double; {dropped} of {options.slow} slow ones dropped, all of them "
              f"resumed without a gap", flush=True)
        print(f"waihud: {cpu:.1f} CPU seconds = {100 * cpu / seconds:.0f} % of a core (the campaign included), at most "
              f"{resident_mib(self.daemon.process.pid):.0f} MiB; from an event's time to its reader p50 "
              f"{statistics.median(delays):.0f} ms, p99 {delays[len(delays) * 99 // 100]:.0f} ms", flush=True)

    async def judge_slow(self, slow, told):
        """Who did not read is told so once he reads, and gets the rest when he comes again."""
        dropped = 0
        for one in slow:
            one.transport.resume_reading()
        for number, one in enumerate(slow):
            await until("a slow one has read what was kept for it",
                        lambda: one.closed.done() or (one.ids and one.ids[-1] == told[-1]), 90)
            ids = list(one.ids)
            if one.closed.done():
                dropped += 1
                self.assertEqual(one.reason, "too_slow", f"slow subscriber {number}")
                again = await subscribe(self.daemon.port, one.is_socket, self.token, ids[-1] if ids else self.begin_id)
                await until("it has the rest", lambda: (ids + again.ids)[-1:] == told[-1:], 60)
                again.transport.close()
                ids += again.ids
            self.assertEqual(ids, told, f"slow subscriber {number}: a gap or a double")
            one.transport.close()
        if options.slow:
            self.assertGreater(dropped, 0, "nobody was too slow: this run says nothing about them")
        return dropped


if __name__ == "__main__":
    outcome = unittest.TextTestRunner(verbosity=0).run(unittest.TestSuite([Subscribers()]))
    sys.exit(0 if outcome.wasSuccessful() else 1)
