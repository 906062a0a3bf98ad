"""Judges a finished run of several nodes: the promises of checker.py, and those that more than one node makes necessary. Pure
and ignorant of the daemon, as checker.py is. The evidence is a cluster_evidence.ClusterEvidence."""
import collections

import checker
from checker import promise

SHARDS = 256
MASK = 2**64 - 1
CHECKS = {}
# A request that was sent before the answer to a suspend reaches the provider within so many real milliseconds.
ON_ITS_WAY_MS = 250


def shard_of(task):
    """messages/model/ids.hpp by its description, splitmix64 of the id: Steele, Lea and Flood 2014."""
    x = (task + 0x9e3779b97f4a7c15) & MASK
    x = ((x ^ (x >> 30)) * 0xbf58476d1ce4e5b9) & MASK
    x = ((x ^ (x >> 27)) * 0x94d049bb133111eb) & MASK
    return (x ^ (x >> 31)) % SHARDS


def every_check():
    return {**checker.CHECKS, **CHECKS}


def check(evidence):
    return checker.check(evidence, every_check())


def reigns(evidence):
    """(shard, epoch) -> [node, from, until]; until is None for those that did not end."""
    found, current = {}, {}
    for change in evidence.leases:
        shard = change["shard"]
        if shard in current:
            current.pop(shard)[2] = change["at_ms"]
        if change["node"]:
            current[shard] = found.setdefault((shard, change["epoch"]), [change["node"], change["at_ms"], None])
    return found


# --- who owns what ---------------------------------------------------------------------------------------------------

@promise("a shard has one owner under one epoch", CHECKS)
def one_owner(at):
    owners = collections.defaultdict(set)
    for change in at.all.leases:
        owners[change["shard"], change["epoch"]].add(change["node"])
    for look in at.all.looks:
        for shard, node, epoch in look["changed"]:
            owners[shard, epoch].add(node)
    for (shard, epoch), nodes in owners.items():
        if len(nodes - {""}) > 1:
            yield f"shard {shard} under epoch {epoch} belongs to {sorted(nodes - {''})}"


@promise("an epoch only grows, by one at each taking", CHECKS)
def epochs_grow(at):
    for change in at.all.leases:
        taken = change["node"] and (change["node"] != change["was_node"] or change["epoch"] != change["was_epoch"])
        if change["epoch"] != change["was_epoch"] + (1 if taken else 0):
            yield f"shard {change['shard']} went from {change['was_node'] or 'nobody'}/{change['was_epoch']} to " \
                  f"{change['node'] or 'nobody'}/{change['epoch']}"
    seen = {}
    for look in at.all.looks:
        for shard, node, epoch in look["changed"]:
            if epoch < seen.get(shard, 0):
                yield f"shard {shard} was seen under {epoch} ({node}) after {seen[shard]}"
            seen[shard] = max(epoch, seen.get(shard, 0))


@promise("a shard is taken only when it was given up or its lease is over", CHECKS)
def taken_when_free(at):
    for change in at.all.leases:
        if change["node"] and change["was_node"] and change["was_left_ms"] > 0:
            yield f"{change['node']} took shard {change['shard']} from {change['was_node']} " \
                  f"{change['was_left_ms']} ms before the lease's end"


@promise("a task is in the shard of its id", CHECKS)
def right_shard(at):
    for task, shard in at.all.node_tasks.items():
        if shard != shard_of(task):
            yield f"task {task} is stored in shard {shard}, its id says {shard_of(task)}"


# --- who writes ------------------------------------------------------------------------------------------------------

def claims_epoch(write):
    """A write that is itself marked with the epoch under which it was made."""
    return write["kind"] == "batch intent" or write["kind"].startswith("task ")


@promise("whoever writes for a task owns its shard, under the epoch that he claims", CHECKS)
def written_by_owner(at):
    had = reigns(at.all)
    for write in at.all.writes:
        # A commit that began before its node gave the shard up may end after it, but not after the next taking.
        shard = shard_of(write["task_id"])
        owner = write["owner"] or had.get((shard, write["owner_epoch"]), [""])[0]
        text = f"{write['kind']} {write['row_id']} of task {write['task_id']} was written by {write['writer'] or 'nobody'}"
        if write["writer"] != owner or not write["writer"]:
            yield f"{text}, the shard is {owner or 'nobody'}'s under {write['owner_epoch']}"
        elif claims_epoch(write) and write["epoch"] != write["owner_epoch"]:
            yield f"{text} under epoch {write['epoch']}, its shard is at {write['owner_epoch']}"


@promise("nothing is written under an epoch that is over", CHECKS)
def epochs_in_order(at):
    seen = {}
    for write in filter(claims_epoch, at.all.writes):
        shard = shard_of(write["task_id"])
        if write["epoch"] < seen.get(shard, 0):
            yield f"{write['kind']} {write['row_id']} in shard {shard} has epoch {write['epoch']} after {seen[shard]}"
        seen[shard] = max(write["epoch"], seen.get(shard, 0))


