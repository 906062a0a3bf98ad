#!/usr/bin/env python3
"""Drives the console in a browser against a real daemon, PostgreSQL and the stand-in provider.

    console.py [--web-root DIR] [--stay] [FLOW ...]

A FLOW is the first part of the name of a file here, as "leads" of leads.test.mjs; none: all of them, in one world and one browser.
Needs chromium-headless-shell or chromium, and playwright-core and axe-core in web/node_modules (npm ci). The console is the
one in the daemon, or that of a folder. --stay tells the address and how to log in, and waits for Ctrl-C instead of testing.
Exit 0: every test passed. By the environment:

    WAIHU_BIN           the folder of the programs
    WAIHU_SCREENSHOTS   1: pictures are kept in docs/screenshots
    WAIHU_SLOWNESS      5: everything may take five times as long
    WAIHU_LONG_TASK     leads of the task whose list is scrolled
    WAIHU_BRIEF         1: axe looks at half of the combinations of language and width"""
import argparse
import json
import os
import pathlib
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SLOWNESS = float(os.environ.get("WAIHU_SLOWNESS", 1))
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "tests/e2e"))
from harness import BIN, PASSWORD, Daemon, Postgres, Simulator, ask, wait_for  # noqa: E402

LONG_NAME = "华东大区二零二六年第四季度老客户到店试驾与置换补贴政策专项邀约回访（含未接通重拨）"
# product: leads. Each task calls one product's.
# 越野 and 房车 must not be through before the last test is, however slow the machine.
LEADS = {"轿车": 24, "越野": 3000, "皮卡": 1, "电动": 6, "房车": 400}
CASE_SCRIPTS = ",".join(f"{stage}.{party}={stage}-{party}" for party in ("applicant", "respondent") for stage in
                        ("intent_survey", "fact_finding", "material_verify", "agreement", "follow_up"))
# Enough happens for a page to follow; each call more is a look more at the provider, and a page drawn again.
OVERRIDES = {"dispatch.organization_calls_per_s": 2, "cases.scripts": CASE_SCRIPTS, "cases.look_interval_ms": 1000}
# Who: organisation, its id, role. Case calls have organisations of their own, so that the first one has none, and so that the
# corner of the clerk shows no calls but those that its tests make.
PEOPLE = {"operator": ("演示公司", "DEMO0001", "admin"), "newcomer": ("演示公司", "DEMO0001", "admin"),
          "reader": ("演示公司", "DEMO0001", "viewer"),
          "mediator": ("调解中心", "CASE0001", "operator"), "viewer": ("调解中心", "CASE0001", "viewer"),
          "clerk": ("调解二中心", "CASE0002", "operator")}


