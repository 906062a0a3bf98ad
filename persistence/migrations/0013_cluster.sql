-- What a node of a cluster tells the others of itself. `incarnation` is drawn by each process, so that a row never counts
-- for a former process of the same name.

alter table nodes add column incarnation text not null default '';
alter table nodes add column peer_address text not null default '';
alter table nodes add column version text not null default '';
alter table nodes add column protocol integer not null default 0;
alter table nodes add column clock_off_ms bigint not null default 0;
alter table nodes add column drained boolean not null default false;
alter table nodes add column leaving boolean not null default false;

-- Shares of limits that hold for the whole cluster. `previous` counts for a moment after `changed_at`, so that a share
-- that shrank and the one that grew for it are never used in the same second.
create table limit_shares (
  resource   text not null,
  node       text not null,
  wanted     double precision not null,
  amount     double precision not null check (amount >= 0),
  previous   double precision not null,
  changed_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (resource, node)
) with (fillfactor = 40);
