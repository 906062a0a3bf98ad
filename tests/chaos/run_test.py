"""The line that a run prints to be played again must mean the same run."""
import unittest

import run


class Again(unittest.TestCase):
    def test_the_printed_flags_are_the_same_run(self):
        for flags in ([], ["--mode", "kill", "--leads", "7", "--kills", "3", "--restarts", "4", "--storms", "5",
                           "--outage-s", "6.5", "--faults", "9", "--tasks", "3", "--lease-s", "2.5", "--longest-s", "8",
                           "--resume-s", "21", "--limits", "judged", "--limit-s", "77", "--tail-s", "8.25", "--without", "start", "answer"]):
            with self.subTest(flags=flags):
                options = run.read_flags(flags)
                options.seed = 4711
                self.assertEqual(run.read_flags(run.again(options, 4711)), options)


if __name__ == "__main__":
    unittest.main()
