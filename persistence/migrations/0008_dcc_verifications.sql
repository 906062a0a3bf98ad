-- Who has shown the password of which DCC account, and when: associating asks for it within ten minutes, also after a
-- restart in between.
create table dcc_verifications (
  user_id     bigint not null references users (id) on delete cascade,
  dcc_user_id bigint not null references dcc_user (id) on delete cascade,
  verified_at timestamptz not null,
  primary key (user_id, dcc_user_id)
);
alter table dcc_user add constraint dcc_user_status_known check (user_status in (0, 1));
