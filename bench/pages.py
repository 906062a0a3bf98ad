#!/usr/bin/env python3
"""The hot endpoints over a store of many calls, beside the least that Boost.Beast can do (hello_server.cpp), by wrk.

Every endpoint is asked as fast as it answers, in turns with the bare server, and then at half of what it reached: its
latency there is what a client sees on a busy day. Pages, which the store answers, have the machine; counters, which it is
spared, have one core as the bare server has, and wrk the other. The database's own counters tell whether any of the questions
read a whole table. Rows are made with SQL: finished tasks of 500 calls, each with its lead and its follow-up."""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import unittest

from campaigns import CLIENT_CORES, LEADS, SERVER_CORES, Campaigns, harness, on_cores

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--rows", type=int, default=1_000_000, help="calls in the store")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--seconds", type=int, default=5, help="of each measurement")
parser.add_argument("--connections", type=int, default=32)
options = parser.parse_args()
PAGES = 2
TABLES = ("call_tasks", "leads_task_list", "dcc_leads", "dcc_leads_follow", "task_events")


def amount(text, name):
    value, unit = re.search(name + r"\s+([\d.]+)(us|ms|s)", text).groups()
    return float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


class Pages(Campaigns):
    overrides = {"log.level": "warn"}
    client_cores = SERVER_CORES | CLIENT_CORES

    def pin(self, *processes):
        """The client keeps off their core from here on."""
        self.client_cores = CLIENT_CORES
        for process in processes:
            for thread in os.listdir(f"/proc/{process.pid}/task"):
                os.sched_setaffinity(int(thread), SERVER_CORES)

    def wrk(self, port, path, script):
        """Requests/s, p50 and p99 in ms; fails on any answer but 2xx."""
        text = subprocess.run(["wrk", "--latency", "-t1", f"-c{options.connections}", f"-d{options.seconds}s", "-s", script,
                               f"http://127.0.0.1:{port}{path}"], check=True, capture_output=True, text=True,
                              preexec_fn=on_cores(self.client_cores)).stdout
        if "Non-2xx" in text or "Socket errors" in text:
            raise AssertionError(path + "\n" + text)
        return float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]), amount(text, "50%"), amount(text, "99%")

    def script(self, method, body, rate=None):
        """A wrk script; with `rate` all connections together send so many a second at most."""
        lines = [f'wrk.method = "{method}"', f'wrk.headers["access-token"] = "{self.token}"']
        if body is not None:
            lines += [f"wrk.body = [[{json.dumps(body)}]]", 'wrk.headers["Content-Type"] = "application/json"']
        if rate:
            pause = options.connections * 1000 / rate
            lines.append(f"function delay() return math.random(0, {int(2 * pause)}) end")
        file = tempfile.NamedTemporaryFile("w", suffix=".lua")
        self.addCleanup(file.close)
        file.write("\n".join(lines) + "\n")
        file.flush()
        return file.name

    def sequential_reads(self):
        rows = self.postgres.sql("select relname, seq_scan from pg_stat_user_tables where relname in "
                                 f"({','.join(repr(t) for t in TABLES)})", self.store_url)
        return {name: int(n) for name, n in (row.split("|") for row in rows.splitlines())}

    def runTest(self):
        self.set_up_organization()
        tasks = options.rows // LEADS
        some = self.fill_with_old_calls(tasks)
        self.daemon.start()
        self.login()
        hello = subprocess.Popen([harness.BIN / "hello-server"], stdout=subprocess.PIPE, text=True)
        self.addCleanup(hello.wait)
        self.addCleanup(hello.kill)
        hello_port = int(hello.stdout.readline())
        endpoints = (  # the first PAGES of them are pages
                     ("task_list", "GET", "/api/task_list?page=1&page_size=20", None),
                     ("query-task-execution", "POST", "/api/query-task-execution", {"task_id": some, "page": 20, "page_size": 20}),
                     ("task-stats", "GET", "/api/task-stats", None),
                     ("task-statistics", "POST", "/api/task-statistics", {"task_id": some}),
                     ("describe-job-group", "POST", "/api/describe-job-group", {"task_id": some}))
        for name, method, path, body in endpoints:
            status, answer = self.api(method, path, body)
            self.assertEqual(status, 200, answer)
        before = self.sequential_reads()
        print(f"{options.rows} calls in {tasks} tasks, {options.connections} connections, medians of {options.rounds}")
        for number, (name, method, path, body) in enumerate(endpoints):
            if number == PAGES:
                self.pin(self.daemon.process, hello)
            full, base, half = [], [], []
            for _ in range(options.rounds):
                base.append(self.wrk(hello_port, path, self.script(method, body))[0])
                full.append(self.wrk(self.daemon.port, path, self.script(method, body)))
                half.append(self.wrk(self.daemon.port, path, self.script(method, body, full[-1][0] / 2)))
            rate = statistics.median(r for r, _, _ in full)
            print(f"{name:22} {rate:7.0f}/s ({rate / statistics.median(base):.2f} of bare Beast), p50 "
                  f"{statistics.median(p for _, p, _ in full):.1f} p99 {statistics.median(p for _, _, p in full):.1f} ms; "
                  f"at {statistics.median(r for r, _, _ in half):.0f}/s p50 {statistics.median(p for _, p, _ in half):.1f} "
                  f"p99 {statistics.median(p for _, _, p in half):.1f} ms", flush=True)
        after = self.sequential_reads()
        read_whole = {table: after[table] - before.get(table, 0) for table in after if after[table] != before.get(table, 0)}
        print(f"tables read from end to end meanwhile: {read_whole or 'none'}", flush=True)


if __name__ == "__main__":
    outcome = unittest.TextTestRunner(verbosity=0).run(unittest.TestSuite([Pages()]))
    sys.exit(0 if outcome.wasSuccessful() else 1)
