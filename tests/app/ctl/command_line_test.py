#!/usr/bin/env python3
"""Runs the real waihuctl with wrong command lines and without a daemon, and checks exit codes and words."""
import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv.pop(1)


def run(*arguments, text="", **environment):
    with tempfile.TemporaryDirectory() as home:
        env = {"HOME": home, "PATH": os.environ["PATH"], **environment}
        done = subprocess.run([PROGRAM, *arguments], input=text, capture_output=True, text=True, timeout=60, env=env,
                              check=False)
        return done.returncode, done.stdout, done.stderr


class CommandLine(unittest.TestCase):
    def test_wrong_arguments_exit_with_2_and_say_what_is_wrong(self):
        for arguments in [(), ("fly",), ("start",), ("start", "abc"), ("start", "0"), ("start", "-1"), ("create", "x"),
                          ("watch", "1", "--until", "5"), ("transcript", "1"), ("config", "nonsense"), ("import",),
                          ("transcript", "1", "--row", "1", "--first-interested"), ("--format", "xml", "tasks"),
                          ("setup", "--organization", "o"), ("login", "user", "--password", "secret")]:
            with self.subTest(arguments=arguments):
                code, _, err = run(*arguments)
                self.assertEqual(code, 2, err)
                self.assertTrue(err.strip())

    def test_help_documents_the_exit_codes(self):
        code, out, _ = run("--help")
        self.assertEqual(code, 0)
        self.assertIn("Exit codes", out)
        for command in ["login", "import", "scenes", "create-scene", "create", "start", "watch", "results", "transcript",
                        "tasks", "suspend", "resume", "diagnose", "doctor", "setup", "config", "judge", "cluster", "drain", "undrain"]:
            self.assertIn(f"  {command} ", out)

    def test_without_a_token_exits_with_3_and_tells_how_to_log_in(self):
        code, _, err = run("tasks")
        self.assertEqual(code, 3)
        self.assertIn("waihuctl login", err)

    def test_without_a_daemon_exits_with_4(self):
        for arguments in [("--url", "http://127.0.0.1:1", "tasks"), ("tasks", "--url", "http://127.0.0.1:1")]:
            self.assertEqual(run(*arguments, WAIHU_TOKEN="x")[0], 4)
        code, out, _ = run("doctor", WAIHU_URL="http://127.0.0.1:1")
        self.assertEqual(code, 4)
        self.assertIn("cure: start waihud", out)

    def test_an_address_that_is_none_exits_with_2(self):
        self.assertEqual(run("--url", "nonsense", "tasks", WAIHU_TOKEN="x")[0], 2)

    def test_an_empty_password_is_refused_before_anything_is_sent(self):
        code, _, err = run("--url", "http://127.0.0.1:1", "login", "someone", text="\n")
        self.assertEqual(code, 2, err)

    def test_config_check_reports_all_faults(self):
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write("[http]\nprot = 1\nport = 70000\n")
            file.flush()
            code, _, err = run("config", "check", file.name)
        self.assertEqual(code, 2)
        self.assertIn("did you mean http.port?", err)
        self.assertIn(":3: http.port", err)
        self.assertIn("auth.jwt_secret", err)

    def test_setup_without_a_store_says_so(self):
        code, _, err = run("setup", "--organization", "o", "--user", "u", "--phone", "1")
        self.assertEqual(code, 2)
        self.assertIn("store.url", err)
        code, _, err = run("setup", "--organization", "o", "--user", "u", "--phone", "1", "--set",
                           "store.url=host=127.0.0.1 port=1 connect_timeout=1", WAIHU_PASSWORD="long enough")
        self.assertEqual(code, 4, err)


if __name__ == "__main__":
    unittest.main()
