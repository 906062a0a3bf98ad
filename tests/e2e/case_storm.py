"""Many ask to call the parties of the same cases at once, on two connections each, while answers of the provider are
lost and the daemon is killed: each person is called once, and every caller is told the same calls.

The simulator's ledger is the judge. Its calls stay queued while the test runs, so that every repeated wish meets an
active call. One case is asked for by --crowd connections at once.
"""
import argparse
import concurrent.futures
import http.client
import sys
import threading
import unittest

from case_calls_test import PREFIX, CaseScenario
from harness import ask, wait_for

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--cases", type=int, default=1000)
parser.add_argument("--crowd", type=int, default=200, help="connections that ask for one case at once")
parser.add_argument("--kills", type=int, default=3, help="kill -9 of the daemon on the way")
parser.add_argument("--askers", type=int, default=64, help="connections at work at once")
options = parser.parse_args()
PARTIES = 2


class Storm(CaseScenario):
    overrides = {**CaseScenario.overrides, "cases.place_budget_ms": 500, "provider.write_rate_per_s": 5000,
                 "provider.read_rate_per_s": 5000, "provider.burst": 500, "dispatch.organization_calls_per_s": 5000,
                 "dispatch.account_calls_per_s": 5000, "http.max_outstanding": 1000, "cases.look_interval_ms": 2000}
    sim_flags = ("--speed", "1", "--scheduling-min-ms", "3600000", "--scheduling-max-ms", "3600000", "--concurrency", "0")

    def wish(self, case_id):
        """Asks until it is answered; the entries."""
        body = {"caseId": case_id, "mediationId": 20, "callAuto": 0, "callPersonId": ""}
        while not self.is_over_now.is_set():
            try:
                status, answer = ask(self.daemon.port, "POST", f"{PREFIX}/call-v2", body, self.token, timeout=15)
            except (OSError, http.client.HTTPException):
                self.is_over_now.wait(0.05)  # killed: the next one answers
                continue
            if status == 201:
                with self.lock:
                    self.answered += 1
                return case_id, answer["data"]
            if status != 503:
                raise AssertionError((status, answer))
            self.is_over_now.wait(0.05)
        raise AssertionError("not answered in time")

    def runTest(self):
        self.is_over_now, self.lock, self.answered = threading.Event(), threading.Lock(), 0
        limit = threading.Timer(400, self.is_over_now.set)
        limit.daemon = True  # else the process waits for it
        limit.start()
        self.set_up_organization()
        self.daemon.start()
        self.login()
        cases = [f"C{n}" for n in range(1, options.cases + 1)]
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            list(pool.map(self.put_case, cases))
        self.sim.fault(action="AssignJobs", when={"every": 5}, effect="lose_answer_after_accept")
        self.sim.fault(action="CreateJobGroup", when={"every": 3}, effect="lose_answer_after_accept")
        wishes = [case for case in cases[1:] for _ in range(2)]
        total = len(wishes) + options.crowd
        with concurrent.futures.ThreadPoolExecutor(options.askers + options.crowd) as pool:
            waiting = [pool.submit(self.wish, cases[0]) for _ in range(options.crowd)]
            waiting += [pool.submit(self.wish, case) for case in wishes]
            for kill in range(1, options.kills + 1):
                wait_for("some are answered", lambda: self.answered >= total * kill // (options.kills + 2), 300)
                self.daemon.kill()
                self.daemon.start()
            answers = [future.result() for future in waiting]
        self.sim.clear_faults()
        persons = {self.party(case, n)["phoneNumber"] for case in cases for n in range(PARTIES)}
        wait_for("everybody is with the provider", lambda: set(self.dialled()) == persons, 300, 0.5)
        wait_for("and we know it", lambda: self.postgres.sql(
            "select count(*) from leads_task_list where call_job_id is null", self.store_url) == "0", 300, 0.5)
        answers += [self.wish(case) for case in cases]
        told = {}
        for case, entries in answers:
            self.assertEqual(len(entries), PARTIES, (case, entries))
            for entry in entries:
                self.assertEqual(entry["errorCode"], 0, entry)
                told.setdefault((case, entry["personId"]), set()).add((entry["id"], entry["jobId"]))
        for person, calls in told.items():
            self.assertEqual(len({call for call, _ in calls}), 1, (person, calls))
            self.assertEqual(len({job for _, job in calls if job}), 1, (person, calls))
        dialled = self.dialled()
        self.assertEqual(set(dialled), persons)
        self.assertEqual({number: times for number, times in dialled.items() if times != 1}, {})
        self.assertEqual(self.sim.summary()["doubles"]["surplus_acceptances"], 0)
        groups = len(self.sim.get("/sim/groups"))
        self.is_over_now.set()
        print(f"{total} wishes for {len(cases)} cases, {options.crowd} of them for one at once, {options.kills} kills: "
              f"{len(persons)} persons called once each, in {groups} groups", flush=True)


if __name__ == "__main__":
    outcome = unittest.TextTestRunner(verbosity=0).run(unittest.TestSuite([Storm()]))
    sys.exit(0 if outcome.wasSuccessful() else 1)
