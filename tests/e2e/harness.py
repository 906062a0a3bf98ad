"""Runs a private PostgreSQL, waihu-sim and waihud as real processes and speaks HTTP to them. The simulator's ledger is
the judge of who was called. Standard library only."""
import http.client
import json
import os
import pathlib
import random
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("WAIHU_BIN", ROOT / "build/dev/bin"))
PASSWORD = "correct-horse-battery"
# Debian's psql in the path is a script that looks for this one, which costs more than the question.
PSQL = pathlib.Path(subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True).stdout.strip() or "/") / "psql"
PSQL = PSQL if PSQL.exists() else "psql"
STORE_PASSWORD = "planted-store-password"  # the private cluster asks for none


def wait_for(what, condition, seconds=60.0, interval=0.05):
    """Polls a condition with a deadline; answers its first true value."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not reached within {seconds:.0f} s: {what}")
        time.sleep(interval)  # the interval of a poll, not a wait for something to have happened


def free_port():
    """Below those that the system hands to outgoing connections: a daemon that is down for a while finds its own again."""
    while True:
        port = random.SystemRandom().randrange(12000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class Exchanges:
    """Writes what daemons answered as lines of JSON into the folder that WAIHU_EXCHANGES names (tests/openapi reads them)."""
    folder = os.environ.get("WAIHU_EXCHANGES")
    daemons = set()  # their ports: the simulator's API is not the one described

    @classmethod
    def keep(cls, log_path, secrets_of_daemon):
        """Leaves a daemon's log and its secrets there, too, for planted_secrets.py."""
        if not cls.folder:
            return
        name = f"{os.getpid()}-{secrets.token_hex(4)}"
        if os.path.exists(log_path):
            shutil.copy(log_path, os.path.join(cls.folder, f"e2e-{name}.log"))
        pathlib.Path(cls.folder, f"secrets-e2e-{name}.txt").write_text("\n".join(secrets_of_daemon) + "\n")

    @classmethod
    def write(cls, port, method, path, body, answer, text):
        if not cls.folder or port not in cls.daemons:
            return
        line = {"readable": True, "method": method, "target": path, "status": answer.status,
                "headers": {name.lower(): value for name, value in answer.getheaders()},
                "body": text.decode(errors="replace")}
        if body is not None and len(body) <= 65536:
            line["request_body"] = body.decode(errors="replace")
        with open(os.path.join(cls.folder, f"e2e-{os.getpid()}.jsonl"), "a") as out:
            out.write(json.dumps(line, ensure_ascii=False) + "\n")


