-- What a node of a cluster tells the others of itself. `incarnation` is drawn by each process, so that a row never counts
-- for a former process of the same name.

alter table nodes add column incarnation text not null default '';
alter table nodes add column peer_address text not null default '';
alter table nodes add column version text not null default '';
alter table nodes add column protocol integer not null default 0;
alter table nodes add column clock_off_ms bigint not null default 0;
alter table nodes add column drained boolean not null default false;
alter table nodes add column leaving boolean not null default false;
