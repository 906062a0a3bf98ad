"""Whichever node a client listens to, it is told everything that happens on any of them: once, and in one order."""
import json
import threading
import unittest
from http.client import HTTPConnection

from cluster_harness import ClusterScenario
from harness import wait_for


class Listener(threading.Thread):
    """Reads a stream of events from one node, from a position on, until it is closed."""

    def __init__(self, node, token, after):
        super().__init__(daemon=True)
        self.events, self.progress = [], 0
        self.connection = HTTPConnection("127.0.0.1", node.port, timeout=120)
        self.connection.request("GET", f"/api/events?last_event_id={after}", headers={"access-token": token})
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200, self.answer.status
        self.start()

    def run(self):
        kind = ""
        try:
            for line in self.answer:
                text = line.decode().rstrip("\n")
                if text.startswith("event: "):
                    kind = text[7:]
                elif text.startswith("data: ") and kind != "error":
                    event = json.loads(text[6:])
                    if "id" in event:
                        self.events.append(event["id"])
                    else:
                        self.progress += 1
        except (OSError, ValueError, AttributeError):
            pass  # the node went, or the test closed it

    def close(self):
        self.connection.sock.close() if self.connection.sock else None


class Events(ClusterScenario):
    names = ("node-a", "node-b")

    def test_every_node_tells_the_events_of_all(self):
        self.set_up_organization()
        self.start_all()
        self.login()
        self.import_leads(30)
        scene = self.ok("POST", "/api/create_scene", {"scene_name": "邀约", "scene_detail": "到店", "scene_type": 2,
                                                      "bot_name": "小星"})
        tasks = []
        for n in range(4):  # over the same leads: a task is one shard's, and both nodes shall have some
            made = self.ok("POST", "/api/create-autoCall-tasks", {
                "task_name": f"任务{n}", "script_id": scene["script_id"],
                "size_desc": {"leads_type": [], "leads_product": []}})
            tasks.append(made["task_id"])
        before = int(self.postgres.sql("select coalesce(max(id), 0) from task_events", self.store_url))
        listeners = [Listener(node, self.token, before) for node in self.nodes.values()]
        for task in tasks:
            status, answer = self.on_any("POST", "/api/start-call-task", {"task_id": task})
            self.assertEqual(status, 200, answer)
        self.assertGreater(len({self.owner_of(task) for task in tasks}), 1, "both nodes work")
        ids = ",".join(str(int(t)) for t in tasks)
        wait_for("every task at 4", lambda: self.postgres.sql(
            f"select count(*) from call_tasks where id in ({ids}) and task_type = 4", self.store_url) == "4", 120, 0.25)
        stored = [int(line) for line in self.postgres.sql(
            f"select id from task_events where id > {before} order by id", self.store_url).splitlines()]
        self.assertGreater(len(stored), 4 * 30)
        for listener in listeners:
            wait_for("the last event is told", lambda one=listener: one.events and one.events[-1] == stored[-1], 10)
            self.assertEqual(listener.events, stored, "no gap, no double, in order")
            self.assertGreater(listener.progress, 0, "what is not kept is told, too")
            listener.close()

    def test_a_client_goes_on_at_another_node_where_it_stopped(self):
        self.set_up_organization()
        self.start_all()
        self.login()
        self.import_leads(20)
        scene = self.ok("POST", "/api/create_scene", {"scene_name": "邀约", "scene_detail": "到店", "scene_type": 2,
                                                      "bot_name": "小星"})
        task = self.ok("POST", "/api/create-autoCall-tasks", {
            "task_name": "任务", "script_id": scene["script_id"],
            "size_desc": {"leads_type": [], "leads_product": []}})["task_id"]
        first = Listener(self.nodes["node-b"], self.token, 0)
        self.on_any("POST", "/api/start-call-task", {"task_id": task})
        wait_for("some events", lambda: len(first.events) > 10, 60)
        self.nodes["node-b"].kill()
        first.join(10)
        told = list(first.events)
        second = Listener(self.nodes["node-a"], self.token, told[-1])
        wait_for("task at 4", lambda: self.task_type(task) == 4, 90, 0.25)
        stored = [int(line) for line in self.postgres.sql("select id from task_events order by id",
                                                          self.store_url).splitlines()]
        wait_for("the last event is told", lambda: second.events and second.events[-1] == stored[-1], 10)
        self.assertEqual(told + second.events, stored, "no gap and no double over the change of nodes")
        second.close()


if __name__ == "__main__":
    unittest.main()
