"""Gathers what the checker judges: the provider's lists over HTTP, the tables by plain SQL, the API's counters. Knows where
things are written down and nothing of how they got there."""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import checker  # noqa: E402
import harness  # noqa: E402

TABLES = {
    "tasks": "select id, task_type, leads_count, job_group_id, epoch from call_tasks order by id",
    "rows": "select id, task_id, leads_id, reference_id, phase, outcome, call_status, call_job_id, call_task_id,"
            " attempt_status, leads_follow_id, is_interested, attempts from leads_task_list order by id",
    "follow_ups": "select id, leads_id, call_job_row from dcc_leads_follow order by id",
    "batches": "select id, task_id, seq, state, epoch, job_rows, error from dispatch_batches order by id",
    "events": "select id, task_id, job, kind, \"from\", \"to\", data from task_events order by id",
}
PAGE = 500


def table(postgres, store_url, query):
    """The rows of a query as dicts."""
    return json.loads(postgres.sql(f"select coalesce(json_agg(t), '[]') from ({query}) t", store_url))


def counters_of(scenario, task):
    """What the API says of a task, all pages of its calls included."""
    first = scenario.ok("POST", "/api/query-task-execution", {"task_id": task, "page": 1, "page_size": PAGE})
    listed = list(first["jobs_data"])
    for page in range(2, first["pagination"]["total_pages"] + 1):
        listed += scenario.ok("POST", "/api/query-task-execution",
                              {"task_id": task, "page": page, "page_size": PAGE})["jobs_data"]
    return {
        "describe": scenario.ok("POST", "/api/describe-job-group", {"task_id": task})["progress"],
        "statistics": scenario.ok("POST", "/api/task-statistics", {"task_id": task}),
        "execution": first["task_stats"],
        "listed": [{"JobId": job["JobId"], "Status": job["Status"]} for job in listed],
    }


def gather(scenario, tasks, samples):
    """Everything, once the campaign is over."""
    found = {name: table(scenario.postgres, scenario.store_url, query) for name, query in TABLES.items()}
    ask = scenario.sim.get
    return checker.Evidence(accepted=ask("/sim/jobs"), dials=ask("/sim/ledger"), turned_away=ask("/sim/turned_away"),
                            counters={task: counters_of(scenario, task) for task in tasks}, samples=samples, **found)


def sample(scenario, label, task):
    """A look at the middle of a campaign: the live counters first, then the store, which can only be ahead of them."""
    live = None
    if task is not None:
        try:
            status, answer = scenario.api("POST", "/api/describe-job-group", {"task_id": task})
            if status == 200 and answer.get("status") == "success":
                live = answer["data"]["progress"]
        except OSError:
            pass  # the daemon is down at this moment: there is the store to look at
    rows = table(scenario.postgres, scenario.store_url,
                 "select id, call_status, leads_follow_id, call_job_id from leads_task_list order by id")
    epoch = int(scenario.postgres.sql("select min(epoch) from shards", scenario.store_url))
    return {"label": label, "epoch": epoch, "live": live,
            "rows": {row["id"]: (row["call_status"], row["leads_follow_id"], row["call_job_id"]) for row in rows}}


__all__ = ["gather", "sample", "harness"]