class World:
    """An organisation with leads and tasks in every state that a screen shows."""

    def __init__(self, daemon, postgres, store_url, folder):
        self.port, self.postgres, self.store_url, self.folder = daemon.port, postgres, store_url, folder
        self.token = None
        self.tasks = {}

    def ok(self, method, path, body=None):
        status, answer = ask(self.port, method, path, body, self.token)
        assert (status, answer["status"]) == (200, "success"), (path, status, answer)
        return answer["data"]

    def people(self):
        password = pathlib.Path(self.folder, "password")
        password.write_text(PASSWORD)
        for number, (user, (organization, organization_id, role)) in enumerate(PEOPLE.items()):
            subprocess.run([BIN / "waihuctl", "setup", "--organization", organization, "--organization-id", organization_id,
                            "--user", user, "--phone", f"1390000000{number}", "--role", role, "--password-file", password],
                           check=True, capture_output=True, env=dict(os.environ, WAIHU_STORE_URL=self.store_url))
        self.postgres.sql("update users set dcc_user_org_id = '', dcc_user = '' where username = 'newcomer'", self.store_url)

    def login(self):
        self.token = self.ok("POST", "/api/login", {"username": "operator", "password": PASSWORD})["access_token"]

    def account(self):
        account = {"user_name": "dcc_demo", "user_password": secrets.token_hex(12), "user_org_id": "DEMO0001"}
        self.ok("POST", "/api/dcc/user/create", account)
        return account

    def leads(self):
        rows, number = ["leads_id,leads_user_name,leads_user_phone,leads_product,leads_type"], 0
        for product, count in LEADS.items():
            for _ in range(count):
                number += 1
                name = "欧阳" + "慕容" * 14 if number == 1 else f"客户{number}"
                rows.append(f"L{number:05d},{name},138{number:08d},{product},A级")
        boundary = "----console"
        body = (f"--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"leads.csv\"\r\n"
                "Content-Type: text/csv\r\n\r\n" + "\n".join(rows) + f"\r\n--{boundary}--\r\n").encode()
        status, answer = ask(self.port, "POST", "/api/leads/import", body, self.token, timeout=60,
                             headers={"Content-Type": f"multipart/form-data; boundary={boundary}"})
        assert (status, answer["data"]["success_count"]) == (200, number), answer

    def task(self, name, product):
        made = self.ok("POST", "/api/create-autoCall-tasks", {"task_name": name, "script_id": self.script,
                                                              "size_desc": {"leads_type": [], "leads_product": [product]}})
        return made["task_id"]

    def start(self, task):
        self.ok("POST", "/api/start-call-task", {"task_id": task})

    def tell(self, task):
        return int(self.postgres.sql(f"select task_type from call_tasks where id = {task}", self.store_url))

    def make(self):
        self.people()
        self.login()
        self.leads()
        self.script = self.ok("POST", "/api/create_scene", {"scene_name": "试驾邀约", "scene_detail": "邀请到店试驾",
                                                            "scene_type": 2, "bot_name": "小星"})["script_id"]
        account = self.account()
        done = self.task("周末试驾邀约", "轿车")
        self.start(done)
        for number in range(52):
            waiting = self.task(f"门店回访 {number + 1:02d}", "皮卡")
            self.start(waiting)
            self.ok("POST", "/api/suspend-resume-task", {"action": "suspend", "task_id": waiting})
        wait_for("the first task is followed up", lambda: self.tell(done) == 4, 120 * SLOWNESS, 0.5)
        ready = self.task("新车上市邀约", "电动")
        paused = self.task(LONG_NAME, "房车")
        self.start(paused)
        self.ok("POST", "/api/suspend-resume-task", {"action": "suspend", "task_id": paused})
        held = self.task("秋季保养回访", "房车")
        self.start(held)
        self.ok("POST", "/api/suspend-resume-task", {"action": "suspend", "task_id": held})
        running = self.task("国庆越野专场邀约", "越野")
        self.start(running)
        return {"username": "operator", "password": PASSWORD, "newcomer": "newcomer", "account": account,
                "tasks": {"done": done, "ready": ready, "paused": paused, "held": held, "running": running}}


def run_flows(names, environment):
    """In a session of their own, so that browsers end with us however we end."""
    flows = [str(HERE / f"{name}.test.mjs") for name in names] or sorted(str(flow) for flow in HERE.glob("*.test.mjs"))
    node = subprocess.Popen(["node", "--test", f"--test-timeout={round(1_800_000 * SLOWNESS)}", HERE / "flows.mjs"],
                            env=dict(environment, WAIHU_CONSOLE_FLOWS=json.dumps(flows)), start_new_session=True)
    try:
        return node.wait()
    finally:
        if node.poll() is None:
            os.killpg(node.pid, signal.SIGTERM)
            node.wait()


def run(options, folder, postgres):
    store_url = postgres.new_database()
    sim = Simulator(folder, "--recording-delay-ms", "0")
    daemon = Daemon(folder, store_url, sim.url, OVERRIDES)
    if options.web_root:
        daemon.flags.append(f"--web-root={options.web_root}")
    try:
        people = World(daemon, postgres, store_url, folder)
        daemon.start()
        world = {**people.make(), "sim": sim.url}
        url = f"http://127.0.0.1:{daemon.port}"
        environment = dict(os.environ, WAIHU_CONSOLE_URL=url, WAIHU_CONSOLE_WORLD=json.dumps(world))
        if options.stay:
            print(f"{url}   user {world['username']}   password {world['password']}", flush=True)
            signal.pause()
        code = run_flows(options.flows, environment)
        if code:
            print("--- the daemon's last lines\n" + daemon.tail(15))
        return code
    finally:
        daemon.close()
        sim.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--web-root", metavar="DIR", help="serve this folder in place of the console in the daemon")
    parser.add_argument("--stay", action="store_true")
    parser.add_argument("flows", nargs="*", metavar="FLOW")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing is left running
    signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = tempfile.mkdtemp(prefix="waihu-console.")
    postgres = Postgres()
    try:
        return run(options, folder, postgres)
    except KeyboardInterrupt:
        return 130
    finally:
        postgres.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
