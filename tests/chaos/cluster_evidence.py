"""What a cluster's judge needs besides evidence.py: who held which shard when, who wrote what under which epoch, and looks at
the leases and at progress while the run goes on. Triggers of the test write the first two down in the store itself, so that
nothing between two looks is missed; the looks are a second witness."""
import dataclasses
import json
import subprocess
import threading
import time

import checker
import evidence
from evidence import harness

# Each node's sessions say who they are by a setting in its URL, which its own code knows nothing of.
NODE_SETTING = "waihu.node"

WITNESS = f"""
create table chaos_leases (
  id bigint generated always as identity primary key, at_ms bigint not null, shard smallint not null,
  was_node text not null, was_epoch bigint not null, was_left_ms bigint not null, node text not null, epoch bigint not null,
  left_ms bigint not null);
create function chaos_ms(at timestamptz) returns bigint language sql as $$
  select (extract(epoch from greatest(at, '1970-01-01')) * 1000)::bigint $$;
create function chaos_note_lease() returns trigger language plpgsql as $$
declare now_ms bigint := chaos_ms(clock_timestamp());
begin
  insert into chaos_leases (at_ms, shard, was_node, was_epoch, was_left_ms, node, epoch, left_ms)
  values (now_ms, new.shard, old.node, old.epoch, chaos_ms(old.expires_at) - now_ms, new.node, new.epoch,
          chaos_ms(new.expires_at) - now_ms);
  return null;
end $$;
create trigger chaos_lease after update on shards for each row
  when (old.node is distinct from new.node or old.epoch is distinct from new.epoch) execute function chaos_note_lease();

create table chaos_writes (
  id bigint generated always as identity primary key, at_ms bigint not null, kind text not null, row_id bigint not null,
  task_id bigint not null, epoch bigint, writer text not null, owner text not null, owner_epoch bigint not null,
  left_ms bigint not null);
create function chaos_note_write(what text, row_id bigint, task bigint, own_epoch bigint) returns void
  language plpgsql as $$
begin
  insert into chaos_writes (at_ms, kind, row_id, task_id, epoch, writer, owner, owner_epoch, left_ms)
  select chaos_ms(clock_timestamp()), what, row_id, task, own_epoch, coalesce(current_setting('{NODE_SETTING}', true), ''),
         s.node, s.epoch, chaos_ms(s.expires_at) - chaos_ms(clock_timestamp())
  from call_tasks t join shards s on s.shard = t.shard where t.id = task;
end $$;
create function chaos_note_batch() returns trigger language plpgsql as $$
begin
  perform chaos_note_write('batch ' || new.state, new.id, new.task_id, new.epoch);
  return null;
end $$;
create trigger chaos_batch after insert or update of state on dispatch_batches for each row
  execute function chaos_note_batch();
create function chaos_note_task() returns trigger language plpgsql as $$
begin
  perform chaos_note_write('task ' || new.task_type, new.id, new.id, new.epoch);
  return null;
end $$;
create trigger chaos_task after update of task_type, epoch on call_tasks for each row
  when (old.task_type is distinct from new.task_type or old.epoch is distinct from new.epoch)
  execute function chaos_note_task();
create function chaos_note_call() returns trigger language plpgsql as $$
begin
  perform chaos_note_write('call ' || new.phase, new.id, new.task_id, null);
  return null;
end $$;
create trigger chaos_call after update of phase, call_status on leads_task_list for each row
  when (old.phase is distinct from new.phase or old.call_status is distinct from new.call_status)
  execute function chaos_note_call();
"""

LEASES = "select shard, was_node, was_epoch, was_left_ms, node, epoch, at_ms from chaos_leases order by id"
WRITES = ("select at_ms, kind, row_id, task_id, epoch, writer, owner, owner_epoch, left_ms from chaos_writes order by id")
SHARDS_OF_TASKS = "select id, shard from call_tasks order by id"
LOOK = """select json_build_object('at_ms', chaos_ms(clock_timestamp()),
  'shards', (select json_agg(json_build_array(shard, node, epoch, chaos_ms(expires_at)) order by shard) from shards))"""
PROGRESS = """select json_build_object('at_ms', chaos_ms(clock_timestamp()),
  'steps', (select count(*) from chaos_writes where kind like 'call %'),
  'open', (select count(*) from call_tasks where task_type in (2, 3)))"""


