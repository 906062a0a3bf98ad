"""Campaigns on three nodes that share a store, under disturbances that overlap: the run from its first node to its table.
Judges nothing; see cluster_checker.py."""
import collections
import http.client
import math
import random
import shutil
import subprocess
import tempfile
import threading
import time

import campaign
import cluster_checker
import cluster_evidence
import evidence
from campaign import READY_WAIT_S, SIM_FLAGS, Broken, spread
from cluster_faults import Faults
from cluster_nodes import NAMES, Clock, Nodes
from cluster_people import People
from evidence import harness
from wires import Wires

import cluster_harness  # found by evidence.py's path


NODE_START_S, BOUT_S = 3, 2  # about what a start takes, and until calls move again


class ClusterCampaign(Nodes, People, Faults, campaign.Campaign):
    """Several tasks on one database, one simulator and three daemons."""
    checks = cluster_checker.every_check()

    def __init__(self, options, mode, seed, postgres):
        super().__init__(options, mode, seed, postgres)
        self.nodes, self.tasks, self.suspensions, self.healings, self.endings = {}, [], [], [], []
        self.clock_refusals, self.disturbances, self.handovers, self.broken, self.paused = [], [], [], [], set()
        self.is_over = False
        self.chosen = None  # the node that is asked, instead of any
        self.during = "the beginning"
        self.ready_ms, self.gaps_ms = [], []
        self.turn = threading.Lock()
        self.store_turn = threading.Lock()
        self.over = threading.Event()
        self.turns = random.Random(seed)
        self.drains = "undrain" in subprocess.run([harness.BIN / "waihuctl", "--help"], capture_output=True, text=True).stdout

    # --- the parts

    def open(self):
        self.folder = tempfile.mkdtemp(prefix="waihu-chaos.")
        self.store_url = self.postgres.new_database()
        self.sim = harness.Simulator(self.folder, *SIM_FLAGS, "--seed", str(self.seed))
        self.set_up_organization()
        self.postgres.sql(cluster_evidence.WITNESS, self.store_url)
        self.wires = Wires()
        self.clock = Clock(self.folder)
        self.certificates = cluster_harness.Certificates(self.folder)
        self.jwt_secret = harness.secrets.token_hex(32)
        share = self.options.leads // self.options.tasks
        self.overrides = {
            **campaign.QUICK, "dispatch.batch_size": min(20, max(2, share // 25)),
            "node.lease_time_ms": round(self.options.lease_s * 1000),
            "node.lease_renew_ms": round(self.options.lease_s * 300),
            "dispatch.organization_calls_per_s": self.limits["organization"],
            "dispatch.account_calls_per_s": self.limits["account"]}
        for name in NAMES:
            self.nodes[name] = self.make_node(name)
        self.daemon = self.nodes[NAMES[0]]
        self.watch = cluster_evidence.Watch(self.store_url)
        self.watch.start()

    def tail(self):
        return "".join(f"--- {node.name}\n{node.tail(25)}" for node in self.nodes.values() if node.process is not None)

    def end_nodes(self):
        """All of them, for good."""
        self.over.set()
        for node in self.nodes.values():
            with node.turn:
                node.meant_to_run = False
                node.close()

    def close(self, keep):
        self.end_nodes()
        if hasattr(self, "watch"):
            self.watch.end()
        if hasattr(self, "wires"):
            self.wires.close()
        if hasattr(self, "sim"):
            self.sim.close()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    # --- the run

    def in_background(self, work, *arguments):
        def carried():
            try:
                work(*arguments)
            except Exception as error:  # told by the main thread, which may be waiting for it
                self.broken.append(f"{work.__name__}: {type(error).__name__}: {error}")
        thread = threading.Thread(target=carried, daemon=True)
        thread.start()
        self.threads.append(thread)
        return thread

    def check_broken(self):
        if self.broken:
            raise Broken("; ".join(self.broken))
        if time.monotonic() > self.deadline:
            raise Broken(f"the run took longer than {self.options.limit_s} s")

    @staticmethod
    def size(moments):
        return f"{sum(len(bout.faults) for bout in moments)} faults in {len(moments)} bouts"

    def planned_s(self, bout):
        """About how long a bout takes, so that the calls last as long as the plan."""
        waits = {"failpoint": self.options.lease_s + NODE_START_S, "stuck": self.options.lease_s + NODE_START_S,
                 "kill": NODE_START_S, "rolling": 6 * NODE_START_S, "store": NODE_START_S}
        return max((f.at_ms + f.ms) / 1000 + waits.get(f.kind, 0) for f in bout.faults) + bout.calm_ms / 1000 + BOUT_S

    def play(self, moments):
        self.threads, self.started = [], set()
        planned_s = sum(self.planned_s(bout) for bout in moments)
        rate = max(4, math.ceil(self.options.leads / (0.6 * planned_s)))
        self.limits = {"organization": rate, "account": 4 * rate, "speed": campaign.SPEED,
                       "enforced": self.options.limits == "judged"}
        self.open()
        self.make_tasks()
        self.in_background(self.mind)
        harness.wait_for("the shards are owned", lambda: sum(1 for o in self.watch.owners().values() if o[0]) == 256,
                         READY_WAIT_S, 0.2)
        self.mix_owners()
        for number, bout in enumerate(moments, 1):
            # Half of them at once, so that each node has something to dispatch; the rest while things break.
            self.start_due(0.5 + 0.6 * number / len(moments))
            self.play_bout(number, len(moments), bout)
            self.check_broken()
            if number % max(1, len(moments) // 12) == 0:
                self.look(f"after bout {number}")
        self.start_due(1)
        self.finish()

    def play_bout(self, number, of, bout):
        self.during, self.bout = str(bout), bout
        if self.options.verbose:
            print(f"    {time.monotonic() - self.began:6.1f} s  {number:3}/{of} {bout}", flush=True)
        faults = [self.in_background(self.carry_fault, fault) for fault in bout.faults]
        for wish in bout.wishes:
            self.in_background(self.carry_wish, wish)
        for thread in faults:
            thread.join()
        self.check_broken()
        for node in self.nodes.values():
            self.until_ready(node)
        self.await_progress(bout)
        time.sleep(bout.calm_ms / 1000)  # drawn from the seed

    def carry_fault(self, fault):
        time.sleep(fault.at_ms / 1000)  # the moment itself
        self.done[fault.kind] += 1
        getattr(self, "do_" + fault.kind)(fault)

    def await_progress(self, bout):
        """Nothing disturbs any more: the moment from which the judge counts, and a wait for what he wants to see."""
        healing = {"at_ms": round(cluster_evidence.now_ms()), "bound_ms": round(self.options.resume_s * 1000),
                   "after": str(bout)}
        self.healings.append(healing)
        steps = None
        while cluster_evidence.now_ms() < healing["at_ms"] + healing["bound_ms"] + 2000:
            after = [look for look in self.watch.progress if look["at_ms"] > healing["at_ms"]]
            before = [look for look in self.watch.progress if look["at_ms"] <= healing["at_ms"]]
            steps = before[-1]["steps"] if before else 0
            if any(look["steps"] > steps or look["open"] == 0 for look in after):
                healing["took_ms"] = round(next(look["at_ms"] for look in after
                                                if look["steps"] > steps or look["open"] == 0) - healing["at_ms"])
                return
            time.sleep(0.1)  # the interval of a poll
        if self.options.verbose:
            print(f"    no progress after {bout}: {self.standing()}", flush=True)

    def look(self, label):
        """The live counters of one task at every node, then the store, which can only be ahead of them."""
        calling = self.sql_ids(2, 3, 5)
        task, told = (self.turns.choice(calling), {}) if calling else (None, {})
        for node in self.living() if task else []:
            try:
                status, answer = harness.ask(node.port, "POST", "/api/describe-job-group", {"task_id": task}, self.token, 10)
                if status == 200 and answer.get("status") == "success":
                    told[node.name] = answer["data"]["progress"]
            except (OSError, ValueError, http.client.HTTPException):
                continue
        seen = evidence.sample(self, label, None)
        self.samples.append(seen)
        self.samples += [{**seen, "label": f"{label}, {name}", "live": live, "task": task} for name, live in told.items()]

    def finish(self):
        """No more disturbances: every task to its end."""
        self.during = "the end"
        self.sim.clear_faults()
        tail_over = time.monotonic() + self.options.tail_s
        while True:
            self.check_broken()
            ended = len(self.sql_ids(4))
            if ended == len(self.tasks):
                break
            if time.monotonic() > tail_over:
                raise Broken(f"the campaigns stand still {self.options.tail_s} s after the last fault: {self.standing()}")
            for task in self.sql_ids(1):
                self.ask_any("POST", "/api/start-call-task", {"task_id": task}, 10)
            for task in self.sql_ids(5):
                if task not in self.paused:
                    self.resume(task)
            time.sleep(0.3)  # the interval of a poll
        time.sleep(1.5)  # one more look at progress
        self.is_over = True

    def standing(self):
        """Where the rows are, who owns what, and what the nodes say about it."""
        phases = self.quick_sql("select string_agg(phase || ' ' || n, ', ') from (select phase, count(*) n from "
                                "leads_task_list group by 1 order by 1) p")
        owners = collections.Counter(owner for owner, _, _ in self.watch.owners().values())
        told = []
        for task in self.sql_ids(2, 3, 5)[:4]:
            for node in self.living():
                try:
                    answer = harness.ask(node.port, "POST", "/api/diagnose-task", {"task_id": task}, self.token, 5)[1]
                except (OSError, ValueError, http.client.HTTPException):
                    continue
                data = answer.get("data") or {}
                told.append(f"{node.name} of {task}: {data.get('status')}, processing {data.get('is_processing')}, "
                            f"{data.get('reasons')}, {data.get('actors')}")
        return f"{phases}; shards {dict(owners)}; " + "; ".join(told)

    def gather(self):
        self.during = "the end"
        return cluster_evidence.gather(self, self.tasks)

    # --- the table

    def figures(self, found):
        total = sum(self.done[kind] for kind in campaign.plan.CLUSTER_KINDS)
        yield "faults", total
        for name in sorted(self.done, key=lambda n: n.strip()):
            yield "  " + name, self.done[name]
        yield "launch to ready", spread(self.ready_ms)
        resumed = [h["took_ms"] for h in self.healings if "took_ms" in h]
        yield "healed to first progress", spread(resumed)
        refused = {node.name: round(node.stale_before + node.stale_now) for node in self.nodes.values()}
        yield "stale writes refused", ", ".join(f"{name} {n}" for name, n in refused.items())
        if found is None:
            return
        for kind in ("kill", "failpoint", "stop", "stuck", "away"):
            alone = [seen for seen in found.failovers if seen["kind"] == kind and seen["alone"]]
            owned = [seen["owned_ms"] for seen in alone if seen["owned_ms"]]
            tracked = [seen["tracked_ms"] for seen in alone if seen["tracked_ms"]]
            if owned:
                yield f"fail-over after {kind}, owned", spread(owned) + f" ({len(owned)})"
                yield f"fail-over after {kind}, looked after", spread(tracked) + f" ({len(tracked)})"
        freed, gaps = {}, []
        for change in found.leases:
            if not change["node"]:
                freed[change["shard"]] = change["at_ms"]
            elif change["shard"] in freed:
                gaps.append(change["at_ms"] - freed.pop(change["shard"]))
        yield "given up to taken", spread(gaps) + f" ({len(gaps)})"
        takings = sum(1 for change in found.leases if change["node"])
        late = sum(1 for write in found.writes if write["left_ms"] <= 0)
        yield "takings of shards", f"{takings}, greatest epoch {max((c['epoch'] for c in found.leases), default=0)}"
        yield "writes", f"{len(found.writes)}, {late} of them after the lease's end and before a taking"
        yield "batches", len(found.batches)
        yield "suspensions acknowledged", len(found.suspensions)
        most = cluster_checker.greatest_rate(found)
        yield "most calls in a second", f"{most}, limit {self.limits['organization']}" + \
            ("" if self.limits["enforced"] else ", not judged")
