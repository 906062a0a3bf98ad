"""Judges a finished campaign by what others wrote down: the provider's ledger, the tables, the event history, the answers
of the API. Pure, and ignorant of the daemon: the rules below are written from the contract, not from its code.

`check(evidence)` gives the violations. Each has a name that says what was promised and broken; CHECKS lists them all."""
import collections
import dataclasses

ENDED = ("Succeeded", "Failed", "Cancelled")
FOLLOWED = ("Succeeded", "Failed")
LEGAL_MOVES = {(1, 2), (2, 1), (2, 5), (5, 2), (2, 3), (3, 4), (4, 3)}
# Answers that leave open whether a request was carried out. Two such askings without a trace may end a lead as unplaced.
DOUBTFUL_CODES = {"NoAnswer", "OK", "InternalError", "ServiceUnavailable"}
ASKED_BEFORE_UNPLACED = 2


@dataclasses.dataclass
class Evidence:
    """Rows are dicts with the column names of their table; ids are numbers. See evidence.py for where each comes from."""
    accepted: list      # the provider's list of accepted elements, one for each acceptance
    dials: list         # the provider's list of dials
    turned_away: list   # elements that reached the provider and were not accepted: reference_id, code, times
    tasks: list         # call_tasks
    rows: list          # leads_task_list
    follow_ups: list    # dcc_leads_follow
    batches: list       # dispatch_batches
    events: list        # task_events, by id
    counters: dict      # task id -> {"describe", "statistics", "execution", "listed"}: answers of the API
    samples: list = dataclasses.field(default_factory=list)  # earlier looks at the store, in order
    final: bool = True  # the campaign is said to be over


@dataclasses.dataclass(frozen=True)
class Violation:
    name: str
    detail: str


CHECKS = {}


def promise(name, among=CHECKS):
    """Registers a check: it takes the indexed evidence and yields one text for each time the promise was broken."""
    def register(function):
        assert name not in among, name
        among[name] = function
        return function
    return register


class Index:
    """The evidence with the look-ups that several checks need."""

    def __init__(self, evidence):
        self.all = evidence
        self.rows = {row["id"]: row for row in evidence.rows}
        self.rows_by_reference = collections.defaultdict(list)
        self.rows_by_task = collections.defaultdict(list)
        for row in evidence.rows:
            self.rows_by_reference[row["reference_id"]].append(row)
            self.rows_by_task[row["task_id"]].append(row)
        self.status_of_job = {job["job_id"]: job["status"] for job in evidence.accepted}
        self.accepted_by_reference = collections.defaultdict(list)
        for job in evidence.accepted:
            self.accepted_by_reference[job["reference_id"]].append(job)
        self.follow_ups_by_row = collections.defaultdict(list)
        for follow_up in evidence.follow_ups:
            self.follow_ups_by_row[follow_up["call_job_row"]].append(follow_up)
        self.events_by_row = collections.defaultdict(list)
        for event in evidence.events:
            if event["job"] is not None:
                self.events_by_row[event["job"]].append(event)
        self.moves = collections.defaultdict(list)
        for event in evidence.events:
            if event["kind"] == "task":
                self.moves[event["task_id"]].append(event)

    def of_row(self, row):
        """The provider's acceptances of this row."""
        return self.accepted_by_reference.get(row["reference_id"], [])


def check(evidence, checks=None):
    """Every violation of every promise, in their order; of CHECKS unless others are given."""
    index = Index(evidence)
    return [Violation(name, detail) for name, function in (checks or CHECKS).items() for detail in function(index)]


# --- nobody is called twice ------------------------------------------------------------------------------------------

@promise("no reference id is accepted twice")
def accepted_once(at):
    for reference, jobs in at.accepted_by_reference.items():
        if len(jobs) > 1:
            yield f"{reference} accepted by requests {', '.join(job['assign_request_id'] for job in jobs)}"


@promise("no reference id is dialled for two acceptances")
def dialled_for_one_job(at):
    jobs = collections.defaultdict(set)
    for dial in at.all.dials:
        jobs[dial["reference_id"]].add(dial["job_id"])
    for reference, ids in jobs.items():
        if len(ids) > 1:
            yield f"{reference} dialled as {sorted(ids)}"


@promise("no phone of a task is dialled for two leads")
def phone_dialled_for_one_lead(at):
    leads = collections.defaultdict(set)
    for dial in at.all.dials:
        leads[dial["job_group_id"], dial["phone"]].add(dial["reference_id"])
    for (group, phone), references in leads.items():
        if len(references) > 1:
            yield f"group {group}, phone ..{phone[-4:]}: {sorted(references)}"


