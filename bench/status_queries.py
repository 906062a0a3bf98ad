#!/usr/bin/env python3
"""describe-job-group of a live task against the least that Boost.Beast can do (hello_server.cpp), by wrk.

Both servers run on the same one core (taskset), wrk on another, taking turns in one run, so that the ratio says what the
noise of the machine does not. The token is checked, the answer comes from the task's actor."""
import argparse
import re
import statistics
import subprocess
import sys
import tempfile
import unittest

from campaigns import Campaigns, harness

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--seconds", type=int, default=5, help="of each measurement")
parser.add_argument("--connections", type=int, default=32)
parser.add_argument("--server-core", default="0")
parser.add_argument("--load-core", default="1")
parser.add_argument("--perf", metavar="FILE", help="record a profile of waihud while it is asked")
options = parser.parse_args()


def wrk(port, script=None):
    """Requests/s and latency p99 in ms; fails on any answer but 2xx."""
    command = ["taskset", "-c", options.load_core, "wrk", "--latency", "-t1", f"-c{options.connections}",
               f"-d{options.seconds}s"]
    if script:
        command += ["-s", script]
    text = subprocess.run([*command, f"http://127.0.0.1:{port}/api/describe-job-group"], check=True, capture_output=True,
                          text=True).stdout
    if "Non-2xx" in text or "Socket errors" in text:
        raise AssertionError(text)
    amount, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", text).groups()
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]), float(amount) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


class StatusQueries(Campaigns):
    hour = "3600000"
    sim_flags = ("--speed", "1", "--talk-min-ms", hour, "--talk-max-ms", hour, "--no-answer-ring-ms", hour,
                 "--concurrency", "0", "--max-attempts", "1")
    overrides = {"log.level": "warn", "job.look_interval_ms": 10000, "job.queued_look_interval_ms": 10000}

    def runTest(self):
        self.begin()
        [task] = self.prepare(0, 1)
        self.assertEqual(self.start_task(task)[0], 200)
        subprocess.run(["taskset", "-apc", options.server_core, str(self.daemon.process.pid)], check=True,
                       capture_output=True)
        hello = subprocess.Popen(["taskset", "-c", options.server_core, harness.BIN / "hello-server"],
                                 stdout=subprocess.PIPE, text=True)
        self.addCleanup(hello.wait)
        self.addCleanup(hello.kill)
        hello_port = int(hello.stdout.readline())
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
            script.write(f'wrk.method = "POST"\nwrk.body = \'{{"task_id": {task}}}\'\n'
                         f'wrk.headers["Content-Type"] = "application/json"\n'
                         f'wrk.headers["access-token"] = "{self.token}"\n')
            script.flush()
            ours, theirs, tails = [], [], []
            for number in range(options.rounds):
                theirs.append(wrk(hello_port, script.name)[0])
                profiler = self.profiler() if options.perf and number == 0 else None
                rate, tail = wrk(self.daemon.port, script.name)
                if profiler:
                    profiler.terminate()
                    profiler.wait()
                ours.append(rate)
                tails.append(tail)
                print(f"round {number + 1}: hello {theirs[-1]:.0f}/s, describe-job-group {rate:.0f}/s, ratio "
                      f"{rate / theirs[-1]:.2f}, p99 {tail:.1f} ms", flush=True)
        ratios = [a / b for a, b in zip(ours, theirs)]
        print(f"median: hello {statistics.median(theirs):.0f}/s, describe-job-group {statistics.median(ours):.0f}/s, ratio "
              f"{statistics.median(ratios):.2f}, p99 {statistics.median(tails):.1f} ms", flush=True)

    def profiler(self):
        return subprocess.Popen(["perf", "record", "-q", "-F", "499", "-g", "-o", options.perf, "-p",
                                 str(self.daemon.process.pid)], stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    outcome = unittest.TextTestRunner(verbosity=0).run(unittest.TestSuite([StatusQueries()]))
    sys.exit(0 if outcome.wasSuccessful() else 1)
