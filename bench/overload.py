#!/usr/bin/env python3
"""What the daemon does with twice the requests that it can serve: it must refuse the surplus quickly, with 503 and
Retry-After, and go on serving as many as before. The load (open_loop.cpp) is sent at a fixed rate whatever the answers
take. The most that it serves is found in each round by the same client at rising rates; then twice that is asked. Daemon and
store have one core and the client has the other, so that asking more does not take from those who answer."""
import argparse
import json
import os
import statistics
import subprocess
import sys
import unittest

from campaigns import CLIENT_CORES, LEADS, SERVER_CORES, Campaigns, harness, on_cores

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--rows", type=int, default=200_000, help="calls in the store")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--seconds", type=int, default=10, help="of each measurement")
parser.add_argument("--factor", type=float, default=2, help="of the capacity")
parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="overrides a key of waihud")
options = parser.parse_args()
REFUSED_WITHIN_MS = 50
GOODPUT = 0.9  # of what was served without overload
CONNECTIONS = 900  # of clients that wait for nobody; the daemon takes 1,024
CLOSED = 64        # connections that ask again when they were answered: for a first guess
RISING = (0.7, 0.8, 0.9, 1.0)  # of that guess


class Overload(Campaigns):
    overrides = {"log.level": "warn", **dict(pair.split("=", 1) for pair in options.set)}

    def load(self, method, path, body, rate, connections=CONNECTIONS):
        text = json.dumps(body).encode() if body is not None else b""
        head = (f"{method} {path} HTTP/1.1\r\nHost: bench\r\naccess-token: {self.token}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n")
        done = subprocess.run([harness.BIN / "open-loop", str(self.daemon.port), str(rate), str(options.seconds),
                               str(connections)], input=head.encode() + text, check=True, capture_output=True,
                              preexec_fn=on_cores(CLIENT_CORES))
        return json.loads(done.stdout)

    def runTest(self):
        self.set_up_organization()
        some = self.fill_with_old_calls(options.rows // LEADS)
        self.daemon.start()
        self.login()
        wrong = []
        for name, method, path, body in (
                ("query-task-execution", "POST", "/api/query-task-execution", {"task_id": some, "page": 20, "page_size": 20}),
                ("describe-job-group", "POST", "/api/describe-job-group", {"task_id": some})):
            shares, slowest = [], []
            for _ in range(options.rounds):
                guess = self.load(method, path, body, 0, CLOSED)
                self.assertEqual(guess["others"] + guess["broken"] + guess["refused"], 0, guess)
                peak = max(self.load(method, path, body, share * guess["served_per_s"])["served_per_s"] for share in RISING)
                over = self.load(method, path, body, options.factor * peak)
                self.assertEqual(over["others"] + over["broken"] + over["mute_refusals"], 0, over)
                shares.append(over["served_per_s"] / peak)
                slowest.append(over["refused_ms"][1])
                print(f"{name}: at most {peak}/s; asked {options.factor:g} times as often: served "
                      f"{over['served_per_s']}/s ({shares[-1]:.2f}), p99 {over['served_ms'][1]:.0f} ms; refused "
                      f"{over['refused']}, p50 {over['refused_ms'][0]:.1f} p99 {over['refused_ms'][1]:.1f} longest "
                      f"{over['refused_ms'][2]:.1f} ms; not sent for want of a connection {over['never_sent']}", flush=True)
            print(f"{name}: goodput {statistics.median(shares):.2f} of the most, refused within "
                  f"{statistics.median(slowest):.1f} ms (p99), medians of {options.rounds}", flush=True)
            if statistics.median(shares) < GOODPUT or statistics.median(slowest) >= REFUSED_WITHIN_MS:
                wrong.append(name)
        self.assertEqual(wrong, [], "goodput or the time to refuse")
        self.assertTrue(self.daemon.healthy())


if __name__ == "__main__":
    os.sched_setaffinity(0, SERVER_CORES)  # who is started from here on inherits it
    outcome = unittest.TextTestRunner(verbosity=0).run(unittest.TestSuite([Overload()]))
    sys.exit(0 if outcome.wasSuccessful() else 1)
