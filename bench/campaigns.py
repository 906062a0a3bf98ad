"""What the benchmarks of whole processes share: campaigns of many leads, and what a process used."""
import os
import pathlib
import statistics
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/e2e"))
import harness  # noqa: E402

LEADS = 500      # of one task
SERVER_CORES, CLIENT_CORES = {0}, {1}  # where one must not take from the other
FILE_TASKS = 20  # tasks whose leads come in one file

# Finished tasks with their calls, leads and follow-ups, past the daemon.
OLD_CALLS = """
set session_replication_role = replica;
insert into call_tasks (task_name, organization_id, create_name, create_time, leads_count, script_id, task_type, job_group_id,
                        shard, started_at, completed_at)
  select '旧任务' || n, 'E2E00001', 'operator', now() - n * interval '1 hour', {leads}, 'script_1', 4, 'old-group-' || n, 0,
         now() - n * interval '1 hour', now() - n * interval '59 minutes'
  from generate_series(1, {tasks}) n;
insert into leads_task_list (task_id, leads_id, leads_name, leads_phone, reference_id, call_job_id, call_status, outcome, phase,
                             call_task_id, attempt_status, planed_time, actual_time, call_conversation, calling_number,
                             called_number, is_interested, leads_follow_id)
  select t.id, 'B' || t.id || '-' || i, '客户' || i, '13' || lpad((t.id * {leads} + i)::text, 9, '0'), t.id || 'E2E00001B' || i,
         'job-' || t.id || '-' || i, 'Succeeded', 'connected', 'closed', 'attempt-' || t.id || '-' || i, 'SucceededFinish',
         t.create_time, t.create_time,
         '[{{"Timestamp":1,"Speaker":"Robot","Script":"您好"}},{{"Timestamp":9000,"Speaker":"Contact","Script":"有兴趣"}}]',
         '05710000', '13' || lpad((t.id * {leads} + i)::text, 9, '0'), i % 3, t.id * {leads} + i + 1000000000
  from call_tasks t, generate_series(1, {leads}) i where t.task_name like '旧任务%';
insert into dcc_leads (organization_id, leads_id, leads_user_name, leads_user_phone, leads_product, leads_type)
  select 'E2E00001', leads_id, leads_name, leads_phone, 'P' || task_id % 50, 'A' from leads_task_list;
insert into dcc_leads_follow (id, organization_id, leads_id, leads_remark, frist_follow_time, new_follow_time, call_job_row)
  overriding system value
  select leads_follow_id, 'E2E00001', leads_id, '客户有意向', now(), now(), id from leads_task_list;
"""


def on_cores(cores):
    """For subprocess's preexec_fn."""
    return lambda: os.sched_setaffinity(0, cores)


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


class MemoryWatch(threading.Thread):
    """A process's resident memory over time: does it stay as it is under a load that stays as it is?"""
    INTERVAL_S = 5.0

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.over, self.samples = pid, threading.Event(), []
        self.start()

    def run(self):
        began = time.monotonic()
        while not self.over.wait(self.INTERVAL_S):
            self.samples.append((time.monotonic() - began, resident_mib(self.pid, "VmRSS")))

    def growth(self):
        """Ends the watch. (medians of each tenth of the time, the last fifth beside the fifth after the first fifth)."""
        self.over.set()
        self.join()
        sizes = [size for _, size in self.samples]
        part = max(1, len(sizes) // 10)
        tenths = [statistics.median(sizes[i:i + part]) for i in range(0, part * 10, part)]
        return tenths, statistics.median(sizes[8 * part:]) / statistics.median(sizes[2 * part:4 * part])


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

    def fill_with_old_calls(self, tasks):
        """Finished tasks of LEADS calls each; answers the id of one in the middle. Needs the organisation."""
        self.postgres.sql(OLD_CALLS.format(leads=LEADS, tasks=tasks), self.store_url)
        self.postgres.sql("vacuum analyze", self.store_url)
        return int(self.postgres.sql(f"select min(id) + {tasks // 2} from call_tasks where task_name like '旧任务%'",
                                     self.store_url))

    def postmaster(self):
        return int(pathlib.Path(self.postgres.data, "data", "postmaster.pid").read_text().split()[0])

    def backends(self):
        return [int(pid) for pid in subprocess.run(["pgrep", "-P", str(self.postmaster())], capture_output=True,
                                                   text=True).stdout.split()]

    def cpu(self):
        return {"waihud": cpu_seconds(self.daemon.process.pid), "waihu-sim": cpu_seconds(self.sim.process.pid),
                "PostgreSQL": cpu_seconds(self.postmaster()) + sum(cpu_seconds(pid) for pid in self.backends())}
