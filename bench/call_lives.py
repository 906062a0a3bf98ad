#!/usr/bin/env python3
"""Whole call lives a second: leads stored, dispatched, polled to their end, transcript and follow-up stored, task at 4.

PostgreSQL with fsync and synchronous_commit on, waihu-sim and waihud share this machine; calls of 1 to 3 s, looks every
2 s, tasks of 500 leads. Prints a line per run and the median. Bounded: --tasks and --runs.
"""
import argparse
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/e2e"))
import harness  # noqa: E402

parser = argparse.ArgumentParser()
parser.add_argument("--tasks", type=int, default=10)
parser.add_argument("--runs", type=int, default=3)
options = parser.parse_args()
LEADS = 500


class Run(harness.Scenario):
    sim_flags = ("--speed", "1", "--talk-min-ms", "800", "--talk-max-ms", "2000", "--ring-min-ms", "200", "--ring-max-ms",
                 "800", "--scheduling-min-ms", "10", "--scheduling-max-ms", "100", "--no-answer-ring-ms", "1000",
                 "--max-attempts", "1", "--concurrency", "0", "--late-conversation-share", "0")
    overrides = {"job.look_interval_ms": 2000, "job.queued_look_interval_ms": 2000, "dispatch.batch_size": 99, "dispatch.organization_concurrency": 20000,
                 "dispatch.account_concurrency": 100000, "dispatch.organization_calls_per_s": 100000,
                 "dispatch.account_calls_per_s": 100000, "provider.read_rate_per_s": 10000,
                 "provider.write_rate_per_s": 10000, "provider.burst": 1000, "analyst.per_minute": 1000000,
                 "analyst.max_in_flight": 64, "log.level": "warn"}

    def runTest(self):
        rates = []
        self.set_up_organization()
        self.daemon.start()
        self.login()
        scene = self.ok("POST", "/api/create_scene", {"scene_name": "邀约", "scene_detail": "到店", "scene_type": 2,
                                                      "bot_name": "小星"})
        for run in range(options.runs):
            tasks = [self.new_task(scene["script_id"], run, n) for n in range(options.tasks)]
            began = time.monotonic()
            for task in tasks:
                self.assertEqual(self.start_task(task)[0], 200)
            done = "select count(*) from call_tasks where task_type <> 4"
            harness.wait_for("all tasks at 4", lambda: self.postgres.sql(done, self.store_url) == "0", 300)
            seconds = time.monotonic() - began
            rates.append(options.tasks * LEADS / seconds)
            print(f"run {run + 1}: {options.tasks} tasks x {LEADS} calls in {seconds:.1f} s = {rates[-1]:.0f} lives/s",
                  flush=True)
        doubles = self.sim.summary()["doubles"]["surplus_acceptances"]
        print(f"median {statistics.median(rates):.0f} call lives/s; doubles in the ledger: {doubles}")
        self.assertEqual(doubles, 0)

    def new_task(self, script, run, n):
        rows = "\n".join(f"R{run}T{n}L{i},客户{i},1{30 + run}{n:03d}{i:05d},车型{run}-{n},A" for i in range(LEADS))
        body = ("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"l.csv\"\r\n\r\n"
                "leads_id,leads_user_name,leads_user_phone,leads_product,leads_type\n" + rows + "\r\n--x--\r\n").encode()
        status, answer = harness.ask(self.daemon.port, "POST", "/api/leads/import", body, self.token,
                                     headers={"Content-Type": "multipart/form-data; boundary=x"})
        self.assertEqual(status, 200, answer)
        task = self.ok("POST", "/api/create-autoCall-tasks", {
            "task_name": f"任务{run}-{n}", "script_id": script,
            "size_desc": {"leads_type": [], "leads_product": [f"车型{run}-{n}"]}})
        self.assertEqual(task["leads_count"], LEADS)
        return task["task_id"]


if __name__ == "__main__":
    import unittest
    outcome = unittest.TextTestRunner(verbosity=0).run(unittest.TestSuite([Run()]))
    sys.exit(0 if outcome.wasSuccessful() else 1)
