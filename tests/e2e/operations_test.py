"""What an operator does while a campaign runs: look, suspend, resume, ask why, listen to events, fetch a recording."""
import http.client
import json
import unittest
import urllib.request

from harness import Scenario, wait_for

LEADS = 60


class Operations(Scenario):
    overrides = {"dispatch.organization_concurrency": 10}
    # One dial a call: each call on a line that ends is a job that ends.
    sim_flags = ("--speed", "40", "--max-attempts", "1")

    def test_suspend_holds_the_dispatch_and_resume_goes_on(self):
        task = self.make_task(LEADS)
        self.assertEqual(self.start_task(task)[0], 200)
        wait_for("some calls are out", lambda: self.sim.summary()["jobs"] >= 10, 30)
        diagnosis = self.ok("POST", "/api/diagnose-task", {"task_id": task})
        self.assertTrue(diagnosis["reasons"], diagnosis)
        wait_for("people are on the line", lambda: self.sim.summary()["busy_lines"] >= 5, 30)
        ended_before = self.sim.summary()["finished"]
        answer = self.ok("POST", "/api/suspend-resume-task", {"action": "suspend", "task_id": task})
        self.assertEqual(answer["task_type"], 5)
        status, refused = self.api("POST", "/api/suspend-resume-task", {"action": "suspend", "task_id": task})
        self.assertEqual(refused["code"], 4002)
        out = self.sim.summary()["jobs"]
        group = self.ok("POST", "/api/describe-job-group", {"task_id": task})
        self.assertEqual(group["status"], "Stopped")
        # Calls in flight end; none is sent: the ledger must stand still while jobs finish.
        # With each call that ends a place becomes free, which a dispatch that had not stopped would fill.
        wait_for("the calls on a line end", lambda: self.sim.summary()["busy_lines"] == 0, 60)
        ended = self.sim.summary()["finished"]
        self.assertGreater(ended, ended_before, "calls ended while the task was being suspended or was")
        wait_for("the daemon knows of their ends", lambda: ended == int(self.postgres.sql(
            f"select count(call_status) from leads_task_list where task_id = {task}", self.store_url)), 30)
        self.assertEqual(self.sim.summary()["jobs"], out)
        answer = self.ok("POST", "/api/suspend-resume-task", {"action": "resume", "task_id": task})
        self.assertEqual(answer["task_type"], 2)
        self.ok("POST", "/api/query-task-execution", {"task_id": task})
        self.wait_until_complete(task, 150)
        self.judge(task, LEADS)

    def test_pages_events_recordings_and_counters_tell_the_same_story(self):
        task = self.make_task(20)
        stream = http.client.HTTPConnection("127.0.0.1", self.daemon.port, timeout=120)
        stream.request("GET", f"/api/events?task_id={task}", headers={"access-token": self.token})
        events = stream.getresponse()
        self.assertEqual(events.status, 200)
        self.assertEqual(self.start_task(task)[0], 200)
        self.wait_until_complete(task, 150)
        kinds, last_id, moves = {}, -1, []  # the first id is where the stream begins
        while not moves or moves[-1] != "follow_up_complete" and moves[-1] != "4":
            line = events.readline().decode().strip()
            if line.startswith("id:"):
                number = int(line[3:])
                self.assertGreater(number, last_id, "ids only grow")
                last_id = number
            if line.startswith("event:"):
                kind = line[6:].strip()
                kinds[kind] = kinds.get(kind, 0) + 1
            if line.startswith("data:") and kind == "task":
                moves.append(str(json.loads(line[5:]).get("to")))
        stream.close()
        self.assertEqual(kinds["job"] >= 20, True, kinds)
        self.assertEqual(kinds["follow"], 20, kinds)
        page = self.ok("POST", "/api/query-task-execution", {"task_id": task, "page": 1, "page_size": 50,
                                                             "skip_recording": False})
        self.assertEqual(page["total_jobs"], 20)
        talked = [j for j in page["jobs_data"] if j["Status"] == "Succeeded"]
        self.assertTrue(talked)
        self.assertTrue(all(j["Tasks"][0]["Conversation"] for j in talked))
        with urllib.request.urlopen(talked[0]["RecordingUrl"], timeout=10) as recording:
            self.assertEqual(recording.read(4), b"RIFF")
        numbers = self.ok("POST", "/api/task-statistics", {"task_id": task})
        self.assertEqual(numbers["total_leads"], 20)
        self.assertEqual(numbers["interested"], sum(1 for j in page["jobs_data"] if j["is_interested"] == 1))
        again = self.ok("POST", "/api/get-leads-follow", {"call_job_id": talked[0]["JobId"]})
        self.assertTrue(again["leads_remark"])
        self.judge(task, 20)


if __name__ == "__main__":
    unittest.main()
