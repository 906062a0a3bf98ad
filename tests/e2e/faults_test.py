"""Lost answers, errors after accept, a restarted store: the campaign ends all the same, and nobody rings twice."""
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


if __name__ == "__main__":
    unittest.main()
