#!/usr/bin/env python3
"""Whole call lives a second, sustained: leads stored, dispatched, polled to their end, transcript and follow-up stored,
task at 4.

PostgreSQL with fsync and synchronous_commit on, waihu-sim and waihud share this machine; calls of 1 to 3 s, looks every
2 s, tasks of 500 leads. Leads are imported and tasks created before the clock starts; then --active tasks are kept under
way, a new one started whenever one ends, until every prepared task is at 4. A run prints its rate, the CPU seconds of
each process and what the simulator's ledger says; the last line is the median. Bounded by --lives and --runs.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time
import unittest

from campaigns import LEADS, Campaigns, MemoryWatch, harness, resident_mib

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--lives", type=int, default=360_000, help="call lives of one run; two minutes at the goal's floor")
parser.add_argument("--active", type=int, default=40, help="tasks under way at once")
parser.add_argument("--pace", type=int, metavar="LIVES", help="begins no more lives a second than this")
parser.add_argument("--queries", action="store_true", help="asks describe-job-group of tasks under way meanwhile, 50 a second")
parser.add_argument("--runs", type=int, default=3)
parser.add_argument("--perf", metavar="FOLDER", help="record a profile of waihud, waihu-sim and PostgreSQL with perf")
parser.add_argument("--soak", action="store_true", help="fails when waihud's memory grows: give --pace, --queries and many --runs")
parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="overrides a key of waihud")
options = parser.parse_args()


class Run(Campaigns):
    sim_flags = ("--speed", "1", "--talk-min-ms", "800", "--talk-max-ms", "2000", "--ring-min-ms", "200", "--ring-max-ms",
                 "800", "--scheduling-min-ms", "10", "--scheduling-max-ms", "100", "--no-answer-ring-ms", "1000",
                 "--max-attempts", "1", "--concurrency", "0", "--late-conversation-share", "0")
    overrides = {"job.look_interval_ms": 2000, "job.queued_look_interval_ms": 2000, "dispatch.batch_size": 99,
                 "dispatch.organization_concurrency": 100000, "dispatch.account_concurrency": 100000,
                 "dispatch.organization_calls_per_s": 100000, "dispatch.account_calls_per_s": 100000,
                 "provider.read_rate_per_s": 10000, "provider.write_rate_per_s": 10000, "provider.burst": 1000,
                 "analyst.per_minute": 1000000, "analyst.max_in_flight": 64, "log.level": "warn",
                 **dict(pair.split("=", 1) for pair in options.set)}

    def runTest(self):
        self.begin()
        watch = MemoryWatch(self.daemon.process.pid) if options.soak else None
        rates = [self.one_run(run) for run in range(options.runs)]
        if watch:
            self.judge_growth(watch)
        doubles = self.sim.summary()["doubles"]["surplus_acceptances"]
        print(f"median {statistics.median(rates):.0f} call lives/s of {options.runs} runs; waihud at most "
              f"{resident_mib(self.daemon.process.pid):.0f} MiB; doubles in the ledger: {doubles}", flush=True)
        self.assertEqual(doubles, 0)
        wrong = self.postgres.sql("select count(*) from leads_task_list where phase <> 'closed' or leads_follow_id is null",
                                  self.store_url)
        self.assertEqual(wrong, "0", "every lead is closed with its follow-up")

    def judge_growth(self, watch):
        tenths, growth = watch.growth()
        print(f"resident MiB over {watch.samples[-1][0] / 60:.0f} min, a median each tenth: "
              + " ".join(f"{size:.0f}" for size in tenths) + f"; the last fifth beside the second: {growth:.3f}", flush=True)
        self.assertLess(growth, 1.02, "memory grows")

    def one_run(self, run):
        self.asked_again = 0
        tasks = self.prepare(run, options.lives // LEADS)
        self.postgres.sql("vacuum analyze", self.store_url)
        before = self.cpu()
        profilers = self.profile() if options.perf and run == 0 else []
        began = time.monotonic()
        self.asker = self.start_asker() if options.queries else None
        self.keep_going(tasks)
        seconds = time.monotonic() - began
        if self.asker:
            self.tell_latencies()
        for profiler in profilers:
            profiler.terminate()
            profiler.wait()
        rate = len(tasks) * LEADS / seconds
        spent = {name: after - before.get(name, 0.0) for name, after in self.cpu().items()}
        print(f"run {run + 1}: {len(tasks)} tasks x {LEADS} calls in {seconds:.1f} s = {rate:.0f} lives/s; CPU s: "
              + ", ".join(f"{name} {value:.1f}" for name, value in spent.items())
              + f"; starts asked again {self.asked_again}", flush=True)
        return rate

    def start_asker(self):
        asker = subprocess.Popen([sys.executable, pathlib.Path(__file__).with_name("status_asker.py"), str(self.daemon.port)],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        asker.stdin.write(self.token + "\n")
        asker.stdin.flush()
        return asker

    def tell_latencies(self):
        asker, self.asker = self.asker, None
        latencies = sorted(json.loads(asker.communicate(timeout=60)[0]))
        print(f"describe-job-group: {len(latencies)} answers, p50 {statistics.median(latencies):.1f} ms, p99 "
              f"{latencies[int(len(latencies) * 0.99)]:.1f} ms", flush=True)

    def keep_going(self, tasks):
        waiting = list(reversed(tasks))
        started, began, under_way = 0, time.monotonic(), []
        # A start is answered when its first calls are with the provider; too few starters would bound the rate.
        with concurrent.futures.ThreadPoolExecutor(32) as starters:
            ended, pending = 0, []
            stop_at = time.monotonic() + 60 + len(tasks)
            while ended < len(tasks):
                self.assertLess(time.monotonic(), stop_at, f"{ended} of {len(tasks)} tasks ended")
                while waiting and started - ended < options.active and (
                        not options.pace or started * LEADS <= (time.monotonic() - began) * options.pace):
                    waiting_task = waiting.pop()
                    under_way = [*under_way[-9:], waiting_task]  # the newest surely live
                    if self.asker:
                        self.asker.stdin.write(json.dumps(under_way) + "\n")
                        self.asker.stdin.flush()
                    pending.append(starters.submit(lambda task=waiting_task: self.start_in_the_end(task)))
                    started += 1
                for done in [future for future in pending if future.done()]:
                    pending.remove(done)
                    self.assertEqual(done.result()[0], 200, done.result())
                time.sleep(0.25)  # the interval of a poll
                ended = int(self.postgres.sql(
                    f"select count(*) from call_tasks where id between {tasks[0]} and {tasks[-1]} and task_type = 4",
                    self.store_url))

    def start_in_the_end(self, task):
        """A start that the busy daemon could not answer in time (503) is asked again; it may have begun (4005)."""
        for _ in range(20):
            status, answer = self.start_task(task)
            if status == 503:
                self.asked_again += 1
            elif answer["code"] == 4005:
                return 200, answer
            else:
                break
        return status, answer

    def profile(self):
        os.makedirs(options.perf, exist_ok=True)
        wanted = {"waihud": [self.daemon.process.pid], "waihu-sim": [self.sim.process.pid], "postgres": self.backends()}
        return [subprocess.Popen(["perf", "record", "-q", "-F", "199", "-g", "-o", f"{options.perf}/{name}.data", "-p",
                                  ",".join(map(str, pids))], stderr=subprocess.DEVNULL)
                for name, pids in wanted.items()]


if __name__ == "__main__":
    outcome = unittest.TextTestRunner(verbosity=0).run(unittest.TestSuite([Run()]))
    sys.exit(0 if outcome.wasSuccessful() else 1)
