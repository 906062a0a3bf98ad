"""One campaign under disturbances: its own PostgreSQL, simulator and daemon, and what each moment of a plan does to them.
Judges nothing; see checker.py."""
import collections
import shutil
import statistics
import tempfile
import threading
import time

import checker
import evidence
import plan
from evidence import harness

SPEED = 60           # virtual seconds a second at the provider
SETTLE_MS = 200      # a request that was sent reaches the provider within it, on loopback; lateness stays below it
FAILPOINT_WAIT_S = 3
READY_WAIT_S = 60
SIM_FLAGS = ("--speed", str(SPEED), "--redial-gap-ms", "120000", "--concurrency", "0")
# Waits of a daemon that are short here, so that a run sees more of what comes after them.
QUICK = {
    "dispatch.reconcile_settle_ms": SETTLE_MS, "dispatch.reconcile_retry_ms": 100, "dispatch.retry_delay_ms": 300,
    "job.commit_retry_ms": 200, "supervisor.sweep_interval_s": 2, "supervisor.restart_min_ms": 50,
    "store.reconnect_min_ms": 20, "provider.breaker_open_min_ms": 200, "provider.breaker_open_max_ms": 1000,
    "analyst.per_minute": 100000, "dispatch.account_calls_per_s": 100000, "http.start_budget_ms": 200}


def spread(values):
    return f"median {statistics.median(values):.0f} ms, longest {max(values):.0f} ms" if values else "none"


class Broken(Exception):
    """The run itself cannot go on: a process ended by itself, or something was not reached in time."""


