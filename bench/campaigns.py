"""What the benchmarks of whole processes share: campaigns of many leads, and what a process used."""
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/e2e"))
import harness  # noqa: E402

LEADS = 500      # of one task
FILE_TASKS = 20  # tasks whose leads come in one file


def cpu_seconds(pid):
    """User and system time of a process and its children that ended."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid, what="VmHWM"):
    """Resident memory in MiB: VmHWM at its highest, VmRSS now."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) / 1024
    return 0.0


class Campaigns(harness.Scenario):
    """Runs outside unittest's runner too: a benchmark is one test that prints what it measured."""

    def begin(self):
        self.set_up_organization()
        self.daemon.start()
        self.login()
        self.scene = self.ok("POST", "/api/create_scene", {"scene_name": "邀约", "scene_detail": "到店", "scene_type": 2,
                                                           "bot_name": "小星"})["script_id"]

    def prepare(self, run, count):
        tasks = []
        for first in range(0, count, FILE_TASKS):
            numbers = range(first, min(count, first + FILE_TASKS))
            rows = "\n".join(f"R{run}T{n}L{i},客户{i},13{(run * count + n) * LEADS + i:09d},车型{run}-{n},A"
                             for n in numbers for i in range(LEADS))
            body = ("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"l.csv\"\r\n\r\n"
                    "leads_id,leads_user_name,leads_user_phone,leads_product,leads_type\n" + rows + "\r\n--x--\r\n").encode()
            status, answer = harness.ask(self.daemon.port, "POST", "/api/leads/import", body, self.token, timeout=120,
                                         headers={"Content-Type": "multipart/form-data; boundary=x"})
            self.assertEqual(status, 200, answer)
            for n in numbers:
                task = self.ok("POST", "/api/create-autoCall-tasks", {
                    "task_name": f"任务{run}-{n}", "script_id": self.scene,
                    "size_desc": {"leads_type": [], "leads_product": [f"车型{run}-{n}"]}})
                self.assertEqual(task["leads_count"], LEADS)
                tasks.append(int(task["task_id"]))
        return tasks

    def postmaster(self):
        return int(pathlib.Path(self.postgres.data, "data", "postmaster.pid").read_text().split()[0])

    def backends(self):
        return [int(pid) for pid in subprocess.run(["pgrep", "-P", str(self.postmaster())], capture_output=True,
                                                   text=True).stdout.split()]

    def cpu(self):
        return {"waihud": cpu_seconds(self.daemon.process.pid), "waihu-sim": cpu_seconds(self.sim.process.pid),
                "PostgreSQL": cpu_seconds(self.postmaster()) + sum(cpu_seconds(pid) for pid in self.backends())}
