#!/usr/bin/env python3
"""Runs the real `waihuctl judge` on labelled sets: by the rules, and against the real waihu-sim as a language model.

Usage: judge_test.py WAIHUCTL WAIHU_SIM TRANSCRIPTS
"""
import csv
import io
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

TRANSCRIPTS = pathlib.Path(sys.argv.pop(3))
SIM = sys.argv.pop(2)
PROGRAM = sys.argv.pop(1)
HELD_OUT = str(TRANSCRIPTS / "held_out.jsonl")
KEY = "sk-never-shown"


def run(*arguments, **environment):
    with tempfile.TemporaryDirectory() as home:
        env = {"HOME": home, "PATH": os.environ["PATH"], **environment}
        done = subprocess.run([PROGRAM, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
                              env=env, check=False)
        return done.returncode, done.stdout, done.stderr


class Rules(unittest.TestCase):
    def test_figures_confusion_and_wrong_ones_are_shown(self):
        code, out, err = run("judge", HELD_OUT, "--min", "0.85")
        self.assertEqual(code, 0, err)
        self.assertIn("45 conversations", out)
        self.assertRegex(out, r"interest  4\d of 45 right \(9\d\.\d %\), turned round 0")
        for word in ["latency   median", "p95", "expected \\ given", "not interested", "abusive", "wrong"]:
            self.assertIn(word, out)
        self.assertRegex(out, r"\nh\d\d  ")

    def test_a_share_that_is_not_reached_fails(self):
        code, out, err = run("judge", HELD_OUT, "--min", "0.99")
        self.assertEqual(code, 1)
        self.assertIn("at least 99", err)
        self.assertIn("interest", out)

    def test_the_number_can_be_limited_and_programs_can_read_it(self):
        code, out, err = run("--format", "json", "judge", HELD_OUT, "--limit", "7")
        self.assertEqual(code, 0, err)
        figures = json.loads(out)
        self.assertEqual((figures["asked"], figures["analyst"]), (7, "rules"))
        self.assertEqual(sum(map(sum, figures["confusion"])), 7)
        code, out, err = run("--format", "csv", "judge", HELD_OUT)
        rows = list(csv.DictReader(io.StringIO(out)))
        self.assertEqual(len(rows), 45)
        self.assertEqual(rows[0]["id"], "h01")
        self.assertGreaterEqual(sum(r["expected"] == r["given"] for r in rows), 41)

    def test_what_cannot_be_judged_exits_with_2(self):
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as bad:
            bad.write('{"id":"a","interest":7}\n')
            bad.flush()
            for arguments, word in [(("judge", bad.name), "line 1 has no interest"), (("judge", "/nowhere"), "cannot be read"),
                                    (("judge", HELD_OUT, "--set", "analyst.kind=oracle"), "analyst.kind"),
                                    (("judge", HELD_OUT, "--min", "1.5"), "--min"), (("judge",), "file")]:
                with self.subTest(arguments=arguments):
                    code, _, err = run(*arguments)
                    self.assertEqual(code, 2, err)
                    self.assertIn(word, err)


class Model(unittest.TestCase):
    def setUp(self):
        self.sim = subprocess.Popen([SIM, "--listen", "127.0.0.1:0", "--access-key", "ak", "--access-secret", "sk", "--llm-key",
                                     KEY, "--llm-dialect", "vllm", "--llm-delay-ms", "5", "--llm-lessons",
                                     str(TRANSCRIPTS / "development.jsonl")],
                                    stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.stop)
        self.url = self.sim.stdout.readline().split()[-1]
        self.flags = ("--set", "analyst.kind=openai", "--set", "analyst.dialect=vllm", "--set",
                      f"analyst.base_url={self.url}/v1", "--set", "analyst.per_minute=100000")

    def stop(self):
        self.sim.send_signal(signal.SIGTERM)
        self.assertEqual(self.sim.wait(20), 0)
        self.sim.stdout.close()

    def test_a_model_is_asked_over_http_and_measured(self):
        code, out, err = run("--format", "json", "judge", HELD_OUT, "--concurrency", "3", "--min", "0.85", *self.flags,
                             WAIHU_ANALYST_API_KEY=KEY)
        self.assertEqual(code, 0, err)
        figures = json.loads(out)
        self.assertEqual((figures["asked"], figures["failed"], figures["not_json"], figures["without_remark"]), (45, 0, 0, 0))
        self.assertGreaterEqual(figures["median_ms"], 5)
        self.assertGreaterEqual(figures["p95_ms"], figures["median_ms"])
        self.assertNotIn(KEY, out + err)
        self.assertIn(self.url, figures["analyst"])

    def test_a_refused_key_exits_with_3_and_a_model_that_is_away_with_4(self):
        code, out, err = run("judge", HELD_OUT, "--limit", "2", *self.flags, WAIHU_ANALYST_API_KEY="sk-other")
        self.assertEqual(code, 3, err)
        self.assertIn("answered nothing", err)
        self.assertNotIn("sk-other", out + err)
        code, _, err = run("judge", HELD_OUT, "--limit", "2", *self.flags, "--set", "analyst.base_url=http://127.0.0.1:1/v1",
                           WAIHU_ANALYST_API_KEY=KEY)
        self.assertEqual(code, 4, err)

    def test_it_ends_in_time_with_5(self):
        code, out, err = run("judge", HELD_OUT, "--for-s", "1", *self.flags, "--set", "analyst.per_minute=120",
                             WAIHU_ANALYST_API_KEY=KEY)
        self.assertEqual(code, 5, err)
        self.assertIn("the time was over after", err)
        self.assertRegex(out, r"asked     [1-4],")


if __name__ == "__main__":
    unittest.main()
