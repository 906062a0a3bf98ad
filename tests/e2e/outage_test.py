"""The provider is away, or refuses for a while: the campaign waits and goes on, and nobody rings twice."""
import time
import unittest

from harness import Scenario, wait_for

LEADS = 100


class Outage(Scenario):
    def test_the_provider_is_away_for_a_minute(self):
        task = self.make_task(LEADS)
        self.assertEqual(self.start_task(task)[0], 200)
        # A minute of the simulator's clock would be a second of ours: the outage is counted in real time.
        self.sim.fault(effect="outage", ms=60000)
        began = time.monotonic()
        self.wait_until_complete(task, 180)
        self.assertGreater(time.monotonic() - began, 55, "the outage was really waited out")
        self.judge(task, LEADS)

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