@promise("nobody is called who is in no task")
def called_is_known(at):
    for reference in at.accepted_by_reference:
        if reference not in at.rows_by_reference:
            yield f"{reference} was accepted by the provider and is in no task"


@promise("nobody is called whose row says never placed")
def called_is_not_unplaced(at):
    for row in at.all.rows:
        if row["outcome"] == "unplaced" and at.of_row(row):
            yield f"row {row['id']} is unplaced, the provider accepted {row['reference_id']}"


@promise("all calls of a task are in its one job group")
def one_group(at):
    group_of_task = {task["id"]: task["job_group_id"] for task in at.all.tasks}
    for row in at.all.rows:
        for job in at.of_row(row):
            if job["job_group_id"] != group_of_task.get(row["task_id"]):
                yield f"row {row['id']} was accepted in group {job['job_group_id']}"


# --- nothing is lost -------------------------------------------------------------------------------------------------

@promise("no lead of a task vanishes")
def leads_are_there(at):
    for task in at.all.tasks:
        have = len(at.rows_by_task[task["id"]])
        if have != task["leads_count"]:
            yield f"task {task['id']} was made with {task['leads_count']} leads and has {have}"


@promise("every task ends")
def tasks_end(at):
    for task in at.all.tasks:
        if at.all.final and task["task_type"] != 4:
            yield f"task {task['id']} is at {task['task_type']}"


@promise("every lead ends")
def leads_end(at):
    for row in at.all.rows:
        if at.all.final and (row["call_status"] not in ENDED or row["phase"] != "closed"):
            yield f"row {row['id']} is {row['call_status']}, {row['phase']}"


@promise("a call that ended has exactly one follow-up")
def one_follow_up(at):
    for row in at.all.rows:
        have = at.follow_ups_by_row.get(row["id"], [])
        due = row["call_status"] in FOLLOWED
        if len(have) > 1 or (at.all.final and due and not have):
            yield f"row {row['id']} ({row['call_status']}) has {len(have)}"
        if have and row["leads_follow_id"] not in [f["id"] for f in have]:
            yield f"row {row['id']} points to follow-up {row['leads_follow_id']}, it has {[f['id'] for f in have]}"


@promise("a call without an end or cancelled has no follow-up")
def no_follow_up(at):
    for row in at.all.rows:
        if row["call_status"] not in FOLLOWED and (at.follow_ups_by_row.get(row["id"]) or row["leads_follow_id"]):
            yield f"row {row['id']} ({row['call_status']})"


@promise("a follow-up belongs to a call and its lead")
def follow_up_belongs(at):
    for follow_up in at.all.follow_ups:
        row = at.rows.get(follow_up["call_job_row"])
        if row is None or row["leads_id"] != follow_up["leads_id"]:
            yield f"follow-up {follow_up['id']} of row {follow_up['call_job_row']}, lead {follow_up['leads_id']}"


@promise("a call with a follow-up has a verdict on interest")
def interest_is_set(at):
    for row in at.all.rows:
        if row["leads_follow_id"] and row["is_interested"] not in (0, 1, 2):
            yield f"row {row['id']}"


@promise("a lead is unplaced only after it was asked for twice or refused")
def unplaced_was_asked(at):
    away = collections.defaultdict(dict)
    for entry in at.all.turned_away:
        away[entry["reference_id"]][entry["code"]] = entry["times"]
    for row in at.all.rows:
        if row["outcome"] != "unplaced" or at.of_row(row):
            continue
        codes = away.get(row["reference_id"], {})
        doubtful = sum(times for code, times in codes.items() if code in DOUBTFUL_CODES)
        refused = [c for c in codes if c not in DOUBTFUL_CODES and not c.startswith("Throttling")]
        if doubtful < ASKED_BEFORE_UNPLACED and not refused:
            yield f"row {row['id']}: the provider was asked {doubtful} times for it ({codes or 'nothing was ever sent'})"


@promise("no intent is left open")
def intents_closed(at):
    for batch in at.all.batches:
        if at.all.final and batch["state"] not in ("acked", "failed"):
            yield f"batch {batch['id']} (task {batch['task_id']}, seq {batch['seq']}) is {batch['state']}"


# --- what is stored is true ------------------------------------------------------------------------------------------

