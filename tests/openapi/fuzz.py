#!/usr/bin/env python3
"""Fuzzes the API of a real daemon with a private PostgreSQL and waihu-sim, with requests made from openapi.json
(fuzz.mjs). Judges what only the outside sees: the daemon lives, its memory is bounded, nobody was called twice, its log
tells of no defect, it stops in order.

    fuzz.py [--seed N] [--requests N] [--limit-s N] [--memory-mib N]      exit 0: every promise held
"""
import argparse
import base64
import hashlib
import hmac
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))
from harness import Daemon, Postgres, Simulator, ask  # noqa: E402

SECRET = "fuzz-secret-0123456789abcdef-0123456789"
SCRIPTS = ",".join(f"{stage}.{party}={stage}" for stage in ("fact_finding", "follow_up") for party in ("applicant", "respondent"))
PEOPLE = {"admin": (1, "FUZZ0001"), "operator": (2, "FUZZ0001"), "viewer": (3, "FUZZ0001"), "foreign": (2, "FUZZ0002"),
          "unbound": (2, ""), "wanderer": (2, "")}


def token(user, expires, secret=SECRET):
    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    claims = {"user_id": user, "username": "u", "phone": "1", "organization_id": "", "iat": int(time.time()),
              "exp": int(expires), "type": "access_token"}
    text = part(b'{"alg":"HS256","typ":"JWT"}') + "." + part(json.dumps(claims).encode())
    return text + "." + part(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())


def make_people(postgres, url):
    """Two organisations and one user of each kind; answers their tokens."""
    for number in (1, 2):
        postgres.sql(f"insert into organizations (name, organization_id) values ('fuzz {number}', 'FUZZ000{number}')", url)
    later = time.time() + 86400
    tokens = {}
    for name, (role, organization) in PEOPLE.items():
        number = postgres.sql(
            f"insert into users (username, password, phone, organization_id, dcc_user_org_id, user_role) values "
            f"('{name}', 'none', '1{len(tokens)}', '{organization}', '{organization}', {role}) returning id", url)
        tokens[name] = token(int(number), later)
    operator = postgres.sql("select id from users where username = 'operator'", url)
    return tokens | {"none": "", "expired": token(int(operator), time.time() - 3600),
                     "forged": token(int(operator), later, "x" * 40)}


def make_tasks(port, tokens):
    """Some leads of either organisation and tasks in several states, so that the first requests find something. Second: tasks
    that only the last requests use."""
    pool = {"task_id": [], "script_id": [], "job_group_id": [], "call_job_id": []}
    for who in ("operator", "foreign"):
        rows = ["leads_id,leads_user_name,leads_user_phone,leads_type"]
        rows += [f"{who}{n},客户{n},138{n:08d},{'AB'[n % 2]}" for n in range(12)]
        body = ("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"l.csv\"\r\n\r\n" + "\n".join(rows)
                + "\r\n--b--\r\n").encode()
        status, answer = ask(port, "POST", "/api/leads/import", body, tokens[who],
                             headers={"Content-Type": "multipart/form-data; boundary=b"})
        assert answer["data"]["success_count"] == 12, (status, answer)
    for number in range(10):
        status, answer = ask(port, "POST", "/api/create-autoCall-tasks",
                             {"task_name": f"任务{number}", "script_id": "script_1", "size_desc": {"leads_type": ["A"]}},
                             tokens["operator"])
        assert status == 200, answer
        pool["task_id"].append(answer["data"]["task_id"])
    for name, organization in (("dcc", "FUZZ0002"), ("dcc switched on and off", "FUZZ0003")):
        account = {"user_name": name, "user_password": "the-right-password", "user_org_id": organization}
        status, answer = ask(port, "POST", "/api/dcc/user/create", account, tokens["admin"])
        assert status == 200, answer
    pool |= {"user_name": ["dcc"], "user_password": ["the-right-password"], "user_org_id": ["FUZZ0002"], "dcc_user": ["dcc"], "dcc_user_org_id": ["FUZZ0002"], "id": [answer["data"]["id"]], "leads_id": ["operator1"]}
    status, answer = ask(port, "POST", "/api/start-call-task", {"task_id": pool["task_id"][0]}, tokens["operator"])
    assert status == 200, answer
    pool["job_group_id"].append(answer["data"]["job_group_id"])
    return pool, [pool["task_id"].pop() for _ in range(6)]


