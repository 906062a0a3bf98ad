"""Campaigns on three nodes that share a store, under disturbances that overlap: what each fault of a plan does to the nodes
and to what lies between them. Judges nothing; see cluster_checker.py."""
import collections
import dataclasses
import http.client
import math
import os
import pathlib
import random
import re
import shutil
import signal
import struct
import subprocess
import tempfile
import threading
import time
import urllib.parse

import campaign
import cluster_checker
import cluster_evidence
import evidence
from campaign import READY_WAIT_S, SIM_FLAGS, Broken, spread
from evidence import harness
from wires import Wires

import cluster_harness  # noqa: E402 (found by evidence.py's path)

NAMES = ("node-a", "node-b", "node-c")
ASK_S = 5              # a client gives an answer so long before it tries elsewhere
AVOID_S = 2            # and leaves a node that did not answer alone for so long, as a balancer does
PATIENCE_S = 90        # of somebody who wants a thing done, over all his tries
NOTICING_S = 1.5       # after its next renewal a node has noticed that its clock is wrong
STOP_S = 45            # an orderly stop, with the store possibly away
SETTLED_OPEN = "select id from call_tasks where task_type in ({}) order by id"
STALE = re.compile(r'^waihu_store_changes_total\{[^}]*result="stale_epoch"[^}]*\} (\S+)$', re.M)
HERE = pathlib.Path(__file__).resolve().parent


class Clock:
    """Lets the calendar clock of daemons jump, by a library that is preloaded into them (clock_shim.c)."""

    def __init__(self, folder):
        self.library = os.path.join(folder, "clock_shim.so")
        try:
            done = subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", self.library, HERE / "clock_shim.c"],
                                  capture_output=True)
            self.works = done.returncode == 0
        except OSError:
            self.works = False

    def put_into(self, node):
        node.clock_file = os.path.join(node.folder, "clock_ahead_s")
        self.turn(node, 0)
        # libpqxx 6.4 leaks a result when a statement finds its connection dead: no reason to end with a failure.
        options = [node.environment.get("ASAN_OPTIONS"), "detect_leaks=0", self.works and "verify_asan_link_order=0"]
        node.environment["ASAN_OPTIONS"] = ":".join(filter(None, options))
        if self.works:
            node.environment.update(LD_PRELOAD=self.library, WAIHU_CLOCK_FILE=node.clock_file)

    @staticmethod
    def turn(node, ahead_s):
        """In place: the daemon has the file mapped."""
        with open(node.clock_file, "r+b" if os.path.exists(node.clock_file) else "wb") as file:
            file.write(struct.pack("=q", ahead_s))


class Member(cluster_harness.Node):
    """A node of the run, and what is meant to be with it."""

    def __init__(self, run, name, overrides):
        self.turn = threading.RLock()
        self.meant_to_run = False
        self.avoid_until = 0.0
        self.stale_before, self.stale_now = 0.0, 0.0  # writes refused as stale: of former processes, of this one
        super().__init__(run, name, overrides)

    def runs(self):
        return self.process is not None and self.process.poll() is None

    def state(self):
        """One letter of the kernel's: R, S, D, T for stopped, Z for ended."""
        if not self.runs():
            return "Z"
        try:
            return pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return "Z"


@dataclasses.dataclass
class Disturbance:
    """A node that could not work, and what became of its tasks."""
    kind: str
    node: str
    at_ms: float
    tasks: dict                       # unfinished tasks of its shards -> their epoch then
    shards: set
    until_ms: float = 0.0
    tracked_ms: dict = dataclasses.field(default_factory=dict)


