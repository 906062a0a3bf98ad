"""The nodes of a cluster under disturbances: how they are started, ended, minded, and how their calendar clocks jump."""
import http.client
import os
import pathlib
import re
import signal
import struct
import subprocess
import threading
import time
import urllib.parse

import cluster_evidence
from campaign import READY_WAIT_S, Broken
from evidence import harness

import cluster_harness  # found by evidence.py's path

NAMES = ("node-a", "node-b", "node-c")
ASK_S = 5              # a client gives an answer so long before it tries elsewhere
STOP_S = 45            # an orderly stop, with the store possibly away
OTHER_LOOPBACK = "127.0.0.2"  # where other nodes are told to reach a node: the wire that can be cut, at the same port
STALE = re.compile(r'^waihu_store_changes_total\{[^}]*result="stale_epoch"[^}]*\} (\S+)$', re.M)
HERE = pathlib.Path(__file__).resolve().parent


class Clock:
    """Lets the calendar clock of daemons jump, by a library that is preloaded into them (clock_shim.c)."""

    def __init__(self, folder):
        self.library = os.path.join(folder, "clock_shim.so")
        try:
            done = subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", self.library, HERE / "clock_shim.c"],
                                  capture_output=True)
            self.works = done.returncode == 0
        except OSError:
            self.works = False

    def put_into(self, node):
        node.clock_file = os.path.join(node.folder, "clock_ahead_s")
        self.turn(node, 0)
        # libpqxx 6.4 leaks a result when a statement finds its connection dead: no reason to end with a failure.
        options = [node.environment.get("ASAN_OPTIONS"), "detect_leaks=0", self.works and "verify_asan_link_order=0"]
        node.environment["ASAN_OPTIONS"] = ":".join(filter(None, options))
        if self.works:
            node.environment.update(LD_PRELOAD=self.library, WAIHU_CLOCK_FILE=node.clock_file)

    @staticmethod
    def turn(node, ahead_s):
        """In place: the daemon has the file mapped."""
        with open(node.clock_file, "r+b" if os.path.exists(node.clock_file) else "wb") as file:
            file.write(struct.pack("=q", ahead_s))


class Member(cluster_harness.Node):
    """A node of the run, and what is meant to be with it."""

    def __init__(self, run, name, overrides):
        self.turn = threading.RLock()
        self.meant_to_run = False
        self.avoid_until = 0.0
        self.stale_before, self.stale_now = 0.0, 0.0  # writes refused as stale: of former processes, of this one
        super().__init__(run, name, overrides)

    def start(self, failpoint=None, ready=True, wait_store=300):
        """Waits long for the store, which may be away at the same time."""
        return super().start(failpoint, ready, wait_store)

    def runs(self):
        return self.process is not None and self.process.poll() is None

    def state(self):
        """One letter of the kernel's: R, S, D, T for stopped, Z for ended."""
        if not self.runs():
            return "Z"
        try:
            return pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return "Z"


class Nodes:
    """What a run does with its nodes; part of cluster_campaign.ClusterCampaign."""

    def make_node(self, name):
        parts = urllib.parse.urlsplit(self.store_url)
        socket = urllib.parse.parse_qs(parts.query)["host"][0] + "/.s.PGSQL.5432"
        port = self.wires.open(f"store {name}", "unix", socket)
        url = (f"postgresql://{parts.username}@127.0.0.1:{port}{parts.path}?sslmode=disable"
               f"&options=-c%20{cluster_evidence.NODE_SETTING}%3D{name}")
        node = Member(self, name, {"store.url": url, "admin.port": harness.free_port(),
                                   "cluster.advertise_address": OTHER_LOOPBACK})
        self.wires.open(f"peer {name}", "tcp", "127.0.0.1", node.peer_port, at=(OTHER_LOOPBACK, node.peer_port), by_user=True)
        self.clock.put_into(node)
        return node

    def living(self):
        return [node for node in self.nodes.values() if node.meant_to_run and node.runs()]

    def start_node(self, node, failpoint=None):
        with node.turn:
            node.start(failpoint=failpoint, ready=False)
            node.meant_to_run = failpoint is None
        self.know_processes()

    def know_processes(self):
        self.wires.know({node.name: node.process.pid for node in self.nodes.values() if node.runs()})

    def until_ready(self, node, launched=None):
        """Once it answers; the store may be away for a while at the same time."""
        began = time.monotonic()
        while True:
            try:
                if harness.ask(node.port, "GET", "/api/health", timeout=ASK_S)[0] == 200:
                    if launched:
                        self.ready_ms.append((time.monotonic() - launched) * 1000)
                    return
            except (OSError, ValueError, http.client.HTTPException):
                pass
            if time.monotonic() - began > READY_WAIT_S:
                raise Broken(f"{node.name} was not ready within {READY_WAIT_S} s\n{node.tail(15)}")
            time.sleep(0.05)  # the interval of a poll

    def bring_up(self, node):
        launched = time.monotonic()
        self.start_node(node)
        self.until_ready(node, launched)

    def kill_node(self, node):
        with node.turn:
            node.meant_to_run = False
            self.keep_stale(node)
            node.kill()
        self.done["kill -9 of a node"] += 1

    def stop_in_order(self, node):
        """SIGTERM; its end is written down for the judge."""
        with node.turn:
            node.meant_to_run = False
            self.keep_stale(node)
            node.process.send_signal(signal.SIGTERM)
        try:
            code = node.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            node.kill()
            code = f"no end within {STOP_S} s of SIGTERM"
        self.endings.append({"node": node.name, "code": code, "wanted": 0, "during": self.during})

    def mind(self):
        """Looks after nodes that end by themselves, as a service manager does, and reads how many writes were refused."""
        number = 0
        while not self.over.wait(0.3):
            number += 1
            for node in self.nodes.values():
                with node.turn:
                    if node.meant_to_run and not node.runs():
                        self.endings.append({"node": node.name, "code": node.process.returncode, "wanted": None,
                                             "during": self.during})
                        self.done["node ended by itself"] += 1
                        self.keep_stale(node)
                        node.start(ready=False)
                if number % 5 == 0 and node.meant_to_run:
                    self.read_stale(node)

    def read_stale(self, node):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.admin_port_of(node), timeout=1)
            connection.request("GET", "/metrics")
            found = STALE.search(connection.getresponse().read().decode())
            connection.close()
            node.stale_now = max(node.stale_now, float(found[1]) if found else 0.0)
        except (OSError, http.client.HTTPException):
            pass  # stopped, or not there yet

    @staticmethod
    def admin_port_of(node):
        return next(int(flag.rsplit("=", 1)[1]) for flag in node.flags if flag.startswith("--set=admin.port="))

    @staticmethod
    def keep_stale(node):
        node.stale_before += node.stale_now
        node.stale_now = 0.0
