"""Several nodes on one PostgreSQL and one simulator, with a private CA of their own. Standard library and openssl only."""
import os
import subprocess
import tempfile

import harness
from harness import Daemon, Scenario, Simulator, ask, free_port, wait_for

LEASE_MS, RENEW_MS = 3000, 800  # short, so that a test need not wait long for a lease to end
SHARDS = 256
MASK = 2**64 - 1


def shard_of(task):
    """messages/model/ids.hpp, written again: splitmix64 of the id, modulo the number of shards."""
    x = (int(task) + 0x9e3779b97f4a7c15) & MASK
    x = ((x ^ (x >> 30)) * 0xbf58476d1ce4e5b9) & MASK
    x = ((x ^ (x >> 27)) * 0x94d049bb133111eb) & MASK
    return (x ^ (x >> 31)) % SHARDS


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class Certificates:
    """A CA and what it signs, as docs/clustering.md tells operators to make them."""

    def __init__(self, folder, name="ca"):
        self.folder, self.name = folder, name
        self.ca = os.path.join(folder, name + ".pem")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                "-subj", "/CN=waihu cluster", "-keyout", os.path.join(folder, name + ".key"), "-out", self.ca)

    def issue(self, node):
        base = os.path.join(self.folder, f"{self.name}-{node}")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={node}",
                "-keyout", base + ".key", "-out", base + ".csr")
        openssl("x509", "-req", "-in", base + ".csr", "-CA", self.ca, "-CAkey", os.path.join(self.folder, self.name + ".key"),
                "-CAcreateserial", "-days", "30", "-out", base + ".pem")
        return base + ".pem", base + ".key"


class Node(Daemon):
    """One daemon of a cluster; its folder, ports and name are its own."""

    def __init__(self, cluster, name, overrides=None):
        self.name = name
        folder = tempfile.mkdtemp(prefix=name + ".", dir=cluster.folder)
        certificate, key = cluster.certificates.issue(name)
        self.peer_port = free_port()
        settings = {"node.name": name, "node.lease_time_ms": LEASE_MS, "node.lease_renew_ms": RENEW_MS,
                    "cluster.enabled": "true", "cluster.port": self.peer_port, "cluster.certificate": certificate,
                    "cluster.key": key, "cluster.ca": cluster.certificates.ca, "auth.jwt_secret": cluster.jwt_secret,
                    "dispatch.reconcile_settle_ms": 1500}
        settings.update(cluster.overrides)
        settings.update(overrides or {})
        super().__init__(folder, cluster.store_url, cluster.sim.url, settings)

    def signal(self, number):
        self.process.send_signal(number)

    def stands_still(self):
        """Whether the process was stopped, by itself or by somebody."""
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "T"


class ClusterScenario(Scenario):
    """A fresh database, simulator and cluster for every test. `daemon` is whichever node is asked."""
    names = ("node-a", "node-b", "node-c")

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="waihu-cluster.")
        self.store_url = self.postgres.new_database()
        self.sim = Simulator(self.folder, *self.sim_flags)
        self.jwt_secret = harness.secrets.token_hex(32)
        self.certificates = Certificates(self.folder)
        self.nodes = {name: Node(self, name) for name in self.names}
        self.daemon = self.nodes[self.names[0]]
        self.token = None

    def tearDown(self):
        failed = any(error for _, error in self._outcome.errors) if hasattr(self._outcome, "errors") else \
            bool(self._outcome.result.failures or self._outcome.result.errors)
        for node in self.nodes.values():
            node.close()
        self.sim.close()
        if failed:
            for name, node in self.nodes.items():
                if os.path.exists(node.log_path):
                    print(f"\n--- the last lines of {name}\n{node.tail()}")
        harness.shutil.rmtree(self.folder, ignore_errors=True)

    # --- steps

    def start_all(self):
        for node in self.nodes.values():
            node.start(ready=False)
        for node in self.nodes.values():
            wait_for(f"{node.name} answers", node.healthy, 60)
        self.wait_until_shared()

    def owners(self):
        """{node: shards that it has a running lease of}."""
        rows = self.postgres.sql("select node, count(*) from shards where node <> '' and expires_at > clock_timestamp() "
                                 "group by 1", self.store_url)
        return {name: int(n) for name, n in (line.split("|") for line in rows.splitlines())}

    def owner_of(self, task):
        return self.postgres.sql(f"select node from shards where shard = {shard_of(task)}", self.store_url)

    def wait_until_shared(self, names=None, seconds=40):
        """Every shard is one of these nodes', and each of them has some."""
        wanted = set(names or self.nodes)

        def shared():
            owners = self.owners()
            return sum(owners.values()) == SHARDS and set(owners) == wanted and not self.is_moving()
        wait_for(f"the shards are shared by {sorted(wanted)}", shared, seconds, 0.1)

    def is_moving(self):
        """Whether shards still go to where rendezvous hashing wants them: seen by two looks at the epochs."""
        epochs = "select sum(epoch) from shards"
        before = self.postgres.sql(epochs, self.store_url)
        return self.postgres.sql(epochs, self.store_url) != before

    def on_any(self, method, path, body=None, seconds=30):
        """As a client behind a balancer: 503 and broken connections are tried elsewhere, within a time."""
        def answered():
            for node in self.nodes.values():
                if node.process is None or node.process.poll() is not None:
                    continue
                try:
                    status, answer = ask(node.port, method, path, body, self.token, timeout=10)
                except (OSError, ValueError, harness.http.client.HTTPException):
                    continue
                if status not in (503, 502):
                    return status, answer
            return None
        return wait_for(f"some node answers {path}", answered, seconds, 0.2)
