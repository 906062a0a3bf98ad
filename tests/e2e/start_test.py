"""Starts that must not succeed, each with a message that says what to do and an exit code that says why."""
import os
import pathlib
import re
import signal
import subprocess
import unittest

from harness import BIN, ROOT, Daemon, Scenario, free_port, wait_for


class Start(Scenario):
    def test_configuration_faults_are_reported_all_at_once_with_their_cure(self):
        done = subprocess.run([BIN / "waihud", "--check-config", "--set=http.port=99999", "--set=job.look_intervall_ms=5"],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        for word in ("http.port", "job.look_intervall_ms", "job.look_interval_ms", "store.url", "auth.jwt_secret", "Cure"):
            self.assertIn(word, done.stderr)

    def test_help_names_every_exit_code_of_the_manual(self):
        manual = (ROOT / "docs/operations.md").read_text()
        codes = re.findall(r"^\| (\d+) \|", manual, re.MULTILINE)
        self.assertEqual(codes, [str(n) for n in range(11)])
        said = subprocess.run([BIN / "waihud", "--help"], capture_output=True, text=True, check=True).stdout
        self.assertEqual(re.findall(r"(\d+) [a-z]", said[said.index("Exit codes:"):]), codes)

    def test_an_unreachable_store_is_waited_for_and_then_given_up_with_exit_3(self):
        daemon = Daemon(self.folder, f"postgresql://127.0.0.1:{free_port()}/none", self.sim.url)
        daemon.start(ready=False, wait_store=11)
        self.assertEqual(daemon.process.wait(60), 3)
        self.assertGreaterEqual(daemon.log_text().count("store.waiting"), 2, daemon.tail())

    def test_a_store_that_goes_away_in_the_middle_of_a_start_is_waited_for_too(self):
        daemon = Daemon(self.folder, self.store_url, self.sim.url)
        daemon.start(failpoint="store_prepared:1:stop", ready=False, wait_store=60)
        self.addCleanup(daemon.close)
        stat = pathlib.Path(f"/proc/{daemon.process.pid}/stat")
        wait_for("the daemon stops itself", lambda: stat.read_text().rsplit(")", 1)[1].split()[0] == "T", 60)
        self.postgres.tool("stop")
        daemon.process.send_signal(signal.SIGCONT)
        wait_for("it waits for the store", lambda: "store.waiting" in daemon.log_text(), 60)
        self.postgres.tool("start", "--durable")
        wait_for("the daemon answers", daemon.healthy, 60)

    def test_a_store_that_refuses_is_told_with_its_reason_and_its_cure_but_not_in_the_servers_words(self):
        daemon = Daemon(self.folder, self.postgres.url("nowhere_7"), self.sim.url)
        daemon.start(ready=False, wait_store=0)
        self.assertEqual(daemon.process.wait(60), 3)
        self.assertIn("the store has no such database; create it", daemon.log_text())
        self.assertNotIn("nowhere_7", daemon.log_text())
        setup = self.run_setup("long enough", WAIHU_STORE_URL=self.postgres.url("nowhere_7"))
        self.assertIn("the store has no such database; create it", setup.stderr)

    def test_setup_counts_the_characters_of_a_password_not_its_bytes(self):
        self.assertIn("at least 8 characters", self.run_setup("密码密码").stderr)
        self.assertIn("user: boss made", self.run_setup("密码密码密码密码").stdout)

    def run_setup(self, password, **environment):
        return subprocess.run([BIN / "waihuctl", "setup", "--organization", "o", "--organization-id", "SETUP001",
                               "--user", "boss", "--phone", "1"],
                              capture_output=True, text=True, timeout=60, check=False,
                              env=dict(os.environ, WAIHU_STORE_URL=self.store_url, WAIHU_PASSWORD=password) | environment)

    def test_a_second_daemon_on_the_store_refuses_to_start_and_names_the_first(self):
        self.daemon.start()
        second = Daemon(self.folder, self.store_url, self.sim.url, {"node.name": "the-second"})
        second.log_path += ".second"
        second.start(ready=False)
        self.assertEqual(second.process.wait(30), 4, second.tail())
        first = self.postgres.sql("select node from shards limit 1", self.store_url)
        self.assertIn(first, second.log_text())

    def test_a_killed_daemon_is_replaced_at_once_under_a_new_epoch(self):
        self.daemon.start()
        before = int(self.postgres.sql("select max(epoch) from shards", self.store_url))
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(int(self.postgres.sql("select min(epoch) from shards", self.store_url)), before + 1)

    def test_a_schema_newer_than_the_daemon_is_refused_with_exit_5(self):
        self.daemon.start()
        self.daemon.stop()
        columns = self.postgres.sql("select string_agg(column_name, ',') from information_schema.columns "
                                    "where table_name = 'schema_migrations'", self.store_url)
        number = next(c for c in columns.split(",") if c in ("number", "version", "id"))
        self.postgres.sql(f"create temp table t as select * from schema_migrations order by {number} desc limit 1; "
                          f"update t set {number} = 9999; insert into schema_migrations select * from t", self.store_url)
        self.daemon.start(ready=False)
        self.assertEqual(self.daemon.process.wait(30), 5, self.daemon.tail())

    def test_hang_up_gives_components_that_are_no_longer_listed_the_general_level_again(self):
        config = pathlib.Path(self.folder, "waihu.toml")
        config.write_text('[log]\ncomponents = ["daemon=off"]\n')
        self.daemon.flags.append(f"--config={config}")
        self.daemon.start()
        self.assertNotIn("daemon.ready", self.daemon.log_text())
        config.write_text("[log]\ncomponents = []\n")
        self.daemon.process.send_signal(signal.SIGHUP)
        wait_for("the daemon's own lines are back",
                 lambda: "daemon.log_levels_reloaded" in self.daemon.log_text(), 15)

    def test_wrong_provider_credentials_leave_the_task_at_1_with_the_reason(self):
        self.daemon = Daemon(self.folder, self.store_url, self.sim.url, secret="not-the-secret")
        task = self.make_task(3)
        status, answer = self.start_task(task)
        self.assertEqual((status, answer["code"]), (500, 5001), answer)
        self.assertEqual(self.task_type(task), 1)
        diagnosis = self.ok("POST", "/api/diagnose-task", {"task_id": task})
        self.assertIn("SignatureDoesNotMatch", str(diagnosis) + str(answer))
        self.assertNotIn("not-the-secret", self.daemon.log_text() + str(answer) + str(diagnosis))

    def test_an_orderly_stop_ends_within_ten_seconds_with_exit_0(self):
        task = self.make_task(50)
        self.assertEqual(self.start_task(task)[0], 200)
        wait_for("calls are under way", lambda: self.sim.summary()["jobs"] == 50, 30)
        self.assertEqual(self.daemon.stop(10), 0, self.daemon.tail())
        self.daemon.start()
        self.login()
        self.wait_until_complete(task)
        self.judge(task, 50)


if __name__ == "__main__":
    unittest.main()
