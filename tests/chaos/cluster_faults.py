"""What each fault of a plan does to the nodes of a cluster and to what lies between them, and what becomes of the tasks of a
node that cannot work."""
import dataclasses
import http.client
import os
import signal
import subprocess
import time

import campaign
import cluster_checker
import cluster_evidence
from campaign import Broken
from cluster_nodes import NAMES, STOP_S
from evidence import harness

FAILOVER_S = 15   # a killed node's tasks are looked after elsewhere within it, spec section 6
HAND_OVER_MS = 2000  # and a planned stop leaves no shard without an owner for longer
NOTICING_S = 1.5  # after its next renewal a node has noticed that its clock is wrong


@dataclasses.dataclass
class Disturbance:
    """A node that could not work, and what became of its tasks."""
    kind: str
    node: str
    at_ms: float
    tasks: dict                       # unfinished tasks of its shards -> their epoch then
    shards: set
    is_alone: bool                    # nothing else disturbed the takeover
    until_ms: float = 0.0
    tracked_ms: dict = dataclasses.field(default_factory=dict)


class Faults:
    """Part of cluster_campaign.ClusterCampaign."""

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
        if state == "T":
            node.meant_to_run = True
        else:
            node.signal(signal.SIGSTOP)
        time.sleep(fault.ms / 1000)
        node.signal(signal.SIGCONT)
        self.until_ready(node)
        if state != "T":  # it would stop some time later
            self.kill_node(node)
            self.bring_up(node)

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
        began = cluster_evidence.now_ms()
        for name in NAMES:
            self.stop_in_order(self.nodes[name])
            self.bring_up(self.nodes[name])
        if self.is_alone(fault):
            self.handovers.append({"from_ms": began, "until_ms": cluster_evidence.now_ms(), "bound_ms": HAND_OVER_MS})

    # --- what became of a disturbed node's tasks

    def disturbed(self, fault, node):
        """Called when the node stops working; whoever looks after its tasks next is found meanwhile."""
        lost = {shard: epoch for shard, (owner, epoch, _) in self.watch.owners().items() if owner == node.name}
        try:
            tasks = {task: lost[cluster_checker.shard_of(task)] for task in self.sql_ids(2, 3, 5)
                     if cluster_checker.shard_of(task) in lost}
        except AssertionError:
            return  # the store is away as well: nothing can be said of whose tasks these are
        seen = Disturbance(fault.kind, node.name, cluster_evidence.now_ms(), tasks, set(lost), self.is_alone(fault))
        seen.until_ms = seen.at_ms + fault.ms
        self.disturbances.append(seen)
        if fault.ms > self.options.lease_s * 1000:
            self.in_background(self.find_trackers, seen)

    def find_trackers(self, seen):
        """Asks the other nodes for each of its tasks until one says that it works on it under a later epoch."""
        left = dict(seen.tasks)
        while left and cluster_evidence.now_ms() < seen.until_ms and not self.over.is_set():
            try:
                unfinished = self.sql_ids(2, 3, 5)
            except AssertionError:
                continue  # the store is away
            for task in [task for task in left if task not in unfinished]:
                seen.tasks.pop(task)
                left.pop(task)
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

    def is_alone(self, fault):
        """Whether nothing else of its bout keeps nodes from working."""
        return all(other is fault or other.kind in ("link", "lost") for other in self.bout.faults)

    def failovers(self, leases):
        """For the judge: of each disturbance that outlasted a lease, how long until the last of its shards was taken, and
        until the last of its tasks was looked after by another; None for what was not seen."""
        for seen in self.disturbances:
            if seen.until_ms - seen.at_ms <= self.options.lease_s * 1000:
                continue
            # What it gave up between the look at its shards and the disturbance is another's already.
            owner = {change["shard"]: change["node"] for change in leases if change["at_ms"] < seen.at_ms}
            shards = {shard for shard in seen.shards if owner.get(shard) == seen.node}
            taken = {}
            for change in leases:
                if change["at_ms"] >= seen.at_ms and change["shard"] in shards and change["node"]:
                    taken.setdefault(change["shard"], change["at_ms"] - seen.at_ms)
            is_tracked = seen.tasks and set(seen.tracked_ms) >= set(seen.tasks)
            yield {"kind": seen.kind, "node": seen.node, "lasted_ms": seen.until_ms - seen.at_ms, "tasks": len(seen.tasks),
                   "owned_ms": max(taken.values()) if set(taken) == shards and taken else None,
                   "tracked_ms": max(seen.tracked_ms[task] for task in seen.tasks) if is_tracked else None,
                   "bound_ms": 1000 * max(FAILOVER_S, self.options.lease_s + 5), "alone": seen.is_alone,
                   "shards": len(shards)}
