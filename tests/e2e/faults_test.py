"""Lost answers, a restarted store, a provider that is away: the campaign ends all the same, and nobody rings twice."""
import time
import unittest

from harness import Scenario, wait_for

LEADS = 100


class Faults(Scenario):
    def test_a_lost_answer_to_assign_jobs_is_reconciled(self):
        task = self.make_task(LEADS)
        self.sim.fault(action="AssignJobs", when={"every": 2}, effect="lose_answer_after_accept")
        self.assertEqual(self.start_task(task)[0], 200)
        self.wait_until_complete(task)
        summary = self.judge(task, LEADS)
        self.assertEqual(summary["jobs"], LEADS)

    def test_answers_that_are_errors_after_accept_are_reconciled(self):
        task = self.make_task(LEADS)
        self.sim.fault(action="AssignJobs", when={"nth": 1}, effect="html_503", after_accept=True)
        self.sim.fault(action="AssignJobs", when={"nth": 2}, effect="not_json_200", after_accept=True, message="<html>")
        self.sim.fault(action="AssignJobs", when={"nth": 3}, effect="hang_after_accept", ms=4000)
        self.assertEqual(self.start_task(task)[0], 200)
        self.wait_until_complete(task)
        self.judge(task, LEADS)

    def test_a_lost_answer_to_create_job_group_is_found_again(self):
        task = self.make_task(10)
        self.sim.fault(action="CreateJobGroup", when={"nth": 1}, effect="lose_answer_after_accept")
        status, answer = self.start_task(task)
        self.assertEqual((status, answer["code"]), (500, 5001), answer)
        self.assertEqual(self.task_type(task), 1)
        self.assertEqual(self.start_task(task)[0], 200)
        self.wait_until_complete(task)
        self.assertEqual(len(self.sim.get("/sim/groups")), 1)
        self.judge(task, 10)

    def test_the_store_restarts_in_the_middle(self):
        task = self.make_task(LEADS)
        self.assertEqual(self.start_task(task)[0], 200)
        for mode in ("fast", "immediate", "immediate"):
            self.postgres.tool("restart", "-m", mode)
            wait_for("the daemon is well again", lambda: self.api("GET", "/api/task_list")[0] == 200, 30)
        self.wait_until_complete(task)
        self.judge(task, LEADS)

    def test_the_provider_is_away_for_a_minute(self):
        task = self.make_task(LEADS)
        self.assertEqual(self.start_task(task)[0], 200)
        # A minute of the simulator's clock would be a second of ours: the outage is counted in real time.
        self.sim.fault(effect="outage", ms=60000)
        began = time.monotonic()
        self.wait_until_complete(task, 180)
        self.assertGreater(time.monotonic() - began, 55, "the outage was really waited out")
        self.judge(task, LEADS)


class Throttled(Scenario):
    def test_a_storm_of_throttling_delays_and_loses_nothing(self):
        task = self.make_task(LEADS)
        self.sim.fault(action="*", when={"probability": 0.3}, effect="throttle", retry_after_ms=300)
        status, answer = self.start_task(task)
        if status != 200:
            self.assertEqual(answer["code"], 5001, answer)
            wait_for("started", lambda: self.start_task(task)[0] == 200, 60)
        wait_for("task at 4 or the storm outlasted", lambda: self.task_type(task) == 4, 150)
        self.judge(task, LEADS)


if __name__ == "__main__":
    unittest.main()
