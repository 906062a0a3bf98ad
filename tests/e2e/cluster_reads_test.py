"""Any node answers any read: the same whichever is asked, and while a task's node is away the store's answer, marked as
older, instead of an error."""
import json
import pathlib
import signal
import time
import unittest

from cluster_harness import ClusterScenario, Node, shard_of
from harness import ask, wait_for

LEADS, TASKS = 40, 4
API = json.loads((pathlib.Path(__file__).parents[2] / "http/openapi/openapi.json").read_text())
# Pages for people and streams of events (cluster_events_test.py); everything else that is got must be compared here.
NO_ANSWERS = {"/", "/docs", "/docs/reader.js", "/docs/reader.css", "/openapi.json", "/api/events", "/api/ws"}
CASES = "/api/v1/outbound-bot"


class ClusterReads(ClusterScenario):
    names = ("node-a", "node-b")
    # Long enough a lease that a node which is away goes on to own its tasks while it is asked for.
    overrides = {"node.lease_time_ms": 20000, "node.lease_renew_ms": 1000, "cluster.ask_timeout_ms": 1000,
                 "cluster.heartbeat_ms": 1000, "cluster.link_timeout_ms": 4000,
                 "cases.scripts": "follow_up.applicant=remind,follow_up.respondent=ask", "cases.look_interval_ms": 300}

    def campaign(self):
        """Tasks of which each node owns some, over disjoint leads; started by way of node-a."""
        self.set_up_organization()
        self.start_all()
        self.login()
        self.import_by_product()
        scene = self.ok("POST", "/api/create_scene", {"scene_name": "邀约", "scene_detail": "到店", "scene_type": 2,
                                                      "bot_name": "小星"})
        self.script_id = scene["script_id"]
        tasks = [self.ok("POST", "/api/create-autoCall-tasks", {
            "task_name": f"任务{n}", "script_id": self.script_id,
            "size_desc": {"leads_type": [], "leads_product": [f"P{n}"]}})["task_id"] for n in range(TASKS)]
        return tasks

    def import_by_product(self):
        rows = ["leads_id,leads_user_name,leads_user_phone,leads_product,leads_type"]
        rows += [f"L{n:05d},客户{n},138{n:08d},P{n % TASKS},A" for n in range(1, LEADS + 1)]
        boundary = "----cluster-reads"
        body = (f"--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"leads.csv\"\r\n"
                f"Content-Type: text/csv\r\n\r\n" + "\n".join(rows) + f"\r\n--{boundary}--\r\n").encode()
        status, answer = ask(self.daemon.port, "POST", "/api/leads/import", body, self.token,
                             headers={"Content-Type": f"multipart/form-data; boundary={boundary}"})
        self.assertEqual((status, answer["data"]["success_count"]), (200, LEADS), answer)

    def linked(self):
        """Every node has its link to the other."""
        def stands(node):
            return "waihu_cluster_links 1" in node.admin("/metrics")[1]
        wait_for("the nodes are linked", lambda: all(stands(node) for node in self.nodes.values()), 20, 0.2)

    def of_node(self, tasks, name):
        """One of the tasks that the node owns."""
        for task in tasks:
            if self.owner_of(task) == name:
                return task
        raise AssertionError(f"{name} owns none of {tasks}: {[shard_of(t) for t in tasks]}")

    def spread(self, tasks):
        """More tasks over the same leads' products until each node owns one of them."""
        for n in range(60):
            if {self.owner_of(task) for task in tasks} >= set(self.names):
                return tasks
            tasks.append(self.ok("POST", "/api/create-autoCall-tasks", {
                "task_name": f"更多{n}", "script_id": self.script_id,
                "size_desc": {"leads_type": [], "leads_product": [f"P{n % TASKS}"]}})["task_id"])
        raise AssertionError("no task for each node")

    def task_reads(self, task):
        return [("POST", "/api/describe-job-group", {"task_id": task}), ("POST", "/api/task-statistics", {"task_id": task}),
                ("POST", "/api/diagnose-task", {"task_id": task}), ("POST", "/api/query-task-execution", {"task_id": task}),
                ("GET", f"/api/tasks/{task}/why", None)]

    def case(self):
        """A case whose parties are called, to the end of the calls; answers what was said of the first of them."""
        parties = [{"personId": f"C1-{n}", "name": "张三", "phoneNumber": f"1390000000{n}", "personType": n} for n in range(2)]
        status, answer = self.api("PUT", f"{CASES}/cases/C1",
                                  {"mediationId": 20, "mediationType": 1, "stage": 14, "parties": parties})
        self.assertEqual(status, 200, answer)
        status, answer = self.api("POST", f"{CASES}/call-v2",
                                  {"caseId": "C1", "mediationId": "20", "callAuto": 0, "callPersonId": ""})
        self.assertEqual((status, [entry["errorCode"] for entry in answer["data"]]), (201, [0, 0]), answer)
        self.cases = [task for task in map(int, self.postgres.sql(
            "select id from call_tasks where origin = 'case'", self.store_url).split())]
        return answer["data"][0]

    def background_run(self, task):
        """A run over the task's calls, to its end."""
        run = self.ok("POST", "/api/start-query-execution-run", {"task_id": task})["run_id"]
        wait_for("the run has ended", lambda: self.ok("GET", f"/api/get-query-execution-run?run_id={run}")["status"]
                 == "done", 60, 0.25)
        return run

    def reads(self, tasks, call):
        """Every question of the API, by the path in its description."""
        rows = self.postgres.sql("select min(id) from leads_task_list group by task_id", self.store_url).splitlines()
        run = self.background_run(tasks[0])
        page = "page=1&page_size=50"
        job, person = call["jobId"], call["personId"]
        gets = {
            "/api/health": [""], "/api/auth/verify": [""], "/api/token/verify": [""], "/api/config/check": [""],
            "/api/users": [page, "q=ad"], "/api/organizations": [page], "/api/dcc/user/list": [page], "/api/cluster": [""],
            "/api/leads/statistics": [""], "/api/leads/count": [""], "/api/leads": [page], "/api/leads/L00001": [""],
            "/api/scenes": [""], f"/api/scenes/{self.script_id}": [""],
            "/api/task_list": [page], "/api/tasks": [""], "/api/task-stats": [""], "/api/outcomes": [""],
            "/api/get-query-execution-run": [f"run_id={run}"],
            f"{CASES}/tasks": [""], f"{CASES}/statistics": [""], f"{CASES}/scripts": [""], f"{CASES}/config": [""],
            f"{CASES}/cases/C1": [""], f"{CASES}/status": [f"jobId={job}", "caseRef=C1&phoneNumber=13900000000"],
            f"{CASES}/conversation-log": ["caseId=C1", f"jobId={job}"], f"{CASES}/task/{job}": [""],
            f"{CASES}/task/{job}/logs": [""], f"{CASES}/person/{person}/history": [""],
            **{f"/api/task_followup_records/{task}": [page] for task in tasks},
            **{f"/api/jobs/{row}/{what}": [""] for row in rows for what in ("why", "timeline")},
        }
        every = [("GET", f"{path}?{query}" if query else path, None) for path, queries in gets.items() for query in queries]
        every += [("POST", "/api/leads/statistics/filtered", {}), ("POST", "/api/auto-task", {"action": "check"})]
        for task in tasks:
            every += self.task_reads(task)
        return every

    def not_asked(self, reads):
        """Paths of the API's description that are got and that none of these is."""
        asked = [path.split("?")[0].split("/") for method, path, _ in reads if method == "GET"]

        def fits(template, path):
            return len(template) == len(path) and all(t == p or t.startswith("{") for t, p in zip(template, path))
        return [path for path, methods in API["paths"].items() if "get" in methods and path not in NO_ANSWERS
                and not any(fits(path.split("/"), each) for each in asked)]

    # What tells of the node that was asked, or of the moment.
    LOCAL = {"node", "last_sweep", "next_sweep", "query_time", "request_id", "timestamp", "at", "lease_left_ms", "last_sign_ms",
             "clock_off_ms", "remaining_seconds", "remaining_hours"}

    def plain(self, value):
        if isinstance(value, dict):
            return {k: self.plain(v) for k, v in value.items() if k not in self.LOCAL}
        return [self.plain(v) for v in value] if isinstance(value, list) else value

    def on(self, name, method, path, body=None, timeout=20):
        return ask(self.nodes[name].port, method, path, body, self.token, timeout=timeout)

    def complete(self, tasks):
        ids = ",".join(str(int(t)) for t in tasks)
        wait_for("every task at 4", lambda: self.postgres.sql(
            f"select count(*) from call_tasks where id in ({ids}) and task_type = 4", self.store_url) == str(len(tasks)),
            150, 0.25)

    def test_both_nodes_answer_alike(self):
        tasks = self.spread(self.campaign())
        self.linked()
        for task in tasks:
            status, answer = self.start_task(task)
            self.assertEqual(status, 200, answer)
        # While calls are under way both see the same tasks, none of them through the store.
        for task in tasks:
            for method, path, body in self.task_reads(task):
                for name in self.names:
                    status, answer = self.on(name, method, path, body)
                    self.assertEqual(status, 200, (name, path, answer))
                    if path != "/api/query-task-execution":  # there also a look may have come too late
                        self.assertNotIn("stale", answer["data"], (name, path))
        group = {name: {task: self.on(name, "POST", "/api/describe-job-group", {"task_id": task})[1]["data"]["job_group_id"]
                        for task in tasks} for name in self.names}
        self.assertEqual(group["node-a"], group["node-b"])
        call = self.case()
        self.complete(tasks + self.cases)
        reads = self.reads(tasks, call)
        self.assertEqual(self.not_asked(reads), [], "the API has more questions than are compared")
        different = []
        for method, path, body in reads:
            (status_a, a), (status_b, b) = (self.on(name, method, path, body) for name in self.names)
            self.assertEqual(status_a, 200, (path, a))
            if (status_a, self.plain(a)) != (status_b, self.plain(b)):
                different.append((path, body, a, b))
        self.assertEqual(different, [])
        self.assertEqual(self.sim.summary()["doubles"]["surplus_acceptances"], 0)

    def test_a_suspend_through_the_other_node_is_carried_out_by_the_owner(self):
        tasks = self.spread(self.campaign())
        self.linked()
        for name, other in (self.names, self.names[::-1]):
            task = self.of_node(tasks, name)
            status, answer = self.on(other, "POST", "/api/start-call-task", {"task_id": task})
            self.assertEqual(status, 200, answer)
            status, answer = self.on(other, "POST", "/api/suspend-resume-task", {"task_id": task, "action": "suspend"})
            self.assertIn(status, (200, 400), answer)  # 400: it had ended already
            self.assertIsNotNone(answer["code"])
            seen = [self.on(each, "POST", "/api/diagnose-task", {"task_id": task})[1]["data"] for each in self.names]
            self.assertEqual({each["owner_node"] for each in seen}, {name})

    def stale_reads(self, task, limit_s):
        """Each read of a task whose node is away: an answer in time, from the store, that says so."""
        for method, path, body in self.task_reads(task):
            begun = time.monotonic()
            status, answer = self.on("node-a", method, path, body)
            took = time.monotonic() - begun
            self.assertEqual(status, 200, (path, answer))
            self.assertIs(answer["data"].get("stale"), True, (path, answer))
            self.assertLess(took, limit_s, path)

    def test_a_killed_nodes_tasks_are_answered_from_the_store_as_stale(self):
        tasks = self.spread(self.campaign())
        self.linked()
        task = self.of_node(tasks, "node-b")
        self.assertEqual(self.start_task(task)[0], 200)
        self.nodes["node-b"].kill()
        wait_for("the link is down", lambda: "waihu_cluster_links 0" in self.nodes["node-a"].admin("/metrics")[1], 10, 0.1)
        self.stale_reads(task, 3)
        status, answer = self.on("node-a", "POST", "/api/suspend-resume-task", {"task_id": task, "action": "suspend"})
        self.assertEqual(status, 503, answer)
        # Its leases end, node-a takes over, and nothing is stale any more.
        self.wait_until_shared(["node-a"], seconds=40)
        def fresh():
            return "stale" not in self.on("node-a", "POST", "/api/describe-job-group", {"task_id": task})[1]["data"]
        wait_for("the task is followed here", fresh, 10)

    def test_a_stopped_nodes_tasks_are_answered_from_the_store_until_it_goes_on(self):
        tasks = self.spread(self.campaign())
        self.linked()
        task = self.of_node(tasks, "node-b")
        self.assertEqual(self.start_task(task)[0], 200)
        self.nodes["node-b"].signal(signal.SIGSTOP)
        # First it only does not answer; after cluster.link_timeout_ms the link is cut.
        self.stale_reads(task, 4)
        wait_for("the link is cut", lambda: "waihu_cluster_links 0" in self.nodes["node-a"].admin("/metrics")[1], 20, 0.1)
        self.stale_reads(task, 3)
        self.nodes["node-b"].signal(signal.SIGCONT)
        self.linked()
        status, answer = self.on("node-a", "POST", "/api/describe-job-group", {"task_id": task})
        self.assertEqual(status, 200, answer)
        self.assertNotIn("stale", answer["data"])

    def test_auto_task_is_switched_on_every_node(self):
        tasks = self.spread(self.campaign())
        self.linked()
        status, answer = self.on("node-a", "POST", "/api/auto-task", {"action": "stop"})
        self.assertEqual((status, answer["data"]["running"]), (200, False), answer)
        wait_for("node-b has heard", lambda: self.on("node-b", "POST", "/api/auto-task", {"action": "check"})[1]["data"]
                 ["running"] is False, 4)
        task = self.of_node(tasks, "node-b")
        status, answer = self.on("node-b", "POST", "/api/start-call-task", {"task_id": task})
        self.assertNotEqual(status, 200, answer)
        self.assertEqual(self.on("node-b", "POST", "/api/auto-task", {"action": "start"})[0], 200)
        wait_for("node-a has heard", lambda: self.on("node-a", "POST", "/api/auto-task", {"action": "check"})[1]["data"]
                 ["running"] is True, 4)


class Identities(ClusterScenario):
    names = ("node-a",)

    def test_a_node_whose_certificate_cannot_be_used_does_not_start(self):
        node = self.nodes["node-a"] = Node(self, "node-a", {"cluster.key": self.certificates.issue("other")[1]})
        node.start(ready=False)
        self.assertEqual(node.process.wait(30), 2)
        self.assertIn("does not belong to the certificate", node.log_text())


if __name__ == "__main__":
    unittest.main()
