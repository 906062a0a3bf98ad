"""Feeds the checker a history that is right, then the same history with one wrong thing in it: the promise that was broken
must be named, and a right history must pass."""
import copy
import unittest

import checker

GROUP = "group-1"


def right_history():
    """A task of five: two connected, one not reached, one cancelled, one never placed after two lost askings."""
    rows, accepted, dials, events, follow_ups = [], [], [], [], []
    events.append({"id": 1, "task_id": 1, "job": None, "kind": "task", "from": "created", "to": "calling",
                   "data": {"from_type": 1, "to_type": 2}})
    for n, (status, dial, interest) in enumerate([("Succeeded", "SucceededFinish", 1), ("Succeeded", "SucceededFinish", 2),
                                                  ("Failed", "NoAnswer", 0), ("Cancelled", "Cancelled", None),
                                                  ("Failed", None, 0)], 1):
        reference, followed = f"1ORGL{n}", status != "Cancelled"
        rows.append({"id": n, "task_id": 1, "leads_id": f"L{n}", "reference_id": reference, "phase": "closed",
                     "outcome": "unplaced" if dial is None else "connected", "call_status": status,
                     "call_job_id": f"job-{n}" if dial else None, "call_task_id": f"dial-{n}" if dial else None,
                     "attempt_status": dial, "leads_follow_id": 100 + n if followed else None,
                     "is_interested": interest, "attempts": 0})
        if dial:
            accepted.append({"reference_id": reference, "job_group_id": GROUP, "job_id": f"job-{n}", "status": status,
                             "assign_request_id": "REQ-1"})
            dials.append({"reference_id": reference, "job_group_id": GROUP, "job_id": f"job-{n}", "attempt": 1,
                          "call_task_id": f"dial-{n}", "phone": f"1380000000{n}", "status": dial})
        events.append({"id": 10 * n, "task_id": 1, "job": n, "kind": "job", "from": "tracking", "to": "settled",
                       "data": {"status": status}})
        if followed:
            follow_ups.append({"id": 100 + n, "leads_id": f"L{n}", "call_job_row": n})
            events.append({"id": 10 * n + 1, "task_id": 1, "job": n, "kind": "follow", "from": "settled",
                           "to": "closed", "data": {"replaced": False}})
    for number, move in ((101, (2, 3)), (102, (3, 4))):
        events.append({"id": number, "task_id": 1, "job": None, "kind": "task", "from": "", "to": "",
                       "data": {"from_type": move[0], "to_type": move[1]}})
    batches = [{"id": 1, "task_id": 1, "seq": 1, "state": "acked", "epoch": 3, "job_rows": [1, 2, 3, 4], "error": ""},
               {"id": 2, "task_id": 1, "seq": 2, "state": "failed", "epoch": 4, "job_rows": [5], "error": "lost"}]
    counters = {1: {
        "describe": {"total_jobs": 5, "scheduling": 0, "executing": 0, "total_completed": 2, "failed": 3},
        "statistics": {"total_leads": 5, "pending_follow": 1, "unable_to_judge": 2, "interested": 1,
                       "not_interested": 1},
        "execution": {"total_calls": 5, "connected_calls": 2, "not_connected_calls": 3, "not_started_calls": 0,
                      "is_completed": True},
        "listed": [{"JobId": row["call_job_id"] or "", "Status": row["call_status"]} for row in rows]}}
    samples = [{"label": "early", "epoch": 3, "live": {"total_jobs": 5, "scheduling": 4, "executing": 0,
                                                       "total_completed": 1, "failed": 0},
                "rows": {1: ("Succeeded", None, "job-1"), 2: (None, None, "job-2")}},
               {"label": "late", "epoch": 4, "live": None, "rows": {1: ("Succeeded", 101, "job-1")}}]
    return checker.Evidence(
        accepted=accepted, dials=dials,
        turned_away=[{"reference_id": "1ORGL5", "code": "NoAnswer", "times": 2}],
        tasks=[{"id": 1, "task_type": 4, "leads_count": 5, "job_group_id": GROUP, "epoch": 4}], rows=rows,
        follow_ups=follow_ups, batches=batches, events=sorted(events, key=lambda e: e["id"]), counters=counters,
        samples=samples)


