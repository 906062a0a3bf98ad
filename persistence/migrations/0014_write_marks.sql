-- What each session has committed last. After a COMMIT without an answer the transaction's id alone does not tell its fate: a
-- server that crashed before the transaction reached its disk gives the same id to another one, which may commit.
create table write_marks (
  session text primary key,
  mark    bigint not null,
  left_at timestamptz not null default now()
) with (fillfactor = 50);
