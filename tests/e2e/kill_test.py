"""kill -9 of the daemon at five chosen moments of the dispatch; the next start must lose nobody and call nobody twice."""
import unittest

from harness import Scenario, wait_for

LEADS = 100


class Kill(Scenario):
    def run_with_kill_at(self, failpoint, exit_code=-9):
        task = self.make_task(LEADS)
        self.daemon.stop()
        self.daemon.start(failpoint=failpoint)
        self.login()
        try:
            self.start_task(task)
        except OSError:
            pass  # the daemon died under the request: the point of it
        wait_for("the daemon died at " + failpoint, lambda: self.daemon.process.poll() is not None, 30)
        self.assertEqual(self.daemon.process.returncode, exit_code)
        self.daemon.start()
        self.login()
        if self.task_type(task) == 1:
            self.start_task(task)
        self.wait_until_complete(task)
        return self.judge(task, LEADS)

    def test_killed_with_the_intent_committed_and_nothing_sent(self):
        self.run_with_kill_at("intent_committed:2")

    def test_killed_right_after_the_request_was_handed_over(self):
        self.run_with_kill_at("assign_sent:2")

    def test_killed_with_the_answer_in_hand_and_no_ack_committed(self):
        summary = self.run_with_kill_at("assign_answered:3")
        self.assertEqual(summary["jobs"], LEADS, "what had been accepted was found, not sent again")

    def test_killed_with_half_of_the_acks_committed(self):
        self.run_with_kill_at("ack_committed:3")

    def test_an_inner_part_that_dies_ends_the_daemon_and_says_which(self):
        self.run_with_kill_at("assign_sent:2:throw", exit_code=10)
        with open(self.daemon.log_path) as log:
            self.assertIn("provider gateway", "".join(line for line in log if "engine.part_gone" in line))

    def test_killed_while_looks_are_under_way(self):
        task = self.make_task(LEADS)
        status, answer = self.start_task(task)
        self.assertEqual(status, 200, answer)
        wait_for("looks are under way", lambda: self.sim.summary()["finished"] > LEADS // 10, 30)
        self.daemon.kill()
        self.daemon.start()
        self.login()
        self.wait_until_complete(task)
        self.judge(task, LEADS)


if __name__ == "__main__":
    unittest.main()
