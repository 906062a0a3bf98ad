#!/usr/bin/env python3
"""What a cluster of three nodes on this machine does: idle cost, fail-over of a killed node, a drain without a gap, what a
question about another node's task costs, and whole call lives beside one node.

PostgreSQL (durable), waihu-sim and the nodes share this machine. Calls last for hours where looks are measured, look interval
10 s without jitter: the longest time between two looks of a call, less 10 s, is the gap that it saw. Bounded by its
arguments."""
import argparse
import concurrent.futures
import re
import statistics
import sys
import time
import unittest

from campaigns import LEADS, Campaigns, cpu_seconds, harness
from cluster_harness import SHARDS, ClusterScenario

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("what", choices=("idle", "failover", "drain", "questions", "lives"))
parser.add_argument("--jobs", type=int, default=100_000, help="live calls for failover and drain")
parser.add_argument("--lives", type=int, default=60_000, help="of one run of lives")
parser.add_argument("--active", type=int, default=40, help="tasks under way at once for lives")
parser.add_argument("--runs", type=int, default=3)
parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="overrides a key of every node")
options = parser.parse_args()
INTERVAL_S = 10
HOUR_MS = "3600000"
LONG_CALLS = ("--speed", "1", "--talk-min-ms", HOUR_MS, "--talk-max-ms", HOUR_MS, "--ring-min-ms", "100", "--ring-max-ms", "200",
              "--scheduling-min-ms", "10", "--scheduling-max-ms", "20", "--max-attempts", "1", "--concurrency", "0",
              "--mix", "connected=100")
SHORT_CALLS = ("--speed", "1", "--talk-min-ms", "800", "--talk-max-ms", "2000", "--ring-min-ms", "200", "--ring-max-ms",
               "800", "--scheduling-min-ms", "10", "--scheduling-max-ms", "100", "--no-answer-ring-ms", "1000",
               "--max-attempts", "1", "--concurrency", "0", "--late-conversation-share", "0")
LOOK_MS = 2000 if options.what == "lives" else INTERVAL_S * 1000
WIDE = {"job.look_interval_ms": LOOK_MS, "job.queued_look_interval_ms": LOOK_MS, "dispatch.batch_size": 99,
        "dispatch.organization_concurrency": 1000000, "dispatch.account_concurrency": 1000000,
        "dispatch.organization_calls_per_s": 100000, "dispatch.account_calls_per_s": 100000,
        "provider.read_rate_per_s": 10000, "provider.write_rate_per_s": 10000, "provider.burst": 1000,
        "analyst.per_minute": 1000000, "analyst.max_in_flight": 64, "log.level": "info",
        # as they are unless set: what operators get
        "node.lease_time_ms": 10000, "node.lease_renew_ms": 3000, "node.drain_timeout_ms": 20000,
        **dict(pair.split("=", 1) for pair in options.set)}