class MemoryWatch(threading.Thread):
    """The daemon's resident memory over time, in MiB."""

    def __init__(self, process):
        super().__init__(daemon=True)
        self.process, self.over, self.highest = process, threading.Event(), 0

    def now(self):
        try:
            for line in open(f"/proc/{self.process}/status"):
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) // 1024
        except OSError:
            pass
        return 0

    def run(self):
        while not self.over.wait(0.2):
            self.highest = max(self.highest, self.now())


def judge(arguments, daemon, sim, watch, before):
    """What is wrong with the daemon after all that."""
    wrong = []
    if not daemon.healthy():
        wrong.append("the daemon does not answer any more")
    watch.over.set()
    watch.join()
    print(f"memory: {before} MiB before, {watch.highest} MiB at most, {watch.now()} MiB after")
    if watch.highest > arguments.memory_mib:
        wrong.append(f"memory went up to {watch.highest} MiB")
    doubles = sim.summary()["doubles"]
    if doubles["surplus_acceptances"] != 0:
        wrong.append(f"somebody was accepted twice: {doubles}")
    if daemon.stop(30) != 0:
        wrong.append(f"the daemon ended with {daemon.process.returncode}")
    log = daemon.log_text()
    wrong += [f"the log says: {line[:300]}" for line in log.splitlines()
              if "http.handler_threw" in line or "Sanitizer" in line or "runtime error" in line][:10]
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--requests", type=int, default=20000)
    parser.add_argument("--limit-s", type=int, default=1200, help="for all requests together")
    parser.add_argument("--memory-mib", type=int, default=768)
    parser.add_argument("--scripts", default=str(ROOT / "build/dev/openapi"), help="where the packages are installed")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}, {arguments.requests} requests", flush=True)
    folder = tempfile.mkdtemp(prefix="waihu-fuzz.")
    postgres = Postgres()
    sim = daemon = None
    wrong = ["it did not get to the end"]
    try:
        url = postgres.new_database()
        sim = Simulator(folder)
        # The sanitizer keeps freed memory for a while; as much as usual would hide what the daemon itself holds.
        daemon = Daemon(folder, url, sim.url, {"auth.jwt_secret": SECRET, "auth.allow_register": "true",
                                                   "auth.login_failures": 20, "cases.scripts": SCRIPTS,
                                                   "cases.place_budget_ms": 1000})
        daemon.environment["ASAN_OPTIONS"] = daemon.environment.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=16"
        daemon.start()
        tokens = make_people(postgres, url)
        pool, unspent = make_tasks(daemon.port, tokens)
        settings = os.path.join(folder, "settings.json")
        pathlib.Path(settings).write_text(json.dumps({
            "port": daemon.port, "seed": arguments.seed, "requests": arguments.requests, "patience_ms": 20000,
            "tokens": tokens, "pool": pool, "unspent": unspent}))
        watch = MemoryWatch(daemon.process.pid)
        before = watch.now()
        watch.start()
        done = subprocess.run(["node", "fuzz.mjs", str(ROOT / "http/openapi/openapi.json"), settings],
                              cwd=arguments.scripts, timeout=arguments.limit_s, check=False)
        wrong = judge(arguments, daemon, sim, watch, before)
        if done.returncode != 0:
            wrong.append("answers were not as described (above)")
    except subprocess.TimeoutExpired:
        wrong = [f"not done within {arguments.limit_s} s"]
    finally:
        for line in wrong:
            print("WRONG", line)
        if wrong and daemon:
            kept = os.path.join(tempfile.gettempdir(), f"waihu-fuzz-{arguments.seed}.log")
            shutil.copy(daemon.log_path, kept)
            print("the daemon's log:", kept)
        for one in (daemon, sim, postgres):
            if one:
                one.close()
        shutil.rmtree(folder, ignore_errors=True)
    print("every promise held" if not wrong else "not as promised")
    return 0 if not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
