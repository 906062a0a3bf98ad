#!/usr/bin/env python3
"""What many live calls cost one node: memory a call, CPU of polling, lateness of looks, calls to the provider, answers of
status queries meanwhile; then what a restart with them costs.

PostgreSQL (durable), waihu-sim and waihud share this machine. The calls last for hours, look interval 10 s without jitter,
so that the time between two looks of a call, less 10 s, is how late the second one came. Bounded by its arguments.
"""
import argparse
import concurrent.futures
import math
import statistics
import sys
import time
import unittest

from campaigns import LEADS, Campaigns, cpu_seconds, harness, resident_mib

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--jobs", type=int, default=100_000)
parser.add_argument("--seconds", type=int, default=60, help="of the measurement")
parser.add_argument("--interval", type=int, default=10, help="seconds between the looks at a call; long: timers only")
parser.add_argument("--restart", action="store_true", help="kill -9 and start again with all of them live")
parser.add_argument("--case-calls", action="store_true", help="calls to the parties of cases, two each, placed by call-v2")
options = parser.parse_args()
INTERVAL = options.interval


class LiveJobs(Campaigns):
    hour = "3600000"
    sim_flags = ("--speed", "1", "--talk-min-ms", hour, "--talk-max-ms", hour, "--ring-min-ms", "100", "--ring-max-ms", "200",
                 "--scheduling-min-ms", "10", "--scheduling-max-ms", "20", "--max-attempts", "1", "--concurrency", "0",
                 "--mix", "connected=100")
    overrides = {"job.look_interval_ms": INTERVAL * 1000, "job.queued_look_interval_ms": INTERVAL * 1000,
                 "job.look_jitter": 0, "dispatch.batch_size": 99, "dispatch.organization_concurrency": 1000000,
                 "dispatch.account_concurrency": 1000000, "dispatch.organization_calls_per_s": 100000,
                 "dispatch.account_calls_per_s": 100000, "provider.read_rate_per_s": 10000,
                 "provider.write_rate_per_s": 10000, "provider.burst": 1000, "log.level": "warn",
                 "cases.scripts": "follow_up.applicant=script-1,follow_up.respondent=script-2",
                 "cases.look_interval_ms": INTERVAL * 1000, "cases.deadline_s": 36000}

    def runTest(self):
        began = time.monotonic()
        self.begin()
        print(f"start to ready {1000 * self.ready_s:.0f} ms", flush=True)
        pid = self.daemon.process.pid
        idle = cpu_seconds(pid)
        quiet_until = time.monotonic() + 10
        harness.wait_for("ten idle seconds", lambda: time.monotonic() >= quiet_until, 15)
        idle_mib = resident_mib(pid, "VmRSS")
        print(f"idle: {idle_mib:.1f} MiB resident, {10 * (cpu_seconds(pid) - idle):.2f} % of a core", flush=True)
        questions = self.place_case_calls() if options.case_calls else self.start_tasks()
        harness.wait_for("every call is placed", lambda: self.count("call_job_id is not null") == options.jobs, 600)
        print(f"{options.jobs} calls live after {time.monotonic() - began:.0f} s", flush=True)
        self.measure(questions, pid, idle_mib)
        if options.restart:
            self.restart()

    def start_tasks(self):
        tasks = self.prepare(0, options.jobs // LEADS)
        for task in tasks:
            self.assertEqual(self.start_task(task)[0], 200)
        return [("POST", "/api/describe-job-group", {"task_id": task}) for task in tasks]

    def place_case_calls(self):
        prefix = "/api/v1/outbound-bot"

        def place(n):
            parties = [{"personId": f"P{n}-{side}", "name": "张三", "phoneNumber": f"13{side}{n:08d}", "personType": side}
                       for side in (0, 1)]
            status, answer = self.api("PUT", f"{prefix}/cases/C{n}", {"mediationId": n + 1, "mediationType": 1, "stage": 14,
                                                                      "parties": parties})
            self.assertEqual(status, 200, answer)
            status, answer = self.api("POST", f"{prefix}/call-v2", {"caseId": f"C{n}", "mediationId": n + 1, "callAuto": 0,
                                                                    "callPersonId": ""})
            self.assertEqual(status, 201, answer)
            self.assertTrue(all(entry["errorCode"] == 0 for entry in answer["data"]), answer)

        cases, began = options.jobs // 2, time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            list(pool.map(place, range(cases)))
        seconds = time.monotonic() - began
        print(f"{cases} cases registered and called by 32 connections: {cases / seconds:.0f}/s", flush=True)
        return [("GET", f"{prefix}/status?caseRef=C{n}", None) for n in range(cases)]

    def count(self, where):
        return int(self.postgres.sql(f"select count(*) from leads_task_list where {where}", self.store_url))

    def begin(self):
        super().begin()
        self.daemon.stop()
        started = time.monotonic()
        self.daemon.start()
        self.ready_s = time.monotonic() - started
        self.login()

    def looks(self):
        return self.sim.get("/sim/summary")["looks"]

    def reads(self):
        return sum(row["count"] for row in self.sim.get("/sim/summary")["requests"]
                   if row["action"] in ("ListJobs", "QueryJobsWithResult"))

    def measure(self, questions, pid, idle_mib):
        # Two whole rounds first, so that dispatch and first looks are over.
        settle_s = min(2 * INTERVAL, 30)
        settled = time.monotonic() + settle_s
        harness.wait_for("two rounds", lambda: time.monotonic() >= settled, 2 * settle_s)
        harness.ask(self.sim.port, "DELETE", "/sim/looks")
        before, reads, began = cpu_seconds(pid), self.reads(), time.monotonic()
        latencies = []
        while time.monotonic() - began < options.seconds:
            asked = time.monotonic()
            status, answer = self.api(*questions[7919 * len(latencies) % len(questions)])
            self.assertEqual(status, 200, answer)
            latencies.append(1000 * (time.monotonic() - asked))
            time.sleep(0.02)  # the pace of the questions
        seconds = time.monotonic() - began
        cpu, calls, looks = cpu_seconds(pid) - before, self.reads() - reads, self.looks()
        mib = resident_mib(pid, "VmRSS")
        rounds = seconds / INTERVAL
        live = self.count("phase = 'tracking'")
        floor = math.ceil(live / 99) * rounds
        latencies.sort()
        print(f"memory: {mib:.0f} MiB resident, {mib * 1024 * 1024 / live:.0f} bytes a call of {live}, "
              f"{(mib - idle_mib) * 1024 * 1024 / live:.0f} beside the idle daemon\n"
              f"polling: {100 * cpu / seconds:.1f} % of a core with {len(latencies) / seconds:.0f} status queries/s\n"
              f"provider calls: {calls} in {rounds:.1f} rounds, {calls / floor:.3f} of ceil(n/99) a round\n"
              f"time between looks: p50 {looks['interval_p50_ms']} ms, p99 {looks['interval_p99_ms']} ms, longest "
              f"{looks['interval_max_ms']} ms ({1000 * INTERVAL:,} asked for)\n"
              f"status queries: p50 {statistics.median(latencies):.1f} ms, p99 "
              f"{latencies[int(len(latencies) * 0.99)]:.1f} ms", flush=True)

    def restart(self):
        self.daemon.kill()
        live = self.count("phase = 'tracking'")
        harness.ask(self.sim.port, "DELETE", "/sim/looks")
        began = time.monotonic()
        self.daemon.start()
        ready = time.monotonic() - began
        harness.wait_for("a first look", lambda: self.looks()["jobs"] > 0, 60)
        first = time.monotonic() - began
        harness.wait_for("every call looked at", lambda: self.looks()["jobs"] >= live, 120)
        everyone = time.monotonic() - began
        doubles = self.sim.summary()["doubles"]["surplus_acceptances"]
        print(f"restart after kill -9 with {live} live calls: ready {ready:.2f} s, first look {first:.2f} s, every call looked at {everyone:.2f} s; "
              f"doubles {doubles}", flush=True)
        self.assertEqual(doubles, 0)


if __name__ == "__main__":
    outcome = unittest.TextTestRunner(verbosity=0).run(unittest.TestSuite([LiveJobs()]))
    sys.exit(0 if outcome.wasSuccessful() else 1)