def ask(port, method, path, body=None, token=None, timeout=30, headers=None):
    """One HTTP request; answers (status, parsed JSON)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    headers = dict(headers or {})
    if token:
        headers["access-token"] = token
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        headers.setdefault("Content-Type", "application/json")
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        Exchanges.write(port, method, path, body, answer, text)
        return answer.status, json.loads(text) if text else None
    finally:
        connection.close()


class Postgres:
    """One cluster for a whole test program; one database for each test. Durable, as in earnest: without synchronous
    commit an immediate restart would lose what had been acknowledged, and the judge would blame the daemon."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="waihu-e2e.")
        os.chmod(self.folder, 0o755)
        self.data = os.path.join(self.folder, "pg")
        self.tool("start", "--durable")
        self.count = 0

    def tool(self, action, *more):
        done = subprocess.run([ROOT / "scripts/private_postgres", action, self.data, *more], check=True,
                              capture_output=True, text=True)
        return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""

    def new_database(self):
        self.count += 1
        name = f"e2e_{self.count}"
        self.sql(f"create database {name}")
        return self.url(name)

    def url(self, name="postgres"):
        """The cluster's URL with another database in it."""
        parts = urllib.parse.urlsplit(self.tool("url"))
        return urllib.parse.urlunsplit(parts._replace(path="/" + name))

    def sql(self, text, url=None):
        done = subprocess.run([PSQL, "-XAtq", "-d", url or self.url(), "-v", "ON_ERROR_STOP=1", "-c", text],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return done.stdout.strip()

    def close(self):
        self.tool("destroy")
        shutil.rmtree(self.folder, ignore_errors=True)


class Simulator:
    def __init__(self, folder, *flags, secret="sim-secret"):
        self.log = open(os.path.join(folder, "waihu-sim.log"), "w")
        self.process = subprocess.Popen(
            [BIN / "waihu-sim", "--listen", "127.0.0.1:0", "--access-key", "sim-key", "--access-secret", secret,
             "--seed", "11", "--speed", "60", "--redial-gap-ms", "60000", *flags], stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        self.url = line.strip().split()[-1]
        self.port = int(self.url.rsplit(":", 1)[1])

    def get(self, path):
        return ask(self.port, "GET", path)[1]

    def fault(self, **rule):
        status, _ = ask(self.port, "POST", "/sim/faults", [rule])
        assert status == 200, status

    def clear_faults(self):
        ask(self.port, "DELETE", "/sim/faults")

    def summary(self):
        return self.get("/sim/summary")

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.log.close()


class Daemon:
    """waihud with a configuration made for quick tests; may be killed and started again."""

    def __init__(self, folder, store_url, provider_url, overrides=None, secret="sim-secret"):
        self.folder, self.port = folder, free_port()
        self.log_begins = 0  # of the process that runs now
        Exchanges.daemons.add(self.port)
        self.process = None
        self.log_path = os.path.join(folder, "waihud.log")
        self.environment = dict(os.environ)
        self.environment.pop("WAIHU_FAILPOINT", None)
        with_password = store_url + ("&" if "?" in store_url else "?") + "password=" + STORE_PASSWORD
        settings = {
            "store.url": with_password, "http.port": self.port, "admin.port": 0, "auth.jwt_secret": secrets.token_hex(32),
            "provider.endpoint": provider_url, "provider.instance_id": "e2e", "provider.access_key_id": "sim-key",
            "provider.access_key_secret": secret, "provider.read_deadline_ms": 2000, "provider.write_deadline_ms": 2000,
            "provider.connect_timeout_ms": 1000, "provider.read_rate_per_s": 500, "provider.write_rate_per_s": 500,
            "provider.breaker_open_min_ms": 500, "provider.breaker_open_max_ms": 2000,
            "job.look_interval_ms": 300, "job.queued_look_interval_ms": 500, "job.conversation_look_interval_ms": 300,
            "dispatch.reconcile_settle_ms": 1500, "dispatch.reconcile_retry_ms": 500, "dispatch.retry_delay_ms": 1000,
            "dispatch.organization_calls_per_s": 200, "supervisor.sweep_interval_s": 5,
            "supervisor.restart_min_ms": 200, "store.reconnect_max_ms": 500,
        }
        settings.update(overrides or {})
        self.flags = [f"--set={key}={value}" for key, value in settings.items()]
        self.secrets = [settings["auth.jwt_secret"], secret, STORE_PASSWORD, PASSWORD]

    def start(self, failpoint=None, ready=True, wait_store=30):
        environment = dict(self.environment)
        if failpoint:
            environment["WAIHU_FAILPOINT"] = failpoint
        with open(self.log_path, "a") as log:
            self.log_begins = log.tell()
            self.process = subprocess.Popen([BIN / "waihud", f"--wait-store={wait_store}", *self.flags], stdout=log,
                                            stderr=log, env=environment)
        if ready:
            wait_for("the daemon answers", self.healthy, 60)
        return self

    def healthy(self):
        if self.process.poll() is not None:
            raise AssertionError(f"waihud ended with {self.process.returncode}:\n{self.tail()}")
        try:
            return ask(self.port, "GET", "/api/health", timeout=2)[0] == 200
        except OSError:
            return False

    def admin_port(self):
        """The port of the admin listener, which the daemon chose by itself."""
        def told():
            with open(self.log_path, "rb") as log:
                log.seek(self.log_begins)
                return re.search(rb"admin\.listening address=\S+ port=(\d+)", log.read())
        return int(wait_for("the admin listener is told in the log", told, 60)[1])

    def admin(self, path, method="GET"):
        """What the admin listener answers: (status, text)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.admin_port(), timeout=20)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def readiness(self):
        """(status, {name of a check that fails: reason})."""
        status, text = self.admin("/readyz")
        page = json.loads(text)
        assert page["ready"] == (status == 200), (status, text)
        return status, {name: check["reason"] for name, check in page["checks"].items() if not check["ok"]}

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, seconds=20):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def tail(self, lines=40):
        with open(self.log_path, errors="replace") as log:
            return "".join(log.readlines()[-lines:])

    def log_text(self):
        with open(self.log_path, errors="replace") as log:
            return log.read()

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        Exchanges.keep(self.log_path, self.secrets)


class Scenario(unittest.TestCase):
    """A fresh database, simulator and daemon for every test; one PostgreSQL for all of them."""
    sim_flags = ()
    overrides = {}

    @classmethod
    def setUpClass(cls):
        cls.postgres = Postgres()

    @classmethod
    def tearDownClass(cls):
        cls.postgres.close()

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="waihu-e2e.")
        self.store_url = self.postgres.new_database()
        self.sim = Simulator(self.folder, *self.sim_flags)
        self.daemon = Daemon(self.folder, self.store_url, self.sim.url, self.overrides)
        self.token = None

    def tearDown(self):
        failed = any(error for _, error in self._outcome.errors) if hasattr(self._outcome, "errors") else \
            bool(self._outcome.result.failures or self._outcome.result.errors)
        self.daemon.close()
        self.sim.close()
        if failed:
            print("\n--- the daemon's last lines\n" + (self.daemon.tail() if os.path.exists(self.daemon.log_path) else ""))
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- steps

    def set_up_organization(self):
        secret_file = os.path.join(self.folder, "password")
        pathlib.Path(secret_file).write_text(PASSWORD)
        environment = dict(os.environ, WAIHU_STORE_URL=self.store_url)
        subprocess.run([BIN / "waihuctl", "setup", "--organization", "测试公司", "--organization-id", "E2E00001", "--user",
                        "operator", "--phone", "13900000000", "--password-file", secret_file], check=True,
                       env=environment, capture_output=True)

    def login(self):
        status, answer = ask(self.daemon.port, "POST", "/api/login", {"username": "operator", "password": PASSWORD})
        self.assertEqual((status, answer["code"]), (200, 1000), answer)
        self.token = answer["data"]["access_token"]

    def api(self, method, path, body=None):
        return ask(self.daemon.port, method, path, body, self.token)

    def ok(self, method, path, body=None):
        status, answer = self.api(method, path, body)
        self.assertEqual((status, answer["status"]), (200, "success"), answer)
        return answer.get("data")

    def import_leads(self, count):
        rows = ["leads_id,leads_user_name,leads_user_phone,leads_product,leads_type"]
        rows += [f"L{n:05d},客户{n},138{n:08d},{self.product_of(n)},A" for n in range(1, count + 1)]
        boundary = "----e2e" + secrets.token_hex(8)
        body = (f"--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"leads.csv\"\r\n"
                f"Content-Type: text/csv\r\n\r\n" + "\n".join(rows) + f"\r\n--{boundary}--\r\n").encode()
        status, answer = ask(self.daemon.port, "POST", "/api/leads/import", body, self.token, timeout=120,
                             headers={"Content-Type": f"multipart/form-data; boundary={boundary}"})
        self.assertEqual(status, 200, answer)
        self.assertEqual(answer["data"]["success_count"], count, answer)

    def product_of(self, lead):
        """What a lead is interested in; tasks may be made of one product's leads."""
        return "轿车"

    def make_task(self, leads):
        """Everything up to a task that can be started."""
        self.set_up_organization()
        self.daemon.start()
        self.login()
        self.import_leads(leads)
        scene = self.ok("POST", "/api/create_scene", {"scene_name": "邀约", "scene_detail": "到店", "scene_type": 2,
                                                      "bot_name": "小星"})
        task = self.ok("POST", "/api/create-autoCall-tasks", {"task_name": "任务", "script_id": scene["script_id"],
                                                              "size_desc": {"leads_type": [], "leads_product": []}})
        self.assertEqual(task["leads_count"], leads)
        return task["task_id"]

    def start_task(self, task):
        return self.api("POST", "/api/start-call-task", {"task_id": task})

    def task_type(self, task):
        return int(self.postgres.sql(f"select task_type from call_tasks where id = {int(task)}", self.store_url))

    def wait_until_complete(self, task, seconds=120):
        # each look starts a psql: seldom enough that looking is not the work
        wait_for("task at 4", lambda: self.task_type(task) == 4, seconds, 0.25)

    def judge(self, task, leads):
        """The ledger has no double, every lead is terminal with exactly one follow-up, counters equal a recount."""
        summary = self.sim.summary()
        self.assertEqual(summary["doubles"]["surplus_acceptances"], 0, summary["doubles"])
        rows = self.postgres.sql(
            f"select count(*), count(call_status), count(leads_follow_id), count(distinct leads_follow_id), "
            f"count(*) filter (where is_interested is not null), count(*) filter (where phase = 'closed') "
            f"from leads_task_list where task_id = {int(task)}", self.store_url)
        self.assertEqual(rows, "|".join([str(leads)] * 6), "jobs, terminal, followed, distinct, verdicts, closed")
        follow_ups = self.postgres.sql("select count(*) from dcc_leads_follow", self.store_url)
        self.assertEqual(follow_ups, str(leads), "one follow-up each, none beside")
        progress = self.ok("POST", "/api/describe-job-group", {"task_id": task})["progress"]
        recount = self.postgres.sql(
            f"select count(*) filter (where call_status = 'Succeeded'), count(*) filter (where call_status <> 'Succeeded') "
            f"from leads_task_list where task_id = {int(task)}", self.store_url)
        self.assertEqual(f"{progress['total_completed']}|{progress['failed']}", recount)
        moves = self.postgres.sql(
            f"select string_agg(\"from\" || '>' || \"to\", ' ' order by id) from task_events "
            f"where kind = 'task' and task_id = {int(task)}", self.store_url)
        self.assertTrue(moves, "moves are in the event history")
        return summary
