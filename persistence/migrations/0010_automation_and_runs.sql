-- auto-task's switch, one row for an organisation that ever used it, and the passes over all calls of a task that
-- start-query-execution-run begins.
create table organization_automation (
  organization_id text primary key,
  running         boolean not null,
  changed_by      bigint not null,
  changed_at      timestamptz not null
);

create table query_execution_runs (
  id              text primary key check (id ~ '^[0-9a-f]{32}$'),
  organization_id text not null,
  task_id         bigint not null references call_tasks (id),
  batch_size      integer not null check (batch_size between 1 and 500),
  pause_ms        bigint not null check (pause_ms >= 0),
  skip_recording  boolean not null,
  status          text not null check (status in ('pending', 'running', 'done', 'failed')),
  total_jobs      bigint not null,
  processed_jobs  bigint not null default 0,
  -- The last row that was looked at.
  behind          bigint not null default 0,
  error           text not null default '',
  created_at      timestamptz not null,
  updated_at      timestamptz not null
);
-- A task has one run at a time.
create unique index query_execution_runs_open on query_execution_runs (task_id) where status in ('pending', 'running');
create index query_execution_runs_task on query_execution_runs (task_id, created_at);
