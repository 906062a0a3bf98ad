"""Feeds the cluster's judge a history of three nodes that is right, then the same with one wrong thing in it: the promise
that was broken must be named, and a right history must pass."""
import copy
import unittest

import checker_test
import cluster_checker
from cluster_evidence import ClusterEvidence

SPEED = 60
SHARD = cluster_checker.shard_of(1)  # of the history's one task


def lease(at_ms, was, now, left_ms=0, shard=SHARD):
    return {"shard": shard, "was_node": was[0], "was_epoch": was[1], "was_left_ms": left_ms, "node": now[0],
            "epoch": now[1], "at_ms": at_ms}


def write(at_ms, kind, row, epoch, who, left_ms=2000):
    return {"at_ms": at_ms, "kind": kind, "row_id": row, "task_id": 1, "epoch": epoch, "writer": who[0], "owner": who[0],
            "owner_epoch": who[1], "left_ms": left_ms}


def right_history():
    """checker_test's task under two owners: a has its shard under 3, loses it by the end of its lease to b (4), who gives it
    up in order to c (5). The task was suspended once, after its first calls."""
    plain = checker_test.right_history()
    for job in plain.accepted:
        job["assigned_ms"] = 1_000_000 + 100_000 * int(job["job_id"][-1])
    for dial in plain.dials:
        dial["rung_ms"] = 1_000_000 + 100_000 * int(dial["job_id"][-1]) + 500
    a, b, c = ("a", 3), ("b", 4), ("c", 5)
    leases = [lease(0, ("", 2), a), lease(9000, a, b, -5), lease(20000, b, ("", 4), 2500), lease(20050, ("", 4), c, -50)]
    writes = [write(900, "task 2", 1, 3, a), write(1000, "batch intent", 1, 3, a), write(1100, "batch acked", 1, 3, a),
              write(1200, "call tracking", 1, None, a), write(9100, "batch intent", 2, 4, b),
              write(21000, "batch failed", 2, 4, c), write(21500, "call closed", 1, None, c), write(22000, "task 4", 1, 5, c)]
    looks = [{"at_ms": 500, "changed": [[SHARD, "a", 3], [7, "b", 1]]}, {"at_ms": 9100, "changed": [[SHARD, "b", 4]]},
             {"at_ms": 20100, "changed": [[SHARD, "c", 5]]}]
    counters = {node: copy.deepcopy(plain.counters) for node in ("a", "b", "c")}
    last = max(job["assigned_ms"] for job in plain.accepted)
    return ClusterEvidence(
        **vars(plain), leases=leases, writes=writes, looks=looks, node_counters=counters, node_tasks={1: SHARD},
        suspensions=[{"task": 1, "from_ms": last + 5_000, "until_ms": last + 400_000}],
        progress=[{"at_ms": 8000, "steps": 3, "open": 1}, {"at_ms": 9500, "steps": 5, "open": 1},
                  {"at_ms": 22000, "steps": 9, "open": 0}, {"at_ms": 60000, "steps": 9, "open": 0}],
        healings=[{"at_ms": 8500, "bound_ms": 5000, "after": "kill"}, {"at_ms": 25000, "bound_ms": 5000, "after": "stop"}],
        failovers=[{"kind": "kill", "node": "a", "lasted_ms": 20_000, "owned_ms": 9_000, "tracked_ms": 9_500, "tasks": 1,
                    "shards": 80, "bound_ms": 15_000, "alone": True},
                   {"kind": "stop", "node": "a", "lasted_ms": 20_000, "owned_ms": None, "tracked_ms": 17_000, "tasks": 1,
                    "shards": 80, "bound_ms": 15_000, "alone": False}],
        handovers=[{"from_ms": 19_000, "until_ms": 21_000, "bound_ms": 2_000}],
        endings=[{"node": "a", "code": 0, "wanted": 0, "during": "rolling"}],
        limits={"organization": 2, "account": 8, "speed": SPEED, "enforced": True})


def call_again(history, moment):
    """The task's suspended group rings somebody."""
    history.dials[-1].update(rung_ms=history.suspensions[0]["from_ms"] + moment)


def bunch(history):
    for job in history.accepted[:3]:
        job["assigned_ms"] = 1_000_000