class ClusterCampaign(campaign.Campaign):
    """Several tasks on one database, one simulator and three daemons."""
    checks = cluster_checker.every_check()

    def __init__(self, options, mode, seed, postgres):
        super().__init__(options, mode, seed, postgres)
        self.nodes, self.tasks, self.suspensions, self.healings, self.endings = {}, [], [], [], []
        self.clock_refusals, self.disturbances, self.broken, self.paused = [], [], [], set()
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

    def make_node(self, name):
        parts = urllib.parse.urlsplit(self.store_url)
        socket = urllib.parse.parse_qs(parts.query)["host"][0] + "/.s.PGSQL.5432"
        port = self.wires.open(f"store {name}", "unix", socket)
        url = (f"postgresql://{parts.username}@127.0.0.1:{port}{parts.path}?sslmode=disable"
               f"&options=-c%20{cluster_evidence.NODE_SETTING}%3D{name}")
        node = Member(self, name, {"store.url": url, "admin.port": harness.free_port()})
        self.clock.put_into(node)
        return node

    def tail(self):
        return "".join(f"--- {node.name}\n{node.tail(25)}" for node in self.nodes.values() if node.process is not None)

    def close(self, keep):
        self.over.set()
        for node in self.nodes.values():
            node.meant_to_run = False
            node.close()
        if hasattr(self, "watch"):
            self.watch.end()
        if hasattr(self, "wires"):
            self.wires.close()
        if hasattr(self, "sim"):
            self.sim.close()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    # --- nodes

    def living(self):
        return [node for node in self.nodes.values() if node.meant_to_run and node.runs()]

    def start_node(self, node, failpoint=None):
        with node.turn:
            node.start(failpoint=failpoint, ready=False)
            node.meant_to_run = failpoint is None
        self.know_processes()

    def know_processes(self):
        self.wires.know({node.name: node.process.pid for node in self.nodes.values() if node.runs()})

    def until_ready(self, node, launched=None):
        """Once it answers; the store may be away for a while at the same time."""
        began = time.monotonic()
        while True:
            try:
                if harness.ask(node.port, "GET", "/api/health", timeout=ASK_S)[0] == 200:
                    if launched:
                        self.ready_ms.append((time.monotonic() - launched) * 1000)
                    return
            except (OSError, ValueError, http.client.HTTPException):
                pass
            if time.monotonic() - began > READY_WAIT_S:
                raise Broken(f"{node.name} was not ready within {READY_WAIT_S} s\n{node.tail(15)}")
            time.sleep(0.05)  # the interval of a poll

    def bring_up(self, node):
        launched = time.monotonic()
        self.start_node(node)
        self.until_ready(node, launched)

    def kill_node(self, node):
        with node.turn:
            node.meant_to_run = False
            self.keep_stale(node)
            node.kill()
        self.done["kill -9 of a node"] += 1

    def stop_in_order(self, node):
        """SIGTERM; its end is written down for the judge."""
        with node.turn:
            node.meant_to_run = False
            self.keep_stale(node)
            node.process.send_signal(signal.SIGTERM)
        try:
            code = node.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            node.kill()
            code = f"no end within {STOP_S} s of SIGTERM"
        self.endings.append({"node": node.name, "code": code, "wanted": 0, "during": self.during})

    def mind(self):
        """Looks after nodes that end by themselves, as a service manager does, and reads how many writes were refused."""
        number = 0
        while not self.over.wait(0.3):
            number += 1
            for node in self.nodes.values():
                with node.turn:
                    if node.meant_to_run and not node.runs():
                        self.endings.append({"node": node.name, "code": node.process.returncode, "wanted": None,
                                             "during": self.during})
                        self.done["node ended by itself"] += 1
                        self.keep_stale(node)
                        node.start(ready=False)
                if number % 5 == 0 and node.meant_to_run:
                    self.read_stale(node)

    def read_stale(self, node):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.admin_port_of(node), timeout=1)
            connection.request("GET", "/metrics")
            found = STALE.search(connection.getresponse().read().decode())
            connection.close()
            node.stale_now = max(node.stale_now, float(found[1]) if found else 0.0)
        except (OSError, http.client.HTTPException):
            pass  # stopped, or not there yet

    @staticmethod
    def admin_port_of(node):
        return next(int(flag.rsplit("=", 1)[1]) for flag in node.flags if flag.startswith("--set=admin.port="))

    @staticmethod
    def keep_stale(node):
        node.stale_before += node.stale_now
        node.stale_now = 0.0

    # --- asking

    def ask_any(self, method, path, body=None, patience_s=PATIENCE_S):
        """As a client behind a balancer: who does not answer, or says 503, is tried again elsewhere. None in vain."""
        give_up = time.monotonic() + patience_s
        while time.monotonic() < give_up:
            nodes = [self.chosen] if self.chosen else self.turns.sample(list(self.nodes.values()), len(self.nodes))
            fresh = [node for node in nodes if node.avoid_until < time.monotonic()]
            for node in fresh or nodes:
                try:
                    status, answer = harness.ask(node.port, method, path, body, self.token, timeout=ASK_S)
                except (OSError, ValueError, http.client.HTTPException):
                    node.avoid_until = time.monotonic() + AVOID_S
                    continue
                if status == 401 and self.token and path != "/api/login":
                    self.done["  401 with a good token"] += 1  # a clock that is off, perhaps
                elif status not in (502, 503):
                    return status, answer
            time.sleep(0.2)  # between two rounds of tries
        return None

    def api(self, method, path, body=None):
        answer = self.ask_any(method, path, body)
        if answer is None:
            raise AssertionError(f"nobody answered {path} within {PATIENCE_S} s")
        return answer

    def sql_ids(self, *types):
        text = self.postgres.sql(SETTLED_OPEN.format(",".join(map(str, types))), self.store_url)
        return [int(line) for line in text.splitlines()]

    def quick_sql(self, text):
        """A statement that is tried again while the store is away."""
        give_up = time.monotonic() + 60
        while True:
            try:
                return self.postgres.sql(text, self.store_url)
            except AssertionError:
                if time.monotonic() > give_up:
                    raise
                time.sleep(0.2)  # between tries

    def task_type(self, task):
        return int(self.quick_sql(f"select task_type from call_tasks where id = {int(task)}"))

    # --- the campaigns

    def make_tasks(self):
        """Tasks over disjoint leads, told apart by their product."""
        for name in NAMES:
            self.start_node(self.nodes[name])
        for name in NAMES:
            self.until_ready(self.nodes[name])
        self.login()
        leads, tasks = self.options.leads, self.options.tasks
        self.import_leads(leads)
        scene = self.ok("POST", "/api/create_scene", {"scene_name": "邀约", "scene_detail": "到店", "scene_type": 2,
                                                      "bot_name": "小星"})
        for n in range(tasks):
            made = self.ok("POST", "/api/create-autoCall-tasks", {
                "task_name": f"任务{n}", "script_id": scene["script_id"],
                "size_desc": {"leads_type": [], "leads_product": [f"P{n}"]}})
            assert made["leads_count"] == len(range(n, leads, tasks)), made
            self.tasks.append(made["task_id"])

    def product_of(self, lead):
        return f"P{(lead - 1) % self.options.tasks}"

    def start_due(self, share):
        """The first of the tasks, as many as a share of the run has passed."""
        for task in self.tasks[:math.ceil(share * len(self.tasks))]:
            if task in self.started:
                continue
            self.started.add(task)
            self.in_background(self.start_one, task)

    def start_one(self, task):
        give_up = time.monotonic() + 2 * PATIENCE_S
        while self.task_type(task) == 1 and not self.over.is_set():
            if time.monotonic() > give_up:
                raise Broken(f"task {task} could not be started within {2 * PATIENCE_S} s")
            self.ask_any("POST", "/api/start-call-task", {"task_id": task}, 10)

    def carry_wish(self, wish):
        """Suspends a task that calls, waits, resumes it; writes down what was acknowledged, by the provider's clock."""
        time.sleep(wish.at_ms / 1000)
        with self.turn:
            calling = [task for task in map(int, self.quick_sql(SETTLED_OPEN.format("2")).split()) if task not in self.paused]
            if not calling:
                return
            task = calling[int(wish.draw * len(calling))]
            self.paused.add(task)
        told = self.ask_any("POST", "/api/suspend-resume-task", {"task_id": task, "action": "suspend"}, 30)
        pause = None
        if told and told[0] == 200 and told[1].get("status") == "success":
            pause = {"task": task, "from_ms": self.sim.get("/sim/clock")["virtual_ms"], "until_ms": None}
            self.suspensions.append(pause)
            self.done["suspended"] += 1
            time.sleep(wish.ms / 1000)
            pause["until_ms"] = self.sim.get("/sim/clock")["virtual_ms"]
        else:
            self.done["suspensions refused or unanswered"] += 1
        self.resume(task)
        self.paused.discard(task)

    def resume(self, task):
        give_up = time.monotonic() + 2 * PATIENCE_S
        while self.task_type(task) == 5 and not self.over.is_set():
            if time.monotonic() > give_up:
                raise Broken(f"task {task} could not be resumed within {2 * PATIENCE_S} s")
            self.ask_any("POST", "/api/suspend-resume-task", {"task_id": task, "action": "resume"}, 10)

    # --- faults

    def do_kill(self, fault):
        node = self.nodes[NAMES[fault.node]]
        self.disturbed(fault, node)
        self.kill_node(node)
        time.sleep(fault.ms / 1000)
        self.bring_up(node)

    def until_failpoint(self, node, wish):
        """Starts a node anew that ends or stops itself between two steps of dispatch, and waits for it. Its state: "Z" (it
        has ended), "T" (it has stopped), or what it is in when it does not get there."""
        self.kill_node(node)
        self.start_node(node, failpoint=wish)
        wait = time.monotonic() + 2 * self.options.lease_s + campaign.FAILPOINT_WAIT_S
        while (state := node.state()) not in "ZT" and time.monotonic() < wait:
            time.sleep(0.02)  # the interval of a poll
        if state not in "ZT":
            self.done["  failpoints not reached"] += 1
        return state

    def do_failpoint(self, fault):
        """The node dies between two steps of dispatch, if it gets there."""
        node = self.nodes[NAMES[fault.node]]
        if not self.failpoints:
            self.done["  failpoints by the clock"] += 1
            return self.do_kill(fault)
        if self.until_failpoint(node, fault.how) == "Z" and node.process.wait() != -signal.SIGKILL:
            self.endings.append({"node": node.name, "code": node.process.returncode, "wanted": -9, "during": str(fault)})
        self.disturbed(fault, node)
        self.kill_node(node)
        time.sleep(fault.ms / 1000)
        self.bring_up(node)

    def do_stuck(self, fault):
        """The node sleeps between two steps of dispatch until its shards are another's, and then goes on with its step."""
        node = self.nodes[NAMES[fault.node]]
        if not self.failpoints:
            self.done["  failpoints by the clock"] += 1
            return self.do_stop(fault)
        state = self.until_failpoint(node, fault.how + ":stop")
        self.disturbed(fault, node)
        if state == "Z":  # a daemon that knows no stops at failpoints
            time.sleep(fault.ms / 1000)
            return self.bring_up(node)
        node.meant_to_run = True
        node.signal(signal.SIGSTOP)  # in case that it did not get there
        time.sleep(fault.ms / 1000)
        node.signal(signal.SIGCONT)
        self.until_ready(node)

    def do_stop(self, fault):
        node = self.nodes[NAMES[fault.node]]
        self.disturbed(fault, node)
        node.signal(signal.SIGSTOP)
        time.sleep(fault.ms / 1000)
        node.signal(signal.SIGCONT)
        self.until_ready(node)

    def do_away(self, fault):
        node = self.nodes[NAMES[fault.node]]
        self.disturbed(fault, node)
        self.wires.cut(f"store {node.name}")
        time.sleep(fault.ms / 1000)
        self.wires.mend(f"store {node.name}", reset=fault.how == "reset")
        self.until_ready(node)

    def do_link(self, fault):
        one, other = NAMES[fault.node], NAMES[fault.other]
        for to, user in ((one, other), (other, one)):
            self.wires.cut(f"peer {to}", user)
        time.sleep(fault.ms / 1000)
        for to, user in ((one, other), (other, one)):
            self.wires.mend(f"peer {to}", user, reset=fault.how == "reset")

    def do_store(self, fault):
        with self.store_turn:
            if fault.how == "kill9":
                self.postgres.tool("kill9")
                self.postgres.tool("start", "--durable")
            else:
                self.postgres.tool("restart", "-m", fault.how)
        self.done["  store " + fault.how] += 1

    def do_sessions(self, fault):
        """The sessions whose advisory locks say who is a node, of one node or of all."""
        whose = f"and n.node = '{NAMES[fault.node]}'" if fault.how == "one" else ""
        self.quick_sql("select count(pg_terminate_backend(l.pid)) from pg_locks l join nodes n on n.claim_pid = l.pid "
                       f"where l.locktype = 'advisory' and l.objsubid = 1 and l.pid <> pg_backend_pid() {whose}")

    def do_outage(self, fault):
        self.sim.fault(effect="outage", ms=fault.ms)
        time.sleep(fault.ms / 1000)

    def do_lost(self, fault):
        self.sim.fault(action="AssignJobs", when={"count": int(fault.how)}, effect="lose_answer_after_accept")

    def do_clock(self, fault):
        if not self.clock.works:
            self.done["  clock not turned: no cc"] += 1
            return
        node = self.nodes[NAMES[fault.node]]
        self.clock.turn(node, int(fault.how))
        notices_s = min(0.3 * self.options.lease_s + NOTICING_S, fault.ms / 1000)
        time.sleep(notices_s)
        before = self.stamps_refused()
        time.sleep(fault.ms / 1000 - notices_s)
        self.clock_refusals.append({"node": node.name, "ahead_s": int(fault.how), "count": self.stamps_refused() - before})
        self.clock.turn(node, 0)

    def stamps_refused(self):
        """Requests that the provider refused because of the time they were signed at."""
        return sum(r["count"] for r in self.sim.summary()["requests"] if r["code"].startswith("InvalidTimeStamp"))

    def do_drain(self, fault):
        if not self.drains:
            return self.drain_by_hand(fault)
        for action in ("drain", "undrain"):
            give_up = time.monotonic() + STOP_S
            while (done := subprocess.run([harness.BIN / "waihuctl", action, NAMES[fault.node]], capture_output=True, text=True,
                                          env=dict(os.environ, WAIHU_STORE_URL=self.store_url))).returncode != 0:
                if time.monotonic() > give_up:
                    raise Broken(f"waihuctl {action}: {done.stderr}")
                time.sleep(0.5)  # between tries: the store may be away
            if action == "drain":
                time.sleep(fault.ms / 1000)

    def drain_by_hand(self, fault):
        """For a waihuctl that cannot: what it would do."""
        for drained in ("true", "false"):
            self.quick_sql(f"update nodes set drained = {drained} where node = '{NAMES[fault.node]}'; "
                           "select pg_notify('waihu_cluster', '')")
            if drained == "true":
                time.sleep(fault.ms / 1000)

    def do_rolling(self, fault):
        for name in NAMES:
            self.stop_in_order(self.nodes[name])
            self.bring_up(self.nodes[name])

    # --- what became of a disturbed node's tasks

    def disturbed(self, fault, node):
        """Called when the node stops working; whoever looks after its tasks next is found meanwhile."""
        lost = {shard: epoch for shard, (owner, epoch, _) in self.watch.owners().items() if owner == node.name}
        try:
            tasks = {task: lost[cluster_checker.shard_of(task)] for task in self.sql_ids(2, 3, 5)
                     if cluster_checker.shard_of(task) in lost}
        except AssertionError:
            return  # the store is away as well: nothing can be said of whose tasks these are
        seen = Disturbance(fault.kind, node.name, cluster_evidence.now_ms(), tasks, set(lost))
        seen.until_ms = seen.at_ms + fault.ms
        self.disturbances.append(seen)
        if fault.ms > self.options.lease_s * 1000:
            self.in_background(self.find_trackers, seen)

    def find_trackers(self, seen):
        """Asks the other nodes for each of its tasks until one says that it works on it under a later epoch."""
        left = dict(seen.tasks)
        while left and cluster_evidence.now_ms() < seen.until_ms and not self.over.is_set():
            for task, epoch in list(left.items()):
                for node in self.living():
                    if node.name == seen.node or node.avoid_until > time.monotonic():
                        continue
                    try:
                        status, answer = harness.ask(node.port, "POST", "/api/diagnose-task", {"task_id": task}, self.token, 1)
                    except (OSError, ValueError, http.client.HTTPException):
                        continue
                    data = status == 200 and answer.get("data") or {}
                    if data.get("is_processing") and data.get("owner_node") != seen.node and data.get("epoch", 0) > epoch:
                        seen.tracked_ms[task] = cluster_evidence.now_ms() - seen.at_ms
                        left.pop(task)
                        break
            time.sleep(0.1)  # between two rounds of questions

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

    def play(self, moments):
        self.threads, self.started = [], set()
        planned_s = sum(max(f.at_ms + f.ms for f in bout.faults) + bout.calm_ms for bout in moments) / 1000 + 3 * len(moments)
        rate = max(4, math.ceil(self.options.leads / (0.8 * planned_s)))
        self.limits = {"organization": rate, "account": 4 * rate, "speed": campaign.SPEED, "enforced": False}
        self.open()
        self.make_tasks()
        self.in_background(self.mind)
        harness.wait_for("the shards are owned", lambda: sum(1 for o in self.watch.owners().values() if o[0]) == 256,
                         READY_WAIT_S, 0.2)
        self.began_calling = time.monotonic()
        for number, bout in enumerate(moments, 1):
            self.start_due(1.2 * number / len(moments))
            self.play_bout(number, len(moments), bout)
            self.check_broken()
            if number % max(1, len(moments) // 12) == 0:
                self.look(f"after bout {number}")
        self.start_due(1)
        self.finish()

    def play_bout(self, number, of, bout):
        self.during = str(bout)
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
        for thread in self.threads:
            if thread.name != "mind":
                thread.join(0)
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

    def failovers(self, found):
        """Of each disturbance that outlasted a lease: until the last of its shards was another's, and the last of its
        tasks was looked after by another."""
        for seen in self.disturbances:
            if seen.until_ms - seen.at_ms <= self.options.lease_s * 1000:
                continue
            taken = {}
            for change in found.leases:
                if change["at_ms"] >= seen.at_ms and change["shard"] in seen.shards and change["node"]:
                    taken.setdefault(change["shard"], change["at_ms"] - seen.at_ms)
            if taken and set(taken) == seen.shards:
                tracked = max(seen.tracked_ms.values()) if seen.tasks and len(seen.tracked_ms) == len(seen.tasks) else None
                yield seen, max(taken.values()), tracked

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
        over = list(self.failovers(found))
        for kind in ("kill", "failpoint", "stop", "stuck", "away"):
            owned = [o for seen, o, _ in over if seen.kind == kind]
            tracked = [t for seen, _, t in over if seen.kind == kind and t is not None]
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
        yield "most calls in a second", f"{most}, limit {self.limits['organization']} " + \
            ("over all nodes" if self.limits["enforced"] else "a node; not judged")
