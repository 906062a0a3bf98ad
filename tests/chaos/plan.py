"""The plan of a chaos run: which disturbance comes when. Follows from the seed and the sizes alone, so that a printed
seed plays the same plan again; what the disturbed processes make of it depends on the machine's timing."""
import dataclasses
import random

# Between two steps whose order decides that nobody is called twice (WAIHU_FAILPOINT, development builds only).
FAILPOINTS = ("intent_committed", "assign_sent", "assign_answered", "ack_committed")


@dataclasses.dataclass(frozen=True)
class Moment:
    """One disturbance. `delay_ms` counts from the daemon's readiness, for `starting` from its launch."""
    kind: str
    delay_ms: int = 0
    failpoint: str = ""
    nth: int = 1
    how: str = ""      # of a store restart: fast, immediate, kill9
    ms: int = 0        # how late a request is carried out, how long an outage or a storm lasts
    retry_ms: int = 0  # what a storm's answers ask for

    def __str__(self):
        parts = [self.kind]
        if self.failpoint:
            parts.append(f"{self.failpoint}:{self.nth}")
        parts += [text for text in (self.how, self.ms and f"{self.ms} ms", self.retry_ms and f"retry in {self.retry_ms} ms")
                  if text]
        return " ".join(parts) + ("" if self.failpoint else f" at {self.delay_ms} ms")


def pause(dice, longest_ms):
    """Half of the pauses short, half up to the longest: lives too short to reconcile and lives long enough."""
    return dice.randrange(0, longest_ms // 5) if dice.random() < 0.5 else dice.randrange(longest_ms // 5, longest_ms)


def one_kill(dice):
    kind = dice.choices(("clock", "starting", "failpoint", "answer_lost", "carried_out_late", "switching"),
                        (38, 8, 30, 12, 8, 4))[0]
    if kind == "starting":
        return Moment(kind, delay_ms=dice.randrange(0, 200))
    if kind == "failpoint":
        return Moment(kind, failpoint=dice.choice(FAILPOINTS), nth=dice.choices((1, 2, 3), (6, 3, 1))[0])
    if kind == "answer_lost":
        return Moment(kind, ms=dice.randrange(0, 30))
    if kind == "carried_out_late":
        return Moment(kind, ms=dice.randrange(10, 80))
    if kind == "switching":
        return Moment(kind, delay_ms=dice.randrange(0, 60))
    return Moment(kind, delay_ms=pause(dice, 1500))


def kill_plan(seed, kills):
    """kill -9 of the daemon: the first moments hit start-call-task itself, the others the campaign."""
    dice = random.Random(f"kill {seed}")
    opening = [Moment("opening", delay_ms=dice.randrange(0, 80)) for _ in range(max(1, kills // 40))]
    return (opening + [one_kill(dice) for _ in range(kills)])[:kills]


def store_plan(seed, restarts, kills):
    """Restarts of PostgreSQL, gentle and brutal, with kills of the daemon strewn in."""
    dice = random.Random(f"store {seed}")
    moments = [Moment("store", delay_ms=pause(dice, 1500), how=dice.choice(("fast", "immediate", "kill9")))
               for _ in range(restarts)]
    for _ in range(kills):
        moments.insert(dice.randrange(0, len(moments) + 1), one_kill(dice))
    return moments


def lossy_plan(seed, storms, kills, outage_ms):
    """Storms of throttling and one long outage, with kills of the daemon strewn in. The lost and doubled answers are
    LOSSES, in force all the time."""
    dice = random.Random(f"lossy {seed}")
    moments = [Moment("storm", delay_ms=pause(dice, 2500), ms=dice.randrange(500, 4000),
                      retry_ms=dice.randrange(50, 400))
               for _ in range(storms)]
    for _ in range(kills):
        moments.insert(dice.randrange(0, len(moments) + 1), one_kill(dice))
    if outage_ms > 0:
        moments.insert(len(moments) // 2, Moment("outage", delay_ms=dice.randrange(0, 500), ms=outage_ms))
    return moments


# What a lossy provider does all the time. Of the rules that concern the transport the first that fires wins.
LOSSES = (
    {"action": "AssignJobs", "when": {"probability": 0.10}, "effect": "lose_answer_after_accept"},
    {"action": "AssignJobs", "when": {"probability": 0.03}, "effect": "reset"},
    {"action": "AssignJobs", "when": {"probability": 0.02}, "effect": "html_503", "after_accept": True},
    {"action": "AssignJobs", "when": {"probability": 0.02}, "effect": "hide_job_ids", "share": 0.5},
    {"action": "ListJobs", "when": {"probability": 0.02}, "effect": "reset"},
    {"action": "ListJobs", "when": {"probability": 0.05}, "effect": "duplicate_answer"},
    {"action": "ListJobs", "when": {"probability": 0.03}, "effect": "status_backwards"},
    {"action": "ListJobsByGroup", "when": {"probability": 0.05}, "effect": "duplicate_answer"},
    {"action": "QueryJobsWithResult", "when": {"probability": 0.05}, "effect": "duplicate_answer"},
)
