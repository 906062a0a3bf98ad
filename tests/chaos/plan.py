"""The plan of a chaos run: which disturbance comes when. Follows from the seed and the sizes alone, so that a printed
seed plays the same plan again; what the disturbed processes make of it depends on the machine's timing."""
import dataclasses
import random

# Between two steps whose order decides that nobody is called twice (WAIHU_FAILPOINT, development builds only).
FAILPOINTS = ("intent_committed", "assign_sent", "assign_leaving", "assign_answered", "ack_committed")


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


# --- several nodes ---------------------------------------------------------------------------------------------------

# How often each disturbance of a cluster is drawn. Each is drawn once before any is drawn twice.
CLUSTER_KINDS = {
    "kill": 18,      # kill -9 of a node, started again after a while
    "failpoint": 8,  # a node that kills itself between two steps of dispatch, started again after a while
    "stop": 16,      # SIGSTOP, then SIGCONT
    "stuck": 8,      # a node that stops itself between two steps of dispatch, longer than its lease, then goes on
    "away": 12,      # a node cut from the store
    "link": 8,       # the link between two nodes cut
    "store": 8,      # a restart of PostgreSQL
    "sessions": 8,   # the sessions that hold the locks of the leases are ended
    "outage": 5,     # nothing answers at the provider
    "lost": 6,       # answers to AssignJobs lost after accept
    "clock": 5,      # a node's calendar clock jumps by an hour, and back
    "drain": 7,      # a node is drained and taken back
    "rolling": 3,    # SIGTERM of each node in turn
}
DISABLING = {"kill", "failpoint", "stop", "stuck", "away", "clock", "drain"}  # their node can work less, or not at all
NODES = 3


@dataclasses.dataclass(frozen=True)
class Fault:
    """One disturbance of a cluster. `at_ms` counts from the beginning of its bout."""
    kind: str
    at_ms: int
    ms: int = 0       # how long it lasts
    node: int = 0
    other: int = 0    # of a link: its other end
    how: str = ""

    def __str__(self):
        where = {"link": f" {self.node}-{self.other}"}.get(self.kind, f" {self.node}" if self.kind in DISABLING else "")
        return f"{self.kind}{where}{' ' + self.how if self.how else ''} at {self.at_ms} ms for {self.ms} ms"


@dataclasses.dataclass(frozen=True)
class Wish:
    """Somebody suspends a task in the middle of a bout and resumes it. `draw` chooses the task among those that call."""
    at_ms: int
    ms: int
    draw: float


@dataclasses.dataclass(frozen=True)
class Bout:
    """Disturbances that may overlap, then calm until the cluster makes progress again."""
    faults: tuple
    wishes: tuple
    calm_ms: int

    def __str__(self):
        return "; ".join(str(part) for part in self.faults + self.wishes)


def lasting(dice, kind, lease_ms, longest_ms, is_first):
    """How long a disturbance lasts: shorter than a lease and longer, so that nodes keep their shards and lose them. The
    first of its kind outlasts the lease, so that every plan has some."""
    short = dice.random() < 0.4 and not is_first
    if kind in ("stop", "away"):
        longest = longest_ms if kind == "stop" else max(longest_ms // 2, 2 * lease_ms)
        beyond = lease_ms + lease_ms // 5
        return dice.randrange(lease_ms // 5, lease_ms) if short else dice.randrange(beyond, max(longest, beyond + 1))
    if kind in ("kill", "failpoint"):
        return dice.randrange(200, lease_ms // 2) if short else dice.randrange(lease_ms, lease_ms * 5 // 2)
    if kind == "stuck":
        return dice.randrange(lease_ms * 5 // 4, lease_ms * 2)
    if kind in ("clock", "drain", "link"):
        return dice.randrange(lease_ms, lease_ms * 2)
    if kind == "outage":
        return dice.randrange(1000, max(2000, lease_ms))
    return 0


def one_fault(dice, kind, node, other, lease_ms, longest_ms, is_first):
    how = ""
    if kind == "store":
        how = dice.choice(("fast", "immediate", "kill9"))
    elif kind == "away":
        how = dice.choice(("late", "reset"))  # what was on its way arrives when the cut is mended, or never
    elif kind == "link":
        how = dice.choice(("late", "reset"))
    elif kind == "sessions":
        how = dice.choice(("one", "all"))
    elif kind == "lost":
        how = str(dice.randrange(1, 4))
    elif kind == "clock":
        how = dice.choice(("+3600", "-3600"))
    elif kind in ("failpoint", "stuck"):
        how = f"{dice.choice(FAILPOINTS)}:{dice.choices((1, 2, 3), (6, 3, 1))[0]}"
    return Fault(kind, at_ms=dice.randrange(0, lease_ms), ms=lasting(dice, kind, lease_ms, longest_ms, is_first),
                 node=node, other=other, how=how)


def cluster_plan(seed, faults, lease_ms, longest_ms):
    """Bouts of up to three disturbances that overlap as they may; at most two nodes are disturbed in one bout, so that
    one of the three can work, unless the store or the provider is away from all of them."""
    dice = random.Random(f"cluster {seed}")
    kinds = list(CLUSTER_KINDS)
    dice.shuffle(kinds)
    while len(kinds) < faults:
        kinds += dice.choices(list(CLUSTER_KINDS), CLUSTER_KINDS.values())
    kinds, bouts, seen = kinds[:faults], [], set()
    while kinds:
        nodes = list(range(NODES))
        dice.shuffle(nodes)
        victims, chosen = nodes[:NODES - 1], []
        for _ in range(dice.choices((1, 2, 3), (5, 4, 1))[0]):
            kind = kinds[0] if kinds else None
            if kind is None or (chosen and "rolling" in (kind, chosen[0].kind)) or (kind in DISABLING and not victims):
                break
            kinds.pop(0)
            node = victims.pop() if kind in DISABLING else dice.randrange(NODES)
            other = dice.choice([n for n in range(NODES) if n != node])
            chosen.append(one_fault(dice, kind, node, other, lease_ms, longest_ms, kind not in seen))
            seen.add(kind)
        wishes = tuple(Wish(at_ms=dice.randrange(0, lease_ms), ms=dice.randrange(lease_ms // 2, lease_ms * 2),
                            draw=dice.random()) for _ in range(dice.choices((0, 1, 2), (4, 4, 2))[0]))
        bouts.append(Bout(tuple(chosen), wishes, calm_ms=dice.randrange(0, lease_ms // 2)))
    return bouts
