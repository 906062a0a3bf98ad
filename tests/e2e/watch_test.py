"""Watching a daemon from outside: its metrics agree with what really happened, its readiness with what is possible, and
what operators are given (docs/operations/) names nothing that is not there."""
import collections
import json
import re
import signal
import time
import unittest

import exposition
from harness import PASSWORD, ROOT, Daemon, Scenario, free_port, wait_for

LEADS = 60
OPERATIONS = ROOT / "docs/operations"
METRIC = re.compile(r"\b((?:waihu|process)_[a-z0-9_]+)\b")


class Watch(Scenario):
    overrides = {"admin.ready_max_lateness_ms": 1500, "node.lease_time_ms": 4000, "node.lease_renew_ms": 500}
    sim_flags = ("--speed", "20")

    def metrics(self):
        status, text = self.daemon.admin("/metrics")
        self.assertEqual(status, 200)
        return exposition.read(text)

    def counted(self, family, label):
        """{value of the label: number}, without those that are 0."""
        found = collections.Counter()
        for _, labels, number in family.samples:
            found[labels[label]] += number
        return {name: int(number) for name, number in found.items() if number}

    def rows(self, sql):
        return {name: int(number) for name, number in
                (line.split("|") for line in self.postgres.sql(sql, self.store_url).splitlines())}

    def test_the_figures_of_a_campaign_agree_with_the_ledger_the_store_and_the_api(self):
        task = self.make_task(LEADS)
        before = self.metrics()
        self.assertEqual(before["waihu_calls_ended_total"].total(), 0)
        self.assertEqual(self.start_task(task)[0], 200)
        wait_for("calls are followed", lambda: self.metrics()["waihu_actors"].value(kind="job") > 0, 30)
        self.wait_until_complete(task)
        summary = self.judge(task, LEADS)
        wait_for("every actor has left", lambda: self.metrics()["waihu_actors"].total() == 0, 30)
        page = self.metrics()
        self.assertEqual(self.counted(page["waihu_calls_ended_total"], "outcome"),
                         self.rows("select outcome, count(*) from leads_task_list group by 1"))
        words = "('{undecided,interested,not_interested}'::text[])[1 + is_interested]"
        self.assertEqual(self.counted(page["waihu_follow_ups_total"], "interest"),
                         self.rows(f"select {words}, count(*) from leads_task_list group by 1"))
        interested = self.ok("POST", "/api/task-statistics", {"task_id": task})["interested"]
        self.assertEqual(page["waihu_follow_ups_total"].value(interest="interested"), interested)
        self.assertEqual(page["waihu_dispatch_granted_total"].value(), LEADS)
        self.assertEqual(page["waihu_dispatch_at_provider"].value(), 0)
        calls = page["waihu_provider_calls_total"]
        at_provider = collections.Counter()
        for request in summary["requests"]:
            at_provider[request["action"]] += request["count"]
        sent = {operation: number for operation, number in self.counted(calls, "operation").items()}
        self.assertEqual(sent, {operation: at_provider[operation] for operation in sent}, "as the provider counts them")
        self.assertGreaterEqual(set(sent), {"AssignJobs", "CreateJobGroup", "ListJobs"})
        self.assertEqual(page["waihu_provider_call_seconds"].total("_count"), calls.total())
        self.assertGreater(page["waihu_look_lateness_seconds"].value("_count"), LEADS / 2)
        self.assertEqual(page["waihu_looks_answered_total"].value(result="ok"),
                         page["waihu_look_lateness_seconds"].value("_count"))
        self.assertEqual(page["waihu_analyses_total"].value(result="ok"), page["waihu_analysis_seconds"].value("_count"))
        changes = page["waihu_store_changes_total"]
        self.assertEqual(changes.total(), page["waihu_store_commit_changes"].value("_sum"))
        self.assertEqual(changes.value(result="stale_epoch"), 0)
        self.assertEqual(page["waihu_claim_epoch"].value(),
                         int(self.postgres.sql("select max(epoch) from shards", self.store_url)))
        requests = page["waihu_http_requests_total"]
        self.assertEqual(requests.value(method="POST", route="/api/start-call-task", code="200"), 1)
        self.assertEqual(requests.value(method="POST", route="/api/login", code="200"), 1)
        self.assertEqual(page["waihu_http_request_seconds"].total("_count"), requests.total())
        self.assertEqual(page["waihu_ready"].total(), 5)
        with open(f"/proc/{self.daemon.process.pid}/status") as status:
            resident = int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1]) * 1024
        self.assertLess(abs(page["process_resident_memory_bytes"].value() - resident), resident / 4)
        self.assertLess(abs(page["process_start_time_seconds"].value() - time.time()), 300)
        self.tells_nothing_of_anybody()

    def tells_nothing_of_anybody(self):
        """Names come from closed lists: no phone, id, secret or text of anybody is among them."""
        text = self.daemon.admin("/metrics")[1] + self.daemon.admin("/readyz")[1]
        values = set(re.findall(r'="([^"]*)"', text))
        known = re.compile(r"[a-z][a-z_]*\Z|[A-Z][A-Za-z]+\Z|/[a-zA-Z0-9_{}./-]*\Z|[2345]\d\d\Z|[0-9.]+\Z|\+Inf\Z")
        self.assertEqual([v for v in values if not known.match(v)], [])
        for secret in (PASSWORD, "sim-secret", "sim-key", "E2E00001", "测试公司", "客户", "operator", "L00001",
                       *(flag.split("=", 2)[2] for flag in self.daemon.flags if "secret=" in flag)):
            self.assertNotIn(secret, text)
        self.assertNotRegex(text, r"(^|\D)1[3-9]\d{9}(\D|$)")

    def test_a_store_that_stops_makes_it_unready_and_its_return_ready_again(self):
        self.daemon.start()
        self.assertEqual(self.daemon.readiness(), (200, {}))
        epoch = self.metrics()["waihu_claim_epoch"].value()
        self.postgres.tool("stop")
        try:
            status, why = wait_for("not ready", lambda: self.refusal("store"), 30)
            self.assertEqual(status, 503)
            wait_for("the claim runs out", lambda: self.refusal("claim"), 30)
            self.assertEqual(self.daemon.admin("/healthz"), (200, "ok\n"), "alive all the same")
            page = self.metrics()
            self.assertEqual(page["waihu_ready"].value(check="store"), 0)
            self.assertEqual(page["waihu_claim_remaining_seconds"].value(), 0)
        finally:
            self.postgres.tool("start", "--durable")
        wait_for("ready again", lambda: self.daemon.readiness() == (200, {}), 60)
        self.assertEqual(self.metrics()["waihu_claim_epoch"].value(), epoch)

    def refusal(self, check):
        """What /readyz answers once that check fails."""
        status, failing = self.daemon.readiness()
        return (status, failing) if check in failing else None

    def test_looks_that_the_provider_does_not_serve_make_it_unready_until_it_does(self):
        task = self.make_task(10)
        self.assertEqual(self.start_task(task)[0], 200)
        wait_for("calls are looked at",
                 lambda: self.metrics()["waihu_looks_answered_total"].value(result="ok") > 0, 30)
        self.sim.fault(action="ListJobs", effect="hang_before", ms=60000)
        status, why = wait_for("looks are overdue", lambda: self.refusal("looks"), 60)
        self.assertEqual((status, list(why)), (503, ["looks"]))
        self.assertGreater(self.metrics()["waihu_looks_overdue_seconds"].value(), 1.5)
        wait_for("the breaker opens", lambda: self.metrics()["waihu_provider_breaker_openings_total"].value() > 0, 60)
        self.assertEqual(self.daemon.admin("/healthz")[0], 200)
        self.sim.clear_faults()
        wait_for("ready again", lambda: self.daemon.readiness()[0] == 200, 60)
        self.wait_until_complete(task)
        page = self.metrics()
        self.assertEqual(page["waihu_provider_breaker_state"].value(state="closed"), 1)
        self.assertGreater(page["waihu_provider_calls_total"].value(operation="ListJobs", result="timed_out"), 0)
        self.judge(task, 10)

    def test_while_it_waits_for_its_store_it_is_alive_and_not_ready(self):
        waiting = Daemon(self.folder, f"postgresql://127.0.0.1:{free_port()}/none", self.sim.url)
        waiting.start(ready=False, wait_store=300)
        try:
            self.assertEqual(waiting.admin("/healthz"), (200, "ok\n"))
            status, why = waiting.readiness()
            self.assertEqual((status, why["running"]), (503, "starting"))
            self.assertIn("store", why)
            exposition.read(waiting.admin("/metrics")[1])
        finally:
            waiting.process.send_signal(signal.SIGTERM)
            self.assertEqual(waiting.process.wait(30), 0)

    def test_an_admin_address_that_is_taken_is_a_start_failure_that_names_the_keys(self):
        self.daemon.start()
        second = Daemon(self.folder, self.store_url, self.sim.url, {"admin.port": self.daemon.admin_port()})
        second.log_path += ".second"
        second.start(ready=False)
        self.assertEqual(second.process.wait(60), 7, second.tail())
        self.assertIn("(admin.listen_address, admin.port): Address already in use", second.log_text())

    def test_without_an_address_there_is_no_admin_listener(self):
        quiet = Daemon(self.folder, self.store_url, self.sim.url, {"admin.listen_address": ""})
        quiet.log_path += ".quiet"
        quiet.start()
        self.assertNotIn("admin.listening", quiet.log_text())
        self.assertEqual(quiet.stop(), 0)

    def test_what_operators_are_given_names_only_metrics_that_are_there_and_every_one_of_them(self):
        self.daemon.start()
        families = self.metrics()
        names = set(families)
        samples = names | {f.name + suffix for f in families.values() if f.type == "histogram"
                           for suffix in exposition.SUFFIXES["histogram"]}
        reference = (OPERATIONS / "metrics.md").read_text()
        table = re.findall(r"^\| `([a-z0-9_]+)` \| (counter|gauge|histogram) \|", reference, re.MULTILINE)
        self.assertEqual(sorted(table), sorted((f.name, f.type) for f in families.values()),
                         "docs/operations/metrics.md has a row for every family, with its type")
        for path in sorted(OPERATIONS.iterdir()):
            unknown = {name for name in METRIC.findall(path.read_text()) if name not in samples}
            self.assertEqual(unknown, set(), path.name)
        labels = {}
        for family in families.values():
            labels[family.name] = {name for _, have, _ in family.samples for name in have} - {"le"}
        for name, kind, told in re.findall(r"^\| `([a-z0-9_]+)` \| (\w+) \|([^|]*)\|", reference, re.MULTILINE):
            self.assertEqual(set(re.findall(r"`(\w+)`", told)), labels[name], f"labels of {name} in metrics.md")

    def test_every_alert_has_its_paragraph_and_every_paragraph_its_alert(self):
        rules = (OPERATIONS / "waihu-alerts.yml").read_text()
        alerts = re.findall(r"^ +- alert: (\w+)$", rules, re.MULTILINE)
        self.assertGreater(len(alerts), 10)
        self.assertEqual(len(alerts), len(set(alerts)))
        runbooks = (OPERATIONS / "runbooks.md").read_text()
        sections = dict(re.findall(r"^## (\w+)\n\n(.*?)(?=\n## |\Z)", runbooks, re.MULTILINE | re.DOTALL))
        self.assertEqual(sorted(sections), sorted(alerts))
        for name, text in sections.items():
            for part in ("**Means.**", "**Look at.**", "**Do.**"):
                self.assertIn(part, text, name)
        links = re.findall(r"runbook: docs/operations/runbooks\.md#(\w+)$", rules, re.MULTILINE)
        self.assertEqual(links, [name.lower() for name in alerts], "each rule points to its paragraph")
        self.assertEqual(len(re.findall(r"^ +severity: (?:critical|warning)$", rules, re.MULTILINE)), len(alerts))

    def test_the_dashboard_asks_for_something_in_every_panel(self):
        dashboard = json.loads((OPERATIONS / "waihu-dashboard.json").read_text())
        panels = [p for p in dashboard["panels"] if p["type"] != "row"]
        self.assertGreater(len(panels), 15)
        for panel in panels:
            self.assertTrue(panel["title"] and panel["targets"], panel)
            for target in panel["targets"]:
                self.assertRegex(target["expr"], METRIC)
        ids = [p["id"] for p in dashboard["panels"]]
        self.assertEqual(len(ids), len(set(ids)))


if __name__ == "__main__":
    unittest.main()