# Promise -> ways to break it. Each takes a right history and makes it wrong.
PLANTED = {
    "no reference id is accepted twice": [
        lambda e: e.accepted.append(dict(e.accepted[0], job_id="job-1b", assign_request_id="REQ-2"))],
    "no reference id is dialled for two acceptances": [
        lambda e: e.dials.append(dict(e.dials[0], job_id="job-1b", call_task_id="dial-1b"))],
    "no phone of a task is dialled for two leads": [
        lambda e: e.dials[0].update(phone=e.dials[1]["phone"])],
    "nobody is called who is in no task": [
        lambda e: e.accepted.append(dict(e.accepted[0], reference_id="1ORGL99", job_id="job-99"))],
    "nobody is called whose row says never placed": [
        lambda e: e.accepted.append(dict(e.accepted[0], reference_id="1ORGL5", job_id="job-5"))],
    "all calls of a task are in its one job group": [
        lambda e: e.accepted[0].update(job_group_id="group-2")],
    "no lead of a task vanishes": [
        lambda e: e.tasks[0].update(leads_count=6), lambda e: e.rows.pop()],
    "every task ends": [lambda e: e.tasks[0].update(task_type=3)],
    "every lead ends": [
        lambda e: e.rows[0].update(call_status=None), lambda e: e.rows[0].update(phase="settled"),
        lambda e: e.rows[4].update(call_status=None, outcome="", phase="queued")],
    "a call that ended has exactly one follow-up": [
        lambda e: e.follow_ups.pop(0), lambda e: e.follow_ups.append(dict(e.follow_ups[0], id=199)),
        lambda e: e.rows[0].update(leads_follow_id=777)],
    "a call without an end or cancelled has no follow-up": [
        lambda e: e.follow_ups.append({"id": 104, "leads_id": "L4", "call_job_row": 4}),
        lambda e: e.rows[3].update(leads_follow_id=104)],
    "a follow-up belongs to a call and its lead": [
        lambda e: e.follow_ups[0].update(leads_id="L2"), lambda e: e.follow_ups[0].update(call_job_row=None)],
    "a call with a follow-up has a verdict on interest": [lambda e: e.rows[0].update(is_interested=None)],
    "a lead is unplaced only after it was asked for twice or refused": [
        lambda e: e.turned_away.clear(), lambda e: e.turned_away[0].update(times=1),
        lambda e: e.turned_away[0].update(code="Throttling.User", times=9)],
    "no intent is left open": [
        lambda e: e.batches[0].update(state="intent"), lambda e: e.batches[1].update(state="unknown"),
        lambda e: e.batches[1].update(state="sent")],
    "the stored end is the provider's": [
        lambda e: e.accepted[0].update(status="Failed"), lambda e: e.accepted.pop(0),
        lambda e: e.rows[4].update(call_status="Succeeded", outcome="connected")],
    "the stored call id is the provider's": [
        lambda e: e.rows[0].update(call_job_id="job-2"), lambda e: e.rows[0].update(call_job_id=None)],
    "the stored last attempt is the provider's last dial": [
        lambda e: e.dials.append(dict(e.dials[2], attempt=2, call_task_id="dial-3b")),
        lambda e: e.rows[2].update(attempt_status="Busy")],
    "tasks make legal moves only, each from where the last ended": [
        lambda e: e.events.pop(0), lambda e: e.events[-1]["data"].update(to_type=2),
        lambda e: e.events.append(copy.deepcopy(e.events[-1]))],
    "a call's end is written once and never changes": [
        lambda e: e.events.append(dict(copy.deepcopy(e.events[1]), id=900)),
        lambda e: e.events[1]["data"].update(status="Failed"), lambda e: e.events.pop(1),
        lambda e: e.samples[1]["rows"].update({1: ("Failed", 101, "job-1")}),
        lambda e: e.samples[1]["rows"].update({1: ("Succeeded", 555, "job-1")}),
        lambda e: e.samples[0]["rows"].update({2: (None, None, "job-other")})],
    "a follow-up is told once, after the end": [
        lambda e: e.events.append(dict(copy.deepcopy(e.events[2]), id=901)),
        lambda e: e.events[2].update(id=5), lambda e: e.events.pop(2)],
    "epochs never decrease": [
        lambda e: e.batches[1].update(epoch=2), lambda e: e.samples[1].update(epoch=2)],
    "a batch names rows of its own task, each once": [
        lambda e: e.batches[0].update(job_rows=[1, 77]), lambda e: e.batches[0].update(job_rows=[1, 1])],
    "describe-job-group equals a recount": [
        lambda e: e.counters[1]["describe"].update(total_completed=3),
        lambda e: e.counters[1]["describe"].update(executing=1)],
    "task-statistics equals a recount": [
        lambda e: e.counters[1]["statistics"].update(interested=2),
        lambda e: e.counters[1]["statistics"].update(pending_follow=0)],
    "query-task-execution equals a recount": [
        lambda e: e.counters[1]["execution"].update(connected_calls=1),
        lambda e: e.counters[1]["listed"].pop(0),
        lambda e: e.counters[1]["listed"][0].update(Status="Failed")],
    "live counters never run ahead of the store and always add up": [
        lambda e: e.samples[0]["live"].update(total_completed=2, scheduling=3),
        lambda e: e.samples[0]["live"].update(scheduling=5)],
}


class Checker(unittest.TestCase):
    def names(self, history):
        return {violation.name for violation in checker.check(history)}

    def test_a_right_history_breaks_no_promise(self):
        self.assertEqual(checker.check(right_history()), [])

    def test_every_promise_has_a_planted_breach(self):
        self.assertEqual(set(PLANTED), set(checker.CHECKS))

    def test_every_planted_breach_is_named(self):
        for name, ways in PLANTED.items():
            for number, break_it in enumerate(ways):
                with self.subTest(promise=name, way=number):
                    history = right_history()
                    break_it(history)
                    self.assertIn(name, self.names(history))

    def test_a_lead_that_was_refused_may_be_unplaced_at_once(self):
        history = right_history()
        history.turned_away[0].update(code="InvalidParameter", times=1)
        self.assertEqual(checker.check(history), [])

    def test_a_campaign_under_way_owes_no_ends_yet(self):
        history = right_history()
        history.final = False
        history.tasks[0].update(task_type=2)
        history.events[-2:] = []
        history.rows[4].update(call_status=None, outcome="", phase="queued", leads_follow_id=None, is_interested=None)
        history.follow_ups.pop()
        history.events = [e for e in history.events if e["job"] != 5]
        history.turned_away.clear()
        history.counters.clear()
        self.assertEqual(checker.check(history), [])


if __name__ == "__main__":
    unittest.main()