@promise("the stored end is the provider's")
def status_is_true(at):
    for row in at.all.rows:
        jobs = at.of_row(row)
        if row["call_status"] is None or len(jobs) > 1:
            continue
        if jobs and jobs[0]["status"] != row["call_status"]:
            yield f"row {row['id']} is {row['call_status']}, the provider says {jobs[0]['status']}"
        if not jobs and (row["call_status"], row["outcome"]) != ("Failed", "unplaced"):
            yield f"row {row['id']} is {row['call_status']}, {row['outcome']}; the provider never had it"


@promise("the stored call id is the provider's")
def job_id_is_true(at):
    for row in at.all.rows:
        ids = [job["job_id"] for job in at.of_row(row)]
        if row["call_job_id"] is not None and row["call_job_id"] not in ids:
            yield f"row {row['id']} holds {row['call_job_id']}, the provider gave {ids}"
        if row["call_job_id"] is None and ids and row["call_status"] is not None:
            yield f"row {row['id']} ended without the id {ids}"


@promise("the stored last attempt is the provider's last dial")
def attempt_is_true(at):
    last = {}
    for dial in at.all.dials:
        best = last.get(dial["job_id"])
        if best is None or dial["attempt"] > best["attempt"]:
            last[dial["job_id"]] = dial
    for row in at.all.rows:
        dial = last.get(row["call_job_id"])
        if row["call_status"] is None or dial is None:
            continue
        if (row["call_task_id"], row["attempt_status"]) != (dial["call_task_id"], dial["status"]):
            yield (f"row {row['id']} holds {row['call_task_id']} {row['attempt_status']}, the last dial is "
                   f"{dial['call_task_id']} {dial['status']}")


# --- history ---------------------------------------------------------------------------------------------------------

@promise("tasks make legal moves only, each from where the last ended")
def moves_are_legal(at):
    for task in at.all.tasks:
        here = 1
        for event in at.moves[task["id"]]:
            move = (event["data"].get("from_type"), event["data"].get("to_type"))
            if move not in LEGAL_MOVES:
                yield f"task {task['id']}: event {event['id']} moves {move[0]} to {move[1]}"
            elif move[0] != here:
                yield f"task {task['id']}: event {event['id']} leaves {move[0]}, the task was at {here}"
            here = move[1]
        if here != task["task_type"]:
            yield f"task {task['id']} is at {task['task_type']}, its history ends at {here}"


@promise("a call's end is written once and never changes")
def ends_once(at):
    for row in at.all.rows:
        ends = [e for e in at.events_by_row[row["id"]] if e["kind"] == "job" and e["to"] == "settled"
                and e["from"] != "settled"]
        told = [e["data"].get("status") for e in ends]
        if told != ([row["call_status"]] if row["call_status"] else []):
            yield f"row {row['id']} is {row['call_status']}, its history tells {told}"
    seen = {}
    for sample in at.all.samples + [sample_of(at.all)]:
        for row_id, (status, follow_up, job_id) in sample["rows"].items():
            before = seen.get(row_id, (None, None, None))
            for what, old, new in zip(("status", "follow-up", "call id"), before, (status, follow_up, job_id)):
                if old is not None and new != old:
                    yield f"row {row_id}: {what} {old} became {new}"
            seen[row_id] = (status, follow_up, job_id)


@promise("a follow-up is told once, after the end")
def follow_up_after_end(at):
    for row in at.all.rows:
        history = at.events_by_row[row["id"]]
        told = [e for e in history if e["kind"] == "follow" and not e["data"].get("replaced")]
        if len(told) != len(at.follow_ups_by_row.get(row["id"], [])):
            yield f"row {row['id']}: told {len(told)} times"
        end = next((e["id"] for e in history if e["kind"] == "job" and e["to"] == "settled"), None)
        for event in told:
            if end is None or event["id"] < end:
                yield f"row {row['id']}: event {event['id']} comes before the end"


@promise("epochs never decrease")
def epochs_rise(at):
    by_task = collections.defaultdict(list)
    for batch in at.all.batches:
        by_task[batch["task_id"]].append(batch)
    for task, batches in by_task.items():
        batches.sort(key=lambda b: b["seq"])
        for earlier, later in zip(batches, batches[1:]):
            if later["epoch"] < earlier["epoch"]:
                yield f"task {task}: batch {later['seq']} has epoch {later['epoch']} after {earlier['epoch']}"
    for earlier, later in zip(at.all.samples, at.all.samples[1:]):
        if later["epoch"] < earlier["epoch"]:
            yield f"{later['label']}: epoch {later['epoch']} after {earlier['epoch']}"