@promise("an intent is written under an epoch that its shard had, while it had it", CHECKS)
def intents_within_reigns(at):
    had = reigns(at.all)
    written = {write["row_id"]: write for write in at.all.writes if write["kind"] == "batch intent"}
    for batch in at.all.batches:
        shard = shard_of(batch["task_id"])
        reign, write = had.get((shard, batch["epoch"])), written.get(batch["id"])
        text = f"batch {batch['id']} of task {batch['task_id']}, epoch {batch['epoch']} of shard {shard}"
        if reign is None:
            yield f"{text}: nobody ever had it"
        elif write is None:
            yield f"{text}: nobody was seen to write it"
        elif write["writer"] != reign[0] or write["at_ms"] < reign[1] or (reign[2] or write["at_ms"]) < write["at_ms"]:
            yield f"{text}: written by {write['writer']} at {write['at_ms']}, it was {reign[0]}'s from {reign[1]} " \
                  f"until {reign[2] or 'the end'}"


# --- what people wish and what they are told -------------------------------------------------------------------------

@promise("nobody is called for a task whose suspension was acknowledged", CHECKS)
def suspended_is_silent(at):
    speed = at.all.limits.get("speed", 1)
    by_task = collections.defaultdict(list)
    for pause in at.all.suspensions:
        by_task[pause["task"]].append(pause)
    for what, entries, moment in (("accepted", at.all.accepted, "assigned_ms"), ("dialled", at.all.dials, "rung_ms")):
        for entry in entries:
            for row in at.rows_by_reference.get(entry["reference_id"], []):
                for pause in by_task.get(row["task_id"], []):
                    after = entry[moment] - pause["from_ms"]
                    if after > ON_ITS_WAY_MS * speed and entry[moment] < (pause["until_ms"] or entry[moment] + 1):
                        yield f"{entry['reference_id']} of task {row['task_id']} was {what} {after / speed:.0f} ms after " \
                              f"the suspension was acknowledged"


def greatest_rate(evidence):
    """The most calls that were accepted in any second of real time. The limit holds where requests leave; those that left
    in different seconds may be on their way for different times, so that a second less this is looked at."""
    window = (1000 - ON_ITS_WAY_MS) * evidence.limits.get("speed", 1)
    moments, most, first = sorted(job["assigned_ms"] for job in evidence.accepted), 0, 0
    for last, moment in enumerate(moments):
        while moment - moments[first] >= window:
            first += 1
        most = max(most, last - first + 1)
    return most


@promise("calls per second stay within the limits, over all nodes together", CHECKS)
def limits_kept(at):
    limits = at.all.limits
    most = greatest_rate(at.all)
    for whose in ("organization", "account"):
        allowed = limits.get(whose)
        if limits.get("enforced") and allowed and most > allowed:
            yield f"{most} calls in one second, the {whose}'s limit is {allowed}"


@promise("every node that answers counts as the ledger does", CHECKS)
def nodes_agree(at):
    for node, told in at.all.node_counters.items():
        for task_id, answers in told.items():
            for wrong in (checker.described_wrong, checker.statistics_wrong, checker.execution_wrong):
                yield from (f"{node}: {text}" for text in wrong(at, task_id, answers))


# --- going on --------------------------------------------------------------------------------------------------------

@promise("work goes on within a bound once a disturbance is over", CHECKS)
def progress_resumes(at):
    for healing in at.all.healings:
        due = healing["at_ms"] + healing["bound_ms"]
        before = [look for look in at.all.progress if look["at_ms"] <= healing["at_ms"]][-1:]
        within = [look for look in at.all.progress if healing["at_ms"] < look["at_ms"] <= due]
        steps = before[0]["steps"] if before else 0
        is_idle = any(look["open"] == 0 for look in before + within)
        is_watched = at.all.progress and at.all.progress[-1]["at_ms"] >= due
        if is_watched and not is_idle and not any(look["steps"] > steps for look in within):
            yield f"after {healing['after']}: no call moved within {healing['bound_ms'] / 1000:.0f} s"


@promise("the tasks of a node that cannot work are looked after by others within a bound", CHECKS)
def failed_over(at):
    for seen in at.all.failovers:
        if not seen["alone"] or seen["lasted_ms"] <= seen["bound_ms"]:
            continue
        what = f"{seen['node']} ({seen['kind']})"
        if seen["shards"] and (seen["owned_ms"] is None or seen["owned_ms"] > seen["bound_ms"]):
            yield f"{what}: its shards were taken after {seen['owned_ms']} ms"
        if seen["tasks"] and (seen["tracked_ms"] is None or seen["tracked_ms"] > seen["bound_ms"]):
            yield f"{what}: its {seen['tasks']} tasks were looked after after {seen['tracked_ms']} ms"


@promise("a planned stop leaves no shard without an owner for long", CHECKS)
def handed_over(at):
    for planned in at.all.handovers:
        free = {}
        for change in at.all.leases:
            if not change["node"]:
                free[change["shard"]] = change["at_ms"]
                continue
            since = free.pop(change["shard"], None)
            if since is not None and planned["from_ms"] <= since <= planned["until_ms"] and \
                    change["at_ms"] - since > planned["bound_ms"]:
                yield f"shard {change['shard']} was nobody's for {change['at_ms'] - since} ms until {change['node']} took it"


@promise("a node whose clock is wrong has noticed it and goes on calling", CHECKS)
def wrong_clock_is_noticed(at):
    for seen in at.all.clock_refusals:
        if seen["count"]:
            yield f"{seen['node']}, {seen['ahead_s']} s ahead: the provider refused {seen['count']} requests for their time"


@promise("a node ends only when it is told to, and then in order", CHECKS)
def ends_are_wanted(at):
    for end in at.all.endings:
        if end["code"] != end["wanted"]:
            yield f"{end['node']} ended with {end['code']}" + \
                  ("" if end["wanted"] is None else f" instead of {end['wanted']}") + f" ({end['during']})"
