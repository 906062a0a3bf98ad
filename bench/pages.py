#!/usr/bin/env python3
"""The hot endpoints over a store of many calls, beside the least that Boost.Beast can do (hello_server.cpp), by wrk.

Every endpoint is asked as fast as it answers, in turns with the bare server, and then at half of what it reached: its
latency there is what a client sees on a busy day. The database's own counters tell whether any of the questions read a
whole table. Rows are made with SQL: finished tasks of 500 calls, each with its lead and its follow-up."""
import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import unittest

from campaigns import Campaigns, harness

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--rows", type=int, default=1_000_000, help="calls in the store")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--seconds", type=int, default=5, help="of each measurement")
parser.add_argument("--connections", type=int, default=32)
options = parser.parse_args()
LEADS = 500
TABLES = ("call_tasks", "leads_task_list", "dcc_leads", "dcc_leads_follow", "task_events")

FILL = """
set session_replication_role = replica;
insert into call_tasks (task_name, organization_id, create_name, create_time, leads_count, script_id, task_type, job_group_id,
                        shard, started_at, completed_at)
  select '旧任务' || n, 'E2E00001', 'operator', now() - n * interval '1 hour', {leads}, 'script_1', 4, 'old-group-' || n, 0,
         now() - n * interval '1 hour', now() - n * interval '59 minutes'
  from generate_series(1, {tasks}) n;
insert into leads_task_list (task_id, leads_id, leads_name, leads_phone, reference_id, call_job_id, call_status, outcome, phase,
                             call_task_id, attempt_status, planed_time, actual_time, call_conversation, calling_number,
                             called_number, is_interested, leads_follow_id)
  select t.id, 'B' || t.id || '-' || i, '客户' || i, '13' || lpad((t.id * {leads} + i)::text, 9, '0'), t.id || 'E2E00001B' || i,
         'job-' || t.id || '-' || i, 'Succeeded', 'connected', 'closed', 'attempt-' || t.id || '-' || i, 'SucceededFinish',
         t.create_time, t.create_time,
         '[{{"Timestamp":1,"Speaker":"Robot","Script":"您好"}},{{"Timestamp":9000,"Speaker":"Contact","Script":"有兴趣"}}]',
         '05710000', '13' || lpad((t.id * {leads} + i)::text, 9, '0'), i % 3, t.id * {leads} + i + 1000000000
  from call_tasks t, generate_series(1, {leads}) i where t.task_name like '旧任务%';
insert into dcc_leads (organization_id, leads_id, leads_user_name, leads_user_phone, leads_product, leads_type)
  select 'E2E00001', leads_id, leads_name, leads_phone, 'P' || task_id % 50, 'A' from leads_task_list;
insert into dcc_leads_follow (id, organization_id, leads_id, leads_remark, frist_follow_time, new_follow_time, call_job_row)
  overriding system value
  select leads_follow_id, 'E2E00001', leads_id, '客户有意向', now(), now(), id from leads_task_list;
"""


def amount(text, name):
    value, unit = re.search(name + r"\s+([\d.]+)(us|ms|s)", text).groups()
    return float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


class Pages(Campaigns):
    overrides = {"log.level": "warn"}

    def wrk(self, port, path, script):
        """Requests/s, p50 and p99 in ms; fails on any answer but 2xx."""
        text = subprocess.run(["wrk", "--latency", "-t1", f"-c{options.connections}", f"-d{options.seconds}s", "-s", script,
                               f"http://127.0.0.1:{port}{path}"], check=True, capture_output=True, text=True).stdout
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
        self.postgres.sql(FILL.format(leads=LEADS, tasks=tasks), self.store_url)
        self.postgres.sql("vacuum analyze", self.store_url)
        some = int(self.postgres.sql(f"select min(id) + {tasks // 2} from call_tasks where task_name like '旧任务%'",
                                     self.store_url))
        self.daemon.start()
        self.login()
        hello = subprocess.Popen([harness.BIN / "hello-server"], stdout=subprocess.PIPE, text=True)
        self.addCleanup(hello.wait)
        self.addCleanup(hello.kill)
        hello_port = int(hello.stdout.readline())
        endpoints = (("task_list", "GET", "/api/task_list?page=1&page_size=20", None),
                     ("query-task-execution", "POST", "/api/query-task-execution", {"task_id": some, "page_size": 20}),
                     ("task-stats", "GET", "/api/task-stats", None),
                     ("task-statistics", "POST", "/api/task-statistics", {"task_id": some}),
                     ("describe-job-group", "POST", "/api/describe-job-group", {"task_id": some}))
        for name, method, path, body in endpoints:
            status, answer = self.api(method, path, body)
            self.assertEqual(status, 200, answer)
        before = self.sequential_reads()
        print(f"{options.rows} calls in {tasks} tasks, {options.connections} connections, medians of {options.rounds}")
        for name, method, path, body in endpoints:
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