# Promise -> ways to break it. Each takes a right history and makes it wrong.
PLANTED = {
    "a shard has one owner under one epoch": [
        lambda e: e.leases[1].update(epoch=3), lambda e: e.looks[1].update(changed=[[SHARD, "b", 3]])],
    "an epoch only grows, by one at each taking": [
        lambda e: e.leases[1].update(epoch=3), lambda e: e.leases[3].update(epoch=4), lambda e: e.leases[1].update(epoch=6),
        lambda e: e.leases.append(lease(30000, ("c", 5), ("c", 4))), lambda e: e.leases[2].update(epoch=5),
        lambda e: e.looks[2].update(changed=[[SHARD, "c", 2]])],
    "a shard is taken only when it was given up or its lease is over": [
        lambda e: e.leases[1].update(was_left_ms=700),
        lambda e: e.leases.append(lease(30000, ("c", 5), ("c", 6), 1500))],
    "a task is in the shard of its id": [lambda e: e.node_tasks.update({1: (SHARD + 1) % 256})],
    "whoever writes for a task owns its shard, under the epoch that he claims": [
        lambda e: e.writes[4].update(writer="a"), lambda e: e.writes[4].update(epoch=3),
        lambda e: e.writes[6].update(writer="b"), lambda e: e.writes[5].update(owner="", writer=""),
        lambda e: e.writes[5].update(owner="", writer="b", owner_epoch=5)],
    "nothing is written under an epoch that is over": [
        lambda e: e.writes.append(write(9200, "task 3", 1, 3, ("b", 4))),
        lambda e: e.writes.insert(0, write(100, "batch intent", 9, 5, ("a", 3)))],
    "an intent is written under an epoch that its shard had, while it had it": [
        lambda e: e.batches[1].update(epoch=7), lambda e: e.writes[1].update(at_ms=9500),
        lambda e: e.writes[4].update(writer="c"), lambda e: e.writes.pop(4)],
    "nobody is called for a task whose suspension was acknowledged": [
        lambda e: call_again(e, 60_000), lambda e: e.suspensions[0].update(until_ms=None, from_ms=1_000_000),
        lambda e: e.accepted[0].update(assigned_ms=e.suspensions[0]["until_ms"] - 1)],
    "calls per second stay within the limits, over all nodes together": [bunch],
    "every node that answers counts as the ledger does": [
        lambda e: e.node_counters["b"][1]["describe"].update(total_completed=3),
        lambda e: e.node_counters["c"][1]["statistics"].update(interested=2),
        lambda e: e.node_counters["a"][1]["execution"].update(connected_calls=1),
        lambda e: e.node_counters["a"][1]["listed"].pop(0)],
    "work goes on within a bound once a disturbance is over": [
        lambda e: e.progress[1].update(steps=3), lambda e: e.progress.pop(1)],
    "the tasks of a node that cannot work are looked after by others within a bound": [
        lambda e: e.failovers[0].update(owned_ms=15_500), lambda e: e.failovers[0].update(tracked_ms=None),
        lambda e: e.failovers[1].update(alone=True)],
    "a planned stop leaves no shard without an owner for long": [lambda e: e.leases[3].update(at_ms=22_100)],
    "a node whose clock is wrong has noticed it and goes on calling": [
        lambda e: e.clock_refusals.append({"node": "a", "ahead_s": 3600, "count": 1})],
    "a node ends only when it is told to, and then in order": [
        lambda e: e.endings[0].update(code=-6), lambda e: e.endings[0].update(wanted=None)],
}


class ClusterChecker(unittest.TestCase):
    def names(self, history):
        return {violation.name for violation in cluster_checker.check(history)}

    def test_a_right_history_breaks_no_promise(self):
        self.assertEqual(cluster_checker.check(right_history()), [])

    def test_every_promise_has_a_planted_breach(self):
        self.assertEqual(set(PLANTED), set(cluster_checker.CHECKS))

    def test_every_planted_breach_is_named(self):
        for name, ways in PLANTED.items():
            for number, break_it in enumerate(ways):
                with self.subTest(promise=name, way=number):
                    history = right_history()
                    break_it(history)
                    self.assertIn(name, self.names(history))

    def test_the_promises_of_one_node_hold_for_a_cluster_too(self):
        for name, ways in checker_test.PLANTED.items():
            history = right_history()
            ways[0](history)
            with self.subTest(promise=name):
                self.assertIn(name, self.names(history))

    def test_the_shard_of_an_id_is_what_the_daemon_computes(self):
        # From splitmix64's published first outputs for the seed 0: the generator adds its constant before it mixes, too.
        self.assertEqual(cluster_checker.shard_of(0), 0xe220a8397b1dcdaf % 256)
        self.assertEqual(cluster_checker.shard_of(0x9e3779b97f4a7c15), 0x6e789e6aa1b965f4 % 256)

    def test_a_request_on_its_way_when_a_task_is_suspended_may_arrive(self):
        history = right_history()
        call_again(history, 100 * SPEED)
        self.assertEqual(cluster_checker.check(history), [])

    def test_a_commit_may_end_after_its_shard_was_given_up_until_another_takes_it(self):
        history = right_history()
        history.writes.insert(5, dict(write(20_010, "call closed", 2, None, ("b", 4), -10), owner=""))
        self.assertEqual(cluster_checker.check(history), [])
        history.writes[5].update(writer="c")
        self.assertIn("whoever writes for a task owns its shard, under the epoch that he claims", self.names(history))

    def test_limits_that_are_only_watched_break_nothing(self):
        history = right_history()
        history.limits["enforced"] = False
        bunch(history)
        self.assertEqual(cluster_checker.check(history), [])
        self.assertEqual(cluster_checker.greatest_rate(history), 3)


if __name__ == "__main__":
    unittest.main()
