"""The people of a cluster run: they make tasks, start, suspend and resume them, through whichever node answers."""
import http.client
import itertools
import math
import time

import cluster_checker
from campaign import Broken
from cluster_nodes import ASK_S, NAMES
from evidence import harness

AVOID_S = 2       # a node that did not answer is left alone for so long, as a balancer does
PATIENCE_S = 90   # of somebody who wants a thing done, over all his tries
IDS = "select id from call_tasks where task_type in ({}) order by id"


class People:
    """Part of cluster_campaign.ClusterCampaign."""

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
        text = self.postgres.sql(IDS.format(",".join(map(str, types))), self.store_url)
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

    def mix_owners(self):
        """So that each node has some of the tasks that are started first."""
        by_owner = {}
        for task in self.tasks:
            by_owner.setdefault(self.watch.owners()[cluster_checker.shard_of(task)][0], []).append(task)
        rounds = itertools.zip_longest(*(tasks for _, tasks in sorted(by_owner.items())))
        self.tasks = [task for tasks in rounds for task in tasks if task is not None]

    def start_due(self, share):
        """The first of the tasks, as many as a share of the run has passed."""
        for task in self.tasks[:math.ceil(min(1, share) * len(self.tasks))]:
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
            calling = [task for task in map(int, self.quick_sql(IDS.format("2")).split()) if task not in self.paused]
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