class ClusterBench(Campaigns, ClusterScenario):
    sim_flags = SHORT_CALLS if options.what == "lives" else LONG_CALLS
    overrides = WIDE if options.what == "lives" else {**WIDE, "job.look_jitter": 0}

    def runTest(self):
        getattr(self, "measure_" + options.what)()

    # --- steps

    def begin(self):
        self.set_up_organization()
        self.start_all()
        self.login()
        self.scene = self.ok("POST", "/api/create_scene", {"scene_name": "邀约", "scene_detail": "到店", "scene_type": 2,
                                                           "bot_name": "小星"})["script_id"]

    def live(self):
        return [node for node in self.nodes.values() if node.process and node.process.poll() is None]

    def metric(self, node, pattern):
        found = re.search(rf"^{pattern} (\S+)$", node.admin("/metrics")[1], re.M)
        return float(found[1]) if found else 0.0

    def jobs_followed(self):
        total = 0
        for node in self.live():
            try:
                total += self.metric(node, r'waihu_actors\{kind="job"\}')
            except OSError:
                pass
        return int(total)

    def place_long_calls(self):
        self.begin()
        tasks = self.prepare(0, options.jobs // LEADS)
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(8) as starters:
            list(starters.map(lambda task: self.on_any("POST", "/api/start-call-task", {"task_id": task}), tasks))
        harness.wait_for("every call is placed", lambda: int(self.postgres.sql(
            "select count(*) from leads_task_list where call_job_id is not null", self.store_url)) == options.jobs, 600, 1.0)
        print(f"{options.jobs} calls live on {len(self.nodes)} nodes after {time.monotonic() - began:.0f} s; shards "
              f"{self.owners()}", flush=True)
        settled = time.monotonic() + 2 * INTERVAL_S
        harness.wait_for("two rounds of looks", lambda: time.monotonic() >= settled, 3 * INTERVAL_S)
        self.assertEqual(self.jobs_followed(), options.jobs)
        harness.ask(self.sim.port, "DELETE", "/sim/looks")
        return tasks

    def looks(self):
        return self.sim.get("/sim/summary")["looks"]

    def rest(self, seconds):
        over = time.monotonic() + seconds
        harness.wait_for("some seconds", lambda: time.monotonic() >= over, seconds + 5)

    def judge(self):
        doubles = self.sim.summary()["doubles"]["surplus_acceptances"]
        self.assertEqual(doubles, 0)
        return doubles

    # --- what is measured

    def measure_idle(self):
        self.begin()
        self.rest(10)
        before = {node.name: cpu_seconds(node.process.pid) for node in self.live()}
        self.rest(30)
        print("idle: " + ", ".join(f"{node.name} {100 * (cpu_seconds(node.process.pid) - before[node.name]) / 30:.2f} %"
                                   for node in self.live()) + " of a core", flush=True)

    def measure_failover(self):
        self.place_long_calls()
        victim = self.nodes[max(self.owners().items(), key=lambda item: item[1])[0]]
        lost = int(self.metric(victim, r'waihu_actors\{kind="job"\}'))
        self.rest(2 * INTERVAL_S)  # every call has been looked at at least once since the journal began
        killed = time.monotonic()
        victim.kill()
        left = {node.name for node in self.live()}
        harness.wait_for("the shards are taken", lambda: set(self.owners()) == left
                         and sum(self.owners().values()) == SHARDS, 60, 0.05)
        taken = time.monotonic() - killed
        harness.wait_for("every call is followed again", lambda: self.jobs_followed() >= options.jobs, 60, 0.1)
        followed = time.monotonic() - killed
        self.rest(INTERVAL_S + 5)
        looks = self.looks()
        print(f"fail-over of {victim.name} with {lost} of {options.jobs} live calls: shards taken after {taken:.1f} s, every call "
              f"followed again after {followed:.1f} s; time between looks p50 {looks['interval_p50_ms']} ms, p99 "
              f"{looks['interval_p99_ms']} ms, longest {looks['interval_max_ms']} ms ({1000 * INTERVAL_S:,} asked for); doubles "
              f"{self.judge()}", flush=True)

    def measure_drain(self):
        tasks = self.place_long_calls()
        self.rest(INTERVAL_S)
        name = max(self.owners().items(), key=lambda item: item[1])[0]
        node = self.nodes[name]
        others = [other for other in self.live() if other is not node]
        errors, asked, over = [], [], []

        def ask_on():
            # As behind a balancer that knows which nodes are ready; the one that is drained goes on answering.
            n = 0
            while not over:
                n += 1
                target = (node, *others)[n % 3]
                status, answer = harness.ask(target.port, "POST", "/api/describe-job-group",
                                             {"task_id": tasks[n * 7 % len(tasks)]}, self.token)
                asked.append(status)
                if status != 200:
                    errors.append((status, answer))

        asker = concurrent.futures.ThreadPoolExecutor(1).submit(ask_on)
        began = time.monotonic()
        self.postgres.sql(f"update nodes set drained = true where node = '{name}'; select pg_notify('waihu_cluster', '')",
                          self.store_url)
        harness.wait_for("it owns nothing", lambda: name not in self.owners() and sum(self.owners().values()) == SHARDS, 120,
                         0.05)
        drained = time.monotonic() - began
        harness.wait_for("every call is followed", lambda: self.jobs_followed() >= options.jobs, 60, 0.1)
        self.rest(INTERVAL_S + 5)
        over.append(True)
        asker.result()
        looks = self.looks()
        print(f"drain of {name}: all shards moved in {drained:.1f} s; time between looks p50 {looks['interval_p50_ms']} ms, p99 "
              f"{looks['interval_p99_ms']} ms, longest {looks['interval_max_ms']} ms ({1000 * INTERVAL_S:,} asked for); "
              f"{len(asked)} questions meanwhile, {len(errors)} errors {errors[:2]}; doubles {self.judge()}", flush=True)

    def measure_questions(self):
        options.jobs = 3000
        tasks = self.place_long_calls()
        of = {task: self.owner_of(task) for task in tasks}
        here = self.nodes[of[tasks[0]]]
        own = [task for task in tasks if of[task] == here.name]
        others = [task for task in tasks if of[task] != here.name]
        self.assertTrue(own and others, of)
        timed = {"own": [], "another node's": []}
        for n in range(4000):
            for name, group in (("own", own), ("another node's", others)):
                asked = time.perf_counter()
                status, _ = harness.ask(here.port, "POST", "/api/describe-job-group", {"task_id": group[n % len(group)]},
                                        self.token)
                timed[name].append(1000 * (time.perf_counter() - asked))
                self.assertEqual(status, 200)
        p50 = {name: statistics.median(values) for name, values in timed.items()}
        print("describe-job-group, one at a time: " + "; ".join(
            f"{name} task p50 {p50[name]:.2f} ms, p99 {sorted(values)[int(len(values) * 0.99)]:.2f} ms"
            for name, values in timed.items()) + f"; {p50['another node' + chr(39) + 's'] - p50['own']:.2f} ms more", flush=True)

    def measure_lives(self):
        """Runs with one node and with three take turns, so that a noisy machine is noisy to both."""
        self.begin()
        rates = {1: [], len(self.names): []}
        for run in range(2 * options.runs):
            count = 1 if run % 2 == 0 else len(self.names)
            self.use(count)
            rate = self.one_run(run)
            rates[count].append(rate)
            print(f"run {run + 1}: {count} nodes, {rate:.0f} lives/s", flush=True)
        one, many = statistics.median(rates[1]), statistics.median(rates[len(self.names)])
        print(f"median of {options.runs}: one node {one:.0f} lives/s, {len(self.names)} nodes {many:.0f}, ratio {many / one:.2f}; "
              f"doubles {self.judge()}", flush=True)

    def use(self, count):
        """The first so many nodes run, the others do not."""
        for n, node in enumerate(self.nodes.values()):
            runs = node.process.poll() is None
            if n < count and not runs:
                node.start()
            elif n >= count and runs:
                self.assertEqual(node.stop(60), 0)
        self.wait_until_shared(self.names[:count])

    def one_run(self, run):
        tasks = self.prepare(run, options.lives // LEADS)
        self.postgres.sql("vacuum analyze", self.store_url)
        waiting, started = list(reversed(tasks)), 0
        began = time.monotonic()
        ids = ",".join(str(t) for t in tasks)
        with concurrent.futures.ThreadPoolExecutor(16) as starters:
            while True:
                ended = int(self.postgres.sql(f"select count(*) from call_tasks where id in ({ids}) and task_type = 4",
                                              self.store_url))
                if ended == len(tasks):
                    break
                self.assertLess(time.monotonic() - began, 900, f"{ended} of {len(tasks)} tasks ended")
                while waiting and started - ended < options.active:
                    starters.submit(self.on_any, "POST", "/api/start-call-task", {"task_id": waiting.pop()}, 120)
                    started += 1
                time.sleep(0.1)  # the interval of a poll
        return len(tasks) * LEADS / (time.monotonic() - began)


if __name__ == "__main__":
    outcome = unittest.TextTestRunner(verbosity=0).run(unittest.TestSuite([ClusterBench()]))
    sys.exit(0 if outcome.wasSuccessful() else 1)
