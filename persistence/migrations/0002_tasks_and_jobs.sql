-- Call tasks, their jobs, and the write-ahead record of every AssignJobs. Triggers refuse what state-machines.md
-- sections 1 and 2 do not list, whoever asks.

create table call_tasks (
  id                 bigint generated always as identity primary key,
  task_name          text not null check (task_name <> ''),
  organization_id    text not null check (organization_id <> ''),
  create_name_id     bigint not null default 0,
  create_name        text not null default '',
  create_time        timestamptz not null default now(),
  leads_count        bigint not null default 0 check (leads_count >= 0),
  script_id          text not null default '',
  task_type          smallint not null default 1 check (task_type between 1 and 5),
  -- json, not jsonb: the client gets its filter back as it sent it, in its own key order.
  size_desc          json not null default '{}',
  job_group_id       text check (job_group_id <> ''),
  group_requested_at timestamptz,
  updated_time       timestamptz not null default now(),
  shard              smallint not null check (shard between 0 and 255),
  epoch              bigint not null default 0 check (epoch >= 0),
  started_at         timestamptz,
  completed_at       timestamptz,
  last_error         text not null default ''
);
create index call_tasks_newest on call_tasks (organization_id, create_time desc, id desc);
create unique index call_tasks_job_group on call_tasks (job_group_id) where job_group_id is not null;
create index call_tasks_unfinished on call_tasks (shard, id) where task_type in (2, 3, 5);

create table leads_task_list (
  id                   bigint generated always as identity primary key,
  task_id              bigint not null references call_tasks (id),
  leads_id             text not null,
  leads_name           text not null default '',
  leads_phone          text not null default '',
  reference_id         text not null,
  call_time            timestamptz,
  call_job_id          text check (call_job_id <> ''),
  call_status          text check (call_status in ('Succeeded', 'Failed', 'Cancelled')),
  outcome              text not null default ''
                       check (outcome in ('', 'connected', 'machine', 'not_reached', 'not_dialled', 'failed',
                                          'cancelled', 'unplaced')),
  phase                text not null default 'queued'
                       check (phase in ('queued', 'dispatching', 'tracking', 'settled', 'closed', 'parked')),
  parked_reason        text not null default '' check (parked_reason in ('', 'timeout', 'unreachable')),
  dispatch_batch       bigint,
  attempts             integer not null default 0 check (attempts >= 0),
  failures             integer not null default 0 check (failures >= 0),
  poll_started_at      timestamptz,
  last_change_at       timestamptz,
  call_task_id         text,
  call_id              text,
  attempt_status       text,
  planed_time          timestamptz,
  actual_time          timestamptz,
  -- text, not jsonb or json: the contract is "exactly as received". jsonb reorders keys and refuses \u0000; json
  -- would let one malformed transcript from the provider sink the terminal status that comes with it.
  call_conversation    text,
  calling_number       text,
  called_number        text,
  recording_url        text,
  recording_fetched_at timestamptz,
  leads_follow_id      bigint,
  is_interested        smallint check (is_interested in (0, 1, 2)),
  updated_time         timestamptz not null default now(),
  constraint leads_task_list_reference_key unique (task_id, reference_id),
  constraint leads_task_list_settled check
    (call_status is not null or phase not in ('settled', 'closed')),
  constraint leads_task_list_outcome check ((call_status is null) = (outcome = ''))
) with (fillfactor = 80);
create index leads_task_list_task on leads_task_list (task_id, id);
create unique index leads_task_list_call_job on leads_task_list (call_job_id) where call_job_id is not null;
-- What a finished task must not have, and what a running one still owes.
create index leads_task_list_owing on leads_task_list (task_id)
  where call_status is null or (call_status <> 'Cancelled' and leads_follow_id is null);

alter table dcc_leads_follow add constraint dcc_leads_follow_call_job_row_fkey
  foreign key (call_job_row) references leads_task_list (id);

create table dispatch_batches (
  id         bigint generated always as identity primary key,
  task_id    bigint not null references call_tasks (id),
  seq        integer not null check (seq > 0),
  state      text not null default 'intent' check (state in ('intent', 'sent', 'acked', 'failed', 'unknown')),
  epoch      bigint not null,
  job_rows   bigint[] not null check (cardinality(job_rows) > 0),
  created_at timestamptz not null default now(),
  sent_at    timestamptz,
  acked_at   timestamptz,
  request_id text not null default '',
  error      text not null default '',
  -- A repeated intent can never become a second batch.
  constraint dispatch_batches_seq_key unique (task_id, seq)
);
create index dispatch_batches_open on dispatch_batches (task_id) where state not in ('acked', 'failed');

-- The moves of state-machines.md section 2 and no others.
create function waihu_guard_task_move() returns trigger language plpgsql as $$
begin
  if (old.task_type, new.task_type) not in ((1, 2), (2, 1), (2, 5), (5, 2), (2, 3), (3, 4), (4, 3)) then
    raise exception 'call task % cannot move from % to %', old.id, old.task_type, new.task_type
      using errcode = 'WH001';
  end if;
  return new;
end $$;
create trigger call_tasks_guard_move before update of task_type on call_tasks
  for each row when (old.task_type is distinct from new.task_type) execute function waihu_guard_task_move();

-- A terminal status is final; a provider's job id is never replaced.
create function waihu_guard_job() returns trigger language plpgsql as $$
begin
  if old.call_status is not null and new.call_status is distinct from old.call_status then
    raise exception 'call job % already ended', old.id using errcode = 'WH002';
  end if;
  if old.call_job_id is not null and new.call_job_id is distinct from old.call_job_id then
    raise exception 'call job % already has a provider job', old.id using errcode = 'WH003';
  end if;
  return new;
end $$;
create trigger leads_task_list_guard before update of call_status, call_job_id on leads_task_list
  for each row when ((old.call_status is not null and new.call_status is distinct from old.call_status) or
                     (old.call_job_id is not null and new.call_job_id is distinct from old.call_job_id))
  execute function waihu_guard_job();

-- Wakes supervisors: payload is the task id.
create function waihu_notify_task() returns trigger language plpgsql as $$
begin
  perform pg_notify('waihu_tasks', new.id::text);
  return null;
end $$;
create trigger call_tasks_notify_insert after insert on call_tasks
  for each row execute function waihu_notify_task();
create trigger call_tasks_notify_move after update of task_type on call_tasks
  for each row when (old.task_type is distinct from new.task_type) execute function waihu_notify_task();