class Campaign(harness.Scenario):
    """One task on its own database, simulator and daemon. Carries out moments; counts what it did."""

    def __init__(self, options, mode, seed, postgres):
        super().__init__()
        self.options, self.mode, self.seed, self.postgres = options, mode, seed, postgres
        self.done = collections.Counter()
        self.ready_ms, self.down_ms, self.samples = [], [], []
        self.deadline = time.monotonic() + options.limit_s
        self.began = time.monotonic()
        self.task = None
        self.storm = threading.Thread()  # lifts the storm that blows, if one does
        self.moments_left = 0
        self.failpoints = b"WAIHU_FAILPOINT" in (harness.BIN / "waihud").read_bytes()

    def runTest(self):
        """For unittest only; see play()."""

    def open(self):
        self.folder = tempfile.mkdtemp(prefix="waihu-chaos.")
        self.store_url = self.postgres.new_database()
        self.sim = harness.Simulator(self.folder, *SIM_FLAGS, "--seed", str(self.seed))
        per_moment = self.options.leads / max(1, self.moments_left)
        self.daemon = harness.Daemon(self.folder, self.store_url, self.sim.url, {
            **QUICK, "dispatch.batch_size": min(20, max(2, int(per_moment / 2)))})

    def tail(self):
        """What the daemon said last."""
        return self.daemon.tail()

    def close(self, keep):
        if self.storm.is_alive():
            self.storm.join()
        self.daemon.close()
        self.sim.close()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    # --- the daemon's lives

    def launch(self, failpoint=None, rate=None):
        if rate is not None:
            key = "--set=dispatch.organization_calls_per_s="
            self.daemon.flags = [f for f in self.daemon.flags if not f.startswith(key)] + [f"{key}{rate}"]
        self.launched = time.monotonic()
        self.daemon.start(failpoint=failpoint, ready=False)

    def until_ready(self):
        """True once the daemon answers; False when a failpoint ended it before."""
        while True:
            if self.daemon.process.poll() is not None:
                if self.daemon.process.returncode == -9:
                    return False
                raise Broken(f"waihud ended with {self.daemon.process.returncode} while starting")
            try:
                if harness.ask(self.daemon.port, "GET", "/api/health", timeout=2)[0] == 200:
                    self.ready_ms.append((time.monotonic() - self.launched) * 1000)
                    return True
            except OSError:
                pass
            if time.monotonic() - self.launched > READY_WAIT_S:
                raise Broken(f"waihud was not ready within {READY_WAIT_S} s")
            time.sleep(0.01)  # the interval of a poll

    def live(self, rate=None):
        """A daemon that is up, whatever was there before."""
        if self.daemon.process is None or self.daemon.process.poll() is not None:
            if self.daemon.process is not None and self.daemon.process.returncode != -9:
                raise Broken(f"waihud ended by itself with {self.daemon.process.returncode}")
            self.launch(rate=rate or self.rate())
            if not self.until_ready():
                raise Broken("waihud was killed by somebody else")

    def kill(self):
        self.daemon.kill()
        self.done["kills"] += 1

    def rate(self):
        """Leads a second so that dispatch lasts as long as the plan does."""
        queued = int(self.postgres.sql("select count(*) from leads_task_list where phase = 'queued'", self.store_url))
        return max(4, round(0.75 * queued / max(1, self.moments_left)))

    def quietly(self, method, path, body):
        """A request whose answer may be lost with the daemon."""
        try:
            return self.api(method, path, body)
        except (OSError, ValueError):
            return None
        except Exception as error:  # http.client raises its own kinds when a peer dies in the middle of an answer
            if type(error).__module__ == "http.client":
                return None
            raise

    def ensure_calling(self):
        """The task is started, and resumed where a kill left it suspended."""
        wanted = {1: ("/api/start-call-task", {"task_id": self.task}),
                  5: ("/api/suspend-resume-task", {"task_id": self.task, "action": "resume"})}
        give_up = time.monotonic() + 30
        while (at := self.task_type(self.task)) in wanted:
            if time.monotonic() > give_up:
                raise Broken(f"the task stays at {at}")
            self.quietly("POST", *wanted[at])
            if self.daemon.process.poll() is not None:
                return

    # --- moments

    def carry_out(self, moment):
        self.done[moment.kind if moment.kind != "failpoint" else moment.failpoint] += 1
        getattr(self, "do_" + moment.kind)(moment)

    def after(self, moment):
        time.sleep(moment.delay_ms / 1000)  # the moment itself, drawn from the seed

    def do_opening(self, moment):
        self.live()
        if self.task_type(self.task) == 1:
            asking = threading.Thread(target=self.quietly,
                                      args=("POST", "/api/start-call-task", {"task_id": self.task}))
            asking.start()
            self.after(moment)
            self.kill()
            asking.join()
        else:
            self.do_clock(moment)

    def do_clock(self, moment):
        self.live()
        self.ensure_calling()
        self.after(moment)
        self.kill()

    def do_starting(self, moment):
        if self.daemon.process.poll() is None:
            self.kill()
        self.launch(rate=self.rate())
        self.after(moment)
        self.kill()

    def do_failpoint(self, moment):
        if not self.failpoints:
            self.done["failpoints by the clock"] += 1
            return self.do_clock(plan.Moment("clock", delay_ms=150 * moment.nth))
        if self.daemon.process.poll() is None:
            self.kill()
        self.launch(failpoint=f"{moment.failpoint}:{moment.nth}", rate=self.rate())
        self.until_ready()
        if not self.reached(lambda: self.daemon.process.poll() is not None):
            self.done["failpoints not reached"] += 1
            return self.kill()
        self.done["kills"] += 1

    def reached(self, condition):
        """Polls a condition of the dispatch for a while; the task is kept calling meanwhile."""
        give_up = time.monotonic() + FAILPOINT_WAIT_S
        look_at_task = 0.0
        while not condition():
            if time.monotonic() > give_up:
                return False
            if time.monotonic() > look_at_task and self.daemon.process.poll() is None:
                self.ensure_calling()
                look_at_task = time.monotonic() + 0.3
            time.sleep(0.003)  # the interval of a poll
        return True

    def hit_by(self, rule):
        """Puts a rule on the next AssignJobs and waits for it to be hit."""
        self.live()
        self.ensure_calling()
        self.sim.fault(**rule)
        mine = max(r["id"] for r in self.sim.get("/sim/faults"))
        if not self.reached(lambda: any(r["id"] == mine and r["hits"] for r in self.sim.get("/sim/faults"))):
            self.done["requests not met"] += 1

    def do_answer_lost(self, moment):
        """Carried out at the provider, answer never sent: the daemon dies while it waits."""
        self.hit_by({"action": "AssignJobs", "when": {"count": 1}, "effect": "hang_after_accept", "ms": 1500})
        time.sleep(moment.ms / 1000)  # the moment itself
        self.kill()

    def do_carried_out_late(self, moment):
        """On its way while the daemon dies, carried out when the next one lives."""
        self.hit_by({"action": "AssignJobs", "when": {"count": 1}, "effect": "delay", "ms": moment.ms})
        self.kill()

    def do_switching(self, moment):
        """suspend-resume-task is killed under way; the next life resumes what it finds suspended."""
        self.live()
        self.ensure_calling()
        asking = threading.Thread(target=self.quietly, args=("POST", "/api/suspend-resume-task",
                                                             {"task_id": self.task, "action": "suspend"}))
        asking.start()
        self.after(moment)
        self.kill()
        asking.join()

    def do_store(self, moment):
        self.live()
        self.ensure_calling()
        self.after(moment)
        down = time.monotonic()
        if moment.how == "kill9":
            self.postgres.tool("kill9")
            self.postgres.tool("start", "--durable")
        else:
            self.postgres.tool("restart", "-m", moment.how)
        self.done["store " + moment.how] += 1
        up = time.monotonic()
        while (answer := self.quietly("GET", "/api/task_list", None)) is None or answer[0] != 200:
            if self.daemon.process.poll() is not None:
                raise Broken(f"waihud ended with {self.daemon.process.returncode} over a restart of the store")
            if time.monotonic() - up > 30:
                raise Broken("waihud does not answer 30 s after the store came back")
            time.sleep(0.02)  # the interval of a poll
        self.down_ms.append((time.monotonic() - down) * 1000)

    def do_storm(self, moment):
        self.live()
        self.ensure_calling()
        self.after(moment)
        if self.storm.is_alive():
            self.storm.join()
        self.sim.fault(action="*", when={"probability": 0.8}, effect="throttle", retry_after_ms=moment.retry_ms)
        self.storm = threading.Timer(moment.ms / 1000, self.set_losses)  # moments go on meanwhile
        self.storm.start()

    def do_outage(self, moment):
        """Nothing answers for so long; the daemon is looked at from outside meanwhile."""
        self.live()
        self.ensure_calling()
        self.after(moment)
        if self.storm.is_alive():
            self.storm.join()
        self.sim.fault(effect="outage", ms=moment.ms)
        until = time.monotonic() + moment.ms / 1000
        while time.monotonic() < until:
            if self.daemon.process.poll() is not None:
                raise Broken(f"waihud ended with {self.daemon.process.returncode} in the outage")
            self.look("outage")
            time.sleep(min(10.0, max(0.1, until - time.monotonic())))

    # --- the run

    def set_losses(self):
        """What the lossy provider does all the time, and nothing else."""
        self.sim.clear_faults()
        for rule in plan.LOSSES:
            self.sim.fault(**rule)

    def look(self, label):
        self.samples.append(evidence.sample(self, label, self.task))

    def play(self, moments):
        self.moments_left = len(moments)
        self.open()
        self.task = self.make_task(self.options.leads)
        self.daemon.kill()  # its preparations are not part of the plan
        if self.mode == "lossy":
            self.set_losses()
        for number, moment in enumerate(moments, 1):
            if time.monotonic() > self.deadline:
                raise Broken(f"the plan took longer than {self.options.limit_s} s")
            if self.options.verbose:
                print(f"    {time.monotonic() - self.began:6.1f} s  {number:3}/{len(moments)} {moment}", flush=True)
            if self.task_type(self.task) in (3, 4):
                self.done["after the campaign's end"] += 1
            self.carry_out(moment)
            self.moments_left -= 1
            if number % max(1, len(moments) // 20) == 0:
                self.look(f"after moment {number}")
        self.finish()

    def finish(self):
        """No more disturbances: the rest of the campaign at full speed."""
        if self.storm.is_alive():
            self.storm.join()
        if self.daemon.process.poll() is None:
            self.kill()
            self.done["kills"] -= 1  # only to start with another rate
        self.live(rate=200)
        tail_over = time.monotonic() + self.options.tail_s
        while self.task_type(self.task) != 4:
            if time.monotonic() > self.deadline:
                raise Broken(f"the task was not at 4 within {self.options.limit_s} s")
            if self.daemon.process.poll() is not None:
                raise Broken(f"waihud ended by itself with {self.daemon.process.returncode}")
            if time.monotonic() > tail_over:
                raise Broken(f"the campaign stands still {self.options.tail_s} s after the last moment: {self.standing()}")
            self.ensure_calling()  # a suspension that a kill left in doubt may still come true
            time.sleep(0.1)  # the interval of a poll

    def standing(self):
        """Where the rows are, and what the daemon says about it."""
        phases = self.postgres.sql("select string_agg(phase || ' ' || n, ', ') from (select phase, count(*) n from "
                                   "leads_task_list group by 1 order by 1) p", self.store_url)
        answer = self.quietly("POST", "/api/diagnose-task", {"task_id": self.task})
        return f"{phases}; {answer and (answer[1].get('data') or {}).get('reasons')}"

    def gather(self):
        return evidence.gather(self, [self.task], self.samples)

    # --- what run.py needs of every kind of run

    checks = checker.CHECKS

    @staticmethod
    def size(moments):
        """How many disturbances a plan has, in words."""
        return f"{len(moments)} moments"

    def figures(self, found):
        """Lines of the table that only this kind of run has: (name, value)."""
        yield "kill -9 of the daemon", self.done["kills"]
        for name in sorted(set(self.done) - {"kills"}):
            yield "  " + name, self.done[name]
        yield "launch to ready", spread(self.ready_ms)
        if self.down_ms:
            yield "store down to API up", spread(self.down_ms)
        if found is not None:
            last = max((b["epoch"] for b in found.batches), default="?")
            yield "batches", f"{len(found.batches)}, epochs {found.samples[0]['epoch'] if found.samples else '?'} to {last}"
