"""Three nodes share one store: each shard is one node's, whoever dies is replaced, and nobody is called twice."""
import signal
import unittest

import harness
from cluster_harness import LEASE_MS, SHARDS, ClusterScenario, Node
from harness import wait_for

LEADS, TASKS = 120, 6


class Cluster(ClusterScenario):
    def make_tasks(self, leads=LEADS, tasks=TASKS):
        """Tasks over disjoint leads, so that several nodes have something to do."""
        self.set_up_organization()
        self.start_all()
        self.login()
        self.import_leads(leads)
        scene = self.ok("POST", "/api/create_scene", {"scene_name": "邀约", "scene_detail": "到店", "scene_type": 2,
                                                      "bot_name": "小星"})
        made = []
        for n in range(tasks):
            task = self.ok("POST", "/api/create-autoCall-tasks", {
                "task_name": f"任务{n}", "script_id": scene["script_id"],
                "size_desc": {"leads_type": [], "leads_product": [f"P{n}"]}})
            self.assertEqual(task["leads_count"], leads // tasks)
            made.append(task["task_id"])
        return made

    def import_leads(self, count):
        rows = ["leads_id,leads_user_name,leads_user_phone,leads_product,leads_type"]
        rows += [f"L{n:05d},客户{n},138{n:08d},P{n % TASKS},A" for n in range(1, count + 1)]
        boundary = "----cluster"
        body = (f"--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"leads.csv\"\r\n"
                f"Content-Type: text/csv\r\n\r\n" + "\n".join(rows) + f"\r\n--{boundary}--\r\n").encode()
        status, answer = harness.ask(self.daemon.port, "POST", "/api/leads/import", body, self.token,
                                     headers={"Content-Type": f"multipart/form-data; boundary={boundary}"})
        self.assertEqual((status, answer["data"]["success_count"]), (200, count), answer)

    def start_tasks(self, tasks):
        for task in tasks:
            status, answer = self.on_any("POST", "/api/start-call-task", {"task_id": task})
            self.assertEqual(status, 200, answer)

    def wait_until_all_complete(self, tasks, seconds=150):
        ids = ",".join(str(int(t)) for t in tasks)
        wait_for("every task at 4", lambda: self.postgres.sql(
            f"select count(*) from call_tasks where id in ({ids}) and task_type = 4", self.store_url) == str(len(tasks)),
            seconds, 0.25)

    def judge_all(self, leads=LEADS):
        summary = self.sim.summary()
        self.assertEqual(summary["doubles"]["surplus_acceptances"], 0, summary["doubles"])
        rows = self.postgres.sql(
            "select count(*), count(call_status), count(leads_follow_id), count(distinct leads_follow_id), "
            "count(*) filter (where phase = 'closed') from leads_task_list", self.store_url)
        self.assertEqual(rows, "|".join([str(leads)] * 5), "jobs, terminal, followed, distinct, closed")
        return summary

    def dials(self):
        return self.sim.summary()["finished"]

    def test_the_shards_are_shared_and_a_campaign_over_all_nodes_ends(self):
        tasks = self.make_tasks()
        owners = self.owners()
        self.assertEqual(sum(owners.values()), SHARDS)
        for name in self.names:
            self.assertGreater(owners[name], SHARDS // 6, owners)
        self.start_tasks(tasks)
        self.wait_until_all_complete(tasks)
        self.judge_all()

    def test_a_killed_nodes_calls_are_followed_by_the_others(self):
        tasks = self.make_tasks()
        self.start_tasks(tasks)
        wait_for("calls are under way", lambda: self.dials() > LEADS // 20, 60)
        victim = self.nodes[self.owner_of(tasks[0])]
        victim.kill()
        left = [n for n in self.names if n != victim.name]
        self.wait_until_shared(left, seconds=LEASE_MS / 1000 + 15)
        self.daemon = self.nodes[left[0]]
        self.wait_until_all_complete(tasks)
        self.judge_all()
        victim.start()
        self.wait_until_shared()

    def test_a_node_that_sleeps_past_its_lease_does_no_harm_when_it_wakes(self):
        tasks = self.make_tasks()
        self.start_tasks(tasks)
        wait_for("calls are under way", lambda: self.dials() > LEADS // 20, 60)
        sleeper = self.nodes[self.owner_of(tasks[0])]
        sleeper.signal(signal.SIGSTOP)
        left = [n for n in self.names if n != sleeper.name]
        self.wait_until_shared(left, seconds=LEASE_MS / 1000 + 15)
        sleeper.signal(signal.SIGCONT)
        self.wait_until_shared()
        self.assertIsNone(sleeper.process.poll(), "it learns that its shards are gone and goes on")
        self.wait_until_all_complete(tasks)
        self.judge_all()

    @unittest.skipUnless(b"WAIHU_FAILPOINT" in (harness.BIN / "waihud").read_bytes(), "the program has no failpoints")
    def test_a_request_that_its_sender_holds_back_longer_than_everything_calls_nobody(self):
        tasks = self.make_tasks()
        sleeper = self.nodes["node-b"]
        self.assertEqual(sleeper.stop(30), 0)
        sleeper.start(failpoint="assign_leaving:1:stop")
        self.wait_until_shared()
        mine = [task for task in tasks if self.owner_of(task) == sleeper.name]
        self.start_tasks([task for task in tasks if task not in mine])
        try:
            harness.ask(sleeper.port, "POST", "/api/start-call-task", {"task_id": mine[0]}, self.token, timeout=3)
        except OSError:
            pass  # it stood still before it had answered
        wait_for("it stands still, its checks behind it and its first byte before it", sleeper.stands_still, 30)
        left = [n for n in self.names if n != sleeper.name]
        self.wait_until_shared(left, seconds=LEASE_MS / 1000 + 15)
        self.daemon = self.nodes[left[0]]
        wait_for("a successor has called its leads", lambda: self.postgres.sql(
            f"select count(*) from leads_task_list where task_id = {mine[0]} and call_job_id is null", self.store_url) == "0", 60)
        sleeper.signal(signal.SIGCONT)
        wait_for("the provider has refused it", lambda: any(
            request["action"] == "AssignJobs" and request["code"] == "SignatureNonceUsed"
            for request in self.sim.get("/sim/requests")), 30, 0.25)
        self.wait_until_shared()
        self.start_tasks(mine[1:])
        self.wait_until_all_complete(tasks)
        self.judge_all()

    def test_a_stop_hands_over_at_once_and_a_rolling_restart_loses_nothing(self):
        tasks = self.make_tasks()
        self.start_tasks(tasks)
        wait_for("calls are under way", lambda: self.dials() > LEADS // 20, 60)
        for name in self.names:
            node = self.nodes[name]
            self.assertEqual(node.stop(30), 0)
            owners = self.owners()
            self.assertNotIn(name, owners)
            left = [n for n in self.names if n != name]
            self.wait_until_shared(left, seconds=5)
            node.start()
            self.wait_until_shared()
        self.daemon = self.nodes[self.names[0]]
        self.wait_until_all_complete(tasks)
        self.judge_all()

    def test_a_drained_node_owns_nothing_until_it_is_taken_back(self):
        self.make_tasks()
        self.postgres.sql("update nodes set drained = true where node = 'node-b'; select pg_notify('waihu_cluster', '')",
                          self.store_url)
        self.wait_until_shared(["node-a", "node-c"], seconds=15)
        self.assertTrue(self.nodes["node-b"].healthy(), "it goes on answering")
        self.postgres.sql("update nodes set drained = false where node = 'node-b'; select pg_notify('waihu_cluster', '')",
                          self.store_url)
        self.wait_until_shared(seconds=15)


class Refusals(ClusterScenario):
    """What must not join, and what it is told."""
    names = ("node-a",)

    def refused(self, node, *words, code=None):
        node.start(ready=False, wait_store=5)
        ended = node.process.wait(40)
        self.assertNotEqual(ended, 0)
        if code is not None:
            self.assertEqual(ended, code)
        for word in words:
            self.assertIn(word, node.log_text())
        node.close()

    def test_a_second_node_of_the_same_name(self):
        self.set_up_organization()
        self.start_all()
        twin = Node(self, "node-a")
        self.refused(twin, "node-a", "node.name")
        self.assertTrue(self.nodes["node-a"].healthy())
        self.assertEqual(self.owners(), {"node-a": SHARDS})

    def test_a_daemon_that_would_run_alone_beside_a_cluster(self):
        self.set_up_organization()
        self.start_all()
        alone = Node(self, "alone", {"cluster.enabled": "false"})
        self.refused(alone, "node-a")
        self.assertTrue(self.nodes["node-a"].healthy())

    def test_a_cluster_beside_a_daemon_that_runs_alone(self):
        self.set_up_organization()
        alone = Node(self, "alone", {"cluster.enabled": "false"})
        alone.start()
        self.nodes["alone"] = alone
        self.refused(self.nodes["node-a"], "alone", "cluster.enabled")

    def test_leases_edited_by_hand(self):
        """Somebody gives shards away in the store: their owner stops, and they find back to one that renews."""
        self.set_up_organization()
        self.start_all()
        self.postgres.sql("update shards set node = 'ghost', epoch = epoch + 1, "
                          "expires_at = clock_timestamp() + interval '2 seconds' where shard < 10", self.store_url)
        wait_for("the owner notices", lambda: "lease.shard_lost" in self.nodes["node-a"].log_text(), 10)
        self.wait_until_shared(seconds=15)
        self.assertTrue(self.nodes["node-a"].healthy())


if __name__ == "__main__":
    unittest.main()
