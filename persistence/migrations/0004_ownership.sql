-- Who may write: one row per shard with the fencing epoch, and the nodes that live. All 256 rows exist from the start,
-- owned by nobody, so that a claim is always an update.

create table nodes (
  node       text primary key check (node <> ''),
  address    text not null default '',
  started_at timestamptz not null default now(),
  heartbeat  timestamptz not null default now(),
  epoch      bigint not null default 0,
  -- Backend of the session that holds the claim's advisory lock; 0 after an orderly stop.
  claim_pid  integer not null default 0
);

create table shards (
  shard      smallint primary key check (shard between 0 and 255),
  node       text not null default '',
  epoch      bigint not null default 0 check (epoch >= 0),
  expires_at timestamptz not null default '-infinity'
) with (fillfactor = 40);
insert into shards (shard) select n from generate_series(0, 255) as n;

-- An epoch only grows: a restored or edited row can never let an old owner back in.
create function waihu_guard_epoch() returns trigger language plpgsql as $$
begin
  raise exception 'epoch of shard % cannot go back', old.shard using errcode = 'WH004';
end $$;
create trigger shards_guard_epoch before update of epoch on shards
  for each row when (new.epoch < old.epoch) execute function waihu_guard_epoch();