@promise("a batch names rows of its own task, each once")
def batches_are_sane(at):
    for batch in at.all.batches:
        for row_id in batch["job_rows"]:
            row = at.rows.get(row_id)
            if row is None or row["task_id"] != batch["task_id"]:
                yield f"batch {batch['id']} of task {batch['task_id']} names row {row_id}"
        if len(set(batch["job_rows"])) != len(batch["job_rows"]):
            yield f"batch {batch['id']} names a row twice"


# --- counters --------------------------------------------------------------------------------------------------------

def recount(at, task_id):
    """What the counters must say: ends by the provider's ledger, follow-ups and verdicts by the rows."""
    rows = at.rows_by_task[task_id]
    words = collections.Counter()
    for row in rows:
        jobs = at.of_row(row)
        words[jobs[0]["status"] if jobs else "Failed"] += 1
    followed = [row for row in rows if at.follow_ups_by_row.get(row["id"])]
    verdicts = collections.Counter(row["is_interested"] for row in followed)
    return {
        "total": len(rows), "succeeded": words["Succeeded"], "failed": words["Failed"] + words["Cancelled"],
        "interested": verdicts[1], "not_interested": verdicts[2], "unable": verdicts[0],
        "pending": len(rows) - len(followed), "ids": sorted(job["job_id"] for row in rows for job in at.of_row(row)),
    }


def differing(task_id, said, meant):
    for name, (answer, truth) in {key: (said.get(key), meant[key]) for key in meant}.items():
        if answer != truth:
            yield f"task {task_id}: {name} is {answer}, a recount gives {truth}"


def described_wrong(at, task_id, answers):
    truth = recount(at, task_id)
    yield from differing(task_id, answers["describe"], {
        "total_jobs": truth["total"], "scheduling": 0, "executing": 0, "total_completed": truth["succeeded"],
        "failed": truth["failed"]})


def statistics_wrong(at, task_id, answers):
    truth = recount(at, task_id)
    yield from differing(task_id, answers["statistics"], {
        "total_leads": truth["total"], "pending_follow": truth["pending"], "unable_to_judge": truth["unable"],
        "interested": truth["interested"], "not_interested": truth["not_interested"]})


def execution_wrong(at, task_id, answers):
    truth = recount(at, task_id)
    yield from differing(task_id, answers["execution"], {
        "total_calls": truth["total"], "connected_calls": truth["succeeded"], "not_connected_calls": truth["failed"],
        "not_started_calls": 0, "is_completed": True})
    listed = [entry for entry in answers["listed"] if entry["JobId"]]
    if sorted(entry["JobId"] for entry in listed) != truth["ids"]:
        yield f"task {task_id}: the pages name {len(listed)} calls, the provider has {len(truth['ids'])}"
    if len(answers["listed"]) != truth["total"]:
        yield f"task {task_id}: the pages hold {len(answers['listed'])} rows of {truth['total']}"
    for entry in listed:
        if entry["Status"] != at.status_of_job.get(entry["JobId"]):
            yield f"task {task_id}: {entry['JobId']} is listed as {entry['Status']}"


@promise("describe-job-group equals a recount")
def described(at):
    for task_id, answers in at.all.counters.items():
        yield from described_wrong(at, task_id, answers)


@promise("task-statistics equals a recount")
def statistics(at):
    for task_id, answers in at.all.counters.items():
        yield from statistics_wrong(at, task_id, answers)


@promise("query-task-execution equals a recount")
def execution(at):
    for task_id, answers in at.all.counters.items():
        yield from execution_wrong(at, task_id, answers)


@promise("live counters never run ahead of the store and always add up")
def live_counters(at):
    for sample in at.all.samples:
        live = sample.get("live")
        if not live:
            continue
        parts = [live[name] for name in ("scheduling", "executing", "total_completed", "failed")]
        if sum(parts) != live["total_jobs"] or min(parts) < 0:
            yield f"{sample['label']}: {live}"
        statuses = collections.Counter(status for row_id, (status, _, _) in sample["rows"].items()
                                       if sample.get("task") in (None, at.rows[row_id]["task_id"]))
        stored = (statuses["Succeeded"], statuses["Failed"] + statuses["Cancelled"])
        if live["total_completed"] > stored[0] or live["failed"] > stored[1]:
            yield f"{sample['label']}: {live} with {stored[0]} succeeded and {stored[1]} failed in the store afterwards"


def sample_of(evidence, label="end", epoch=None, live=None):
    """A look at the store for `samples`: what must never change once it is there."""
    return {"label": label, "epoch": epoch, "live": live,
            "rows": {row["id"]: (row["call_status"], row["leads_follow_id"], row["call_job_id"]) for row in evidence.rows}}
