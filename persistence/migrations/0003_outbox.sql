-- The outbox: every event is written in the transaction of the change it tells of. Partitioned by month so that old
-- months can be dropped whole. Ids are handed out under an advisory lock, so they become visible in order.

create sequence task_events_id_seq as bigint;
create table task_events (
  id              bigint not null default nextval('task_events_id_seq'),
  organization_id text not null,
  task_id         bigint,
  case_id         bigint,
  job             bigint,
  kind            text not null check (kind in ('task', 'job', 'follow', 'progress')),
  "from"          text not null default '',
  "to"            text not null default '',
  at              timestamptz not null,
  node            text not null default '',
  -- json, not jsonb: what subscribers saw live and what they read again after a reconnect is the same text.
  data            json not null default '{}',
  primary key (id, at)
) partition by range (at);
alter sequence task_events_id_seq owned by task_events.id;
create index task_events_organization on task_events (organization_id, id);
create index task_events_task on task_events (task_id, id);
create table task_events_other partition of task_events default;

-- Makes the partitions of this month and the next `ahead` ones; called at every start. A month whose rows already
-- went to the default partition stays there.
create function waihu_make_event_partitions(ahead integer) returns integer language plpgsql as $$
declare
  first timestamptz;
  made integer := 0;
  name text;
begin
  for n in 0 .. ahead loop
    first := date_trunc('month', now() at time zone 'UTC') at time zone 'UTC' + n * interval '1 month';
    first := date_trunc('month', first at time zone 'UTC') at time zone 'UTC';
    name := 'task_events_' || to_char(first at time zone 'UTC', 'YYYY_MM');
    if to_regclass(name) is null then
      begin
        execute format('create table %I partition of task_events for values from (%L) to (%L)', name, first,
                       (first at time zone 'UTC' + interval '1 month') at time zone 'UTC');
        made := made + 1;
      exception when check_violation or invalid_object_definition then
        null;
      end;
    end if;
  end loop;
  return made;
end $$;
