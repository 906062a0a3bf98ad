-- Calls to the parties of mediation cases. A case call is a row of leads_task_list like any other, in a task of origin
-- 'case'; what it has besides is a row of mediation_records, one for each.

alter table call_tasks add column origin text not null default 'campaign' check (origin in ('campaign', 'case'));
-- Lists are of campaigns and do not pay for the tasks of cases.
drop index call_tasks_newest;
create index call_tasks_newest on call_tasks (organization_id, create_time desc, id desc) where origin = 'campaign';
-- The tasks that calls of cases may join.
create index call_tasks_case_open on call_tasks (organization_id, script_id, id)
  where origin = 'case' and task_type in (1, 2);

create table mediation_cases (
  id              bigint generated always as identity primary key,
  organization_id text not null check (organization_id <> ''),
  case_id         text not null check (case_id <> ''),
  mediation_id    bigint not null,
  mediation_type  integer not null,
  stage           smallint not null check (stage between 10 and 14),
  create_time     timestamptz not null default now(),
  updated_time    timestamptz not null default now(),
  constraint mediation_cases_case_id_key unique (organization_id, case_id)
);

create table mediation_parties (
  case_row    bigint not null references mediation_cases (id),
  person_id   text not null check (person_id <> ''),
  name        text not null default '',
  phone       text not null default '',
  person_type smallint not null check (person_type in (0, 1)),
  position    integer not null,
  primary key (case_row, person_id)
);

create table mediation_records (
  id              bigint generated always as identity primary key,
  organization_id text not null,
  case_row        bigint not null references mediation_cases (id),
  -- As the case was when the call was made.
  case_id         text not null,
  mediation_id    bigint not null,
  mediation_type  integer not null,
  stage           smallint not null check (stage between 10 and 14),
  person_id       text not null,
  person_type     smallint not null check (person_type in (0, 1)),
  round           integer not null check (round > 0),
  task_id         bigint not null references call_tasks (id),
  creator         text not null default '',
  create_time     timestamptz not null,
  remark          text not null default '' check (char_length(remark) <= 1000),
  modifier        text not null default '',
  modify_time     timestamptz
);
create index mediation_records_newest on mediation_records (organization_id, id);
create index mediation_records_case on mediation_records (case_row, id);
create index mediation_records_person on mediation_records (person_id, organization_id, id);

-- Empty for the calls of campaigns. Case and person are said here too, because the row that holds the status is the only
-- one on which the rule below can be held.
alter table leads_task_list
  add column mediation_record_id bigint references mediation_records (id),
  add column mediation_case_row bigint,
  add column mediation_person_id text,
  add constraint leads_task_list_mediation check
    ((mediation_record_id is null) = (mediation_case_row is null) and
     (mediation_record_id is null) = (mediation_person_id is null));
create unique index leads_task_list_record on leads_task_list (mediation_record_id)
  where mediation_record_id is not null;
-- A person of a case has one call that has not ended.
create unique index leads_task_list_case_active on leads_task_list (mediation_case_row, mediation_person_id)
  where call_status is null and mediation_record_id is not null;
create index leads_task_list_case_phone on leads_task_list (leads_phone, mediation_record_id)
  where mediation_record_id is not null;

-- A case call gets no follow-up: what ended owes nothing.
drop index leads_task_list_owing;
create index leads_task_list_owing on leads_task_list (task_id)
  where call_status is null or (call_status <> 'Cancelled' and leads_follow_id is null and mediation_record_id is null);