@dataclasses.dataclass
class ClusterEvidence(checker.Evidence):
    """Times are milliseconds of the machine's clock unless they are said to be the provider's."""
    leases: list = dataclasses.field(default_factory=list)    # every change of a shard's owner or epoch, in order
    writes: list = dataclasses.field(default_factory=list)    # every write of a task, with who wrote and who owned
    looks: list = dataclasses.field(default_factory=list)     # looks at the leases: {"at_ms", "changed": [[shard, node, epoch]]}
    suspensions: list = dataclasses.field(default_factory=list)  # {"task", "from_ms", "until_ms"}, the provider's clock
    progress: list = dataclasses.field(default_factory=list)  # {"at_ms", "steps", "open"}
    healings: list = dataclasses.field(default_factory=list)  # {"at_ms", "bound_ms", "after"}
    endings: list = dataclasses.field(default_factory=list)   # ends of a process: {"node", "code", "wanted"}
    clock_refusals: list = dataclasses.field(default_factory=list)  # {"node", "ahead_s", "count"}: requests refused as too old
    failovers: list = dataclasses.field(default_factory=list)  # see cluster_faults.Faults.failovers
    handovers: list = dataclasses.field(default_factory=list)  # planned stops, alone: {"from_ms", "until_ms", "bound_ms"}
    limits: dict = dataclasses.field(default_factory=dict)    # calls per second: {"organization", "account", "speed"}
    node_counters: dict = dataclasses.field(default_factory=dict)  # node -> task -> answers, as `counters`
    node_tasks: dict = dataclasses.field(default_factory=dict)     # task id -> shard, as the tables say


class Session:
    """A psql that stays, for questions asked all the time. Survives restarts of the store."""

    def __init__(self, url):
        self.url, self.process = url, None

    def ask(self, question):
        """The answer's JSON; None while the store is away."""
        try:
            if self.process is None or self.process.poll() is not None:
                self.close()
                self.process = subprocess.Popen([harness.PSQL, "-XAtq", "-d", self.url], stdin=subprocess.PIPE,
                                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            # One line as the mark of the end, whatever became of the question.
            self.process.stdin.write(" ".join(question.split()) + ";\n\\echo over\n")
            self.process.stdin.flush()
            lines = []
            for line in self.process.stdout:
                if line == "over\n":
                    return json.loads("".join(lines)) if lines else None
                lines.append(line)
        except (OSError, ValueError):
            pass
        self.close()
        return None

    def close(self):
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.process = None


class Watch(threading.Thread):
    """Looks at the leases five times a second and at progress once; keeps what changed."""
    EVERY_S, PROGRESS_EVERY = 0.2, 5

    def __init__(self, url):
        super().__init__(daemon=True)
        self.session = Session(url)
        self.looks, self.progress, self.now = [], [], {}
        self.over = threading.Event()

    def run(self):
        number = 0
        while not self.over.wait(self.EVERY_S):
            self.look()
            if number % self.PROGRESS_EVERY == 0 and (seen := self.session.ask(PROGRESS)):
                self.progress.append(seen)
            number += 1
        self.session.close()

    def look(self):
        seen = self.session.ask(LOOK)
        if not seen:
            return
        changed = [entry[:3] for entry in seen["shards"] if self.now.get(entry[0], (None, None))[:2] != tuple(entry[1:3])]
        self.now = {entry[0]: tuple(entry[1:]) for entry in seen["shards"]}
        if changed:
            self.looks.append({"at_ms": seen["at_ms"], "changed": changed})

    def owners(self):
        """{shard: (node, epoch, the lease's end)} at the last look."""
        return self.now

    def end(self):
        self.over.set()
        self.join()


def now_ms():
    return time.time() * 1000


def gather(run, tasks):
    """Everything, once the campaigns are over. `run` is a cluster_campaign.ClusterCampaign. Where it broke off, nodes that
    still work would change what is read: they are ended first, and nothing is expected to be complete."""
    if not run.is_over:
        run.end_nodes()
    plain = evidence.gather(run, [], run.samples)
    counters = {}
    ended = [task for task in run.sql_ids(4) if task in tasks]  # the judge names those that did not end
    for node in run.living():
        run.chosen = node
        counters[node.name] = {task: evidence.counters_of(run, task) for task in ended}
    run.chosen = None
    table = evidence.table
    plain.final = run.is_over
    leases = table(run.postgres, run.store_url, LEASES)
    return ClusterEvidence(
        **{field.name: getattr(plain, field.name) for field in dataclasses.fields(checker.Evidence)},
        leases=leases, failovers=list(run.failovers(leases)), handovers=run.handovers,
        writes=table(run.postgres, run.store_url, WRITES), looks=run.watch.looks, progress=run.watch.progress,
        suspensions=run.suspensions, healings=run.healings, endings=run.endings, clock_refusals=run.clock_refusals,
        limits=run.limits, node_counters=counters,
        node_tasks={row["id"]: row["shard"] for row in table(run.postgres, run.store_url, SHARDS_OF_TASKS)})
