-- Tenants, accounts, leads with their follow-ups, and scenes. Old table and column names are kept (typos included).

-- Instants travel as milliseconds since the epoch, so that no session's time zone or text format matters.
create function waihu_at(ms bigint) returns timestamptz
  language sql immutable parallel safe strict
  return timestamptz 'epoch' + ms * interval '1 millisecond';

create function waihu_ms(at timestamptz) returns bigint
  language sql immutable parallel safe strict
  return (extract(epoch from at) * 1000)::bigint;

create table organizations (
  id                bigint generated always as identity primary key,
  name              text not null constraint organizations_name_key unique check (name <> ''),
  organization_id   text not null constraint organizations_organization_id_key unique check (organization_id <> ''),
  organization_type smallint not null default 2 check (organization_type in (1, 2)),
  create_time       timestamptz not null default now(),
  end_time          timestamptz
);

create table users (
  id              bigint generated always as identity primary key,
  username        text not null constraint users_username_key unique check (username <> ''),
  password        text not null,
  phone           text constraint users_phone_key unique check (phone <> ''),
  organization_id text not null default '',
  dcc_user        text not null default '',
  dcc_user_org_id text not null default '',
  create_time     timestamptz not null default now(),
  update_time     timestamptz not null default now(),
  user_role       smallint not null default 2 check (user_role between 1 and 3)
);

create table dcc_user (
  id            bigint generated always as identity primary key,
  user_name     text not null unique,
  user_password text not null,
  user_org_id   text not null unique,
  user_status   smallint not null default 1,
  create_time   timestamptz not null default now(),
  update_time   timestamptz not null default now()
);

create table dcc_leads (
  id                bigint generated always as identity primary key,
  organization_id   text not null check (organization_id <> ''),
  leads_id          text not null check (leads_id <> ''),
  leads_user_name   text not null default '',
  leads_user_phone  text not null default '',
  leads_create_time timestamptz,
  leads_product     text not null default '',
  leads_type        text not null default '',
  constraint dcc_leads_organization_id_leads_id_key unique (organization_id, leads_id)
);
create index dcc_leads_product_type on dcc_leads (organization_id, leads_product, leads_type);

create table dcc_leads_follow (
  id                bigint generated always as identity primary key,
  organization_id   text not null,
  leads_id          text not null,
  follow_time       timestamptz not null default now(),
  leads_remark      text not null default '' check (char_length(leads_remark) <= 1000),
  frist_follow_time timestamptz,
  new_follow_time   timestamptz,
  next_follow_time  timestamptz,
  is_arrive         smallint not null default 0 check (is_arrive in (0, 1)),
  frist_arrive_time timestamptz,
  call_job_row      bigint constraint dcc_leads_follow_call_job_row_key unique
);
create index dcc_leads_follow_lead on dcc_leads_follow (organization_id, leads_id, frist_follow_time);
create index dcc_leads_follow_frist on dcc_leads_follow (organization_id, frist_follow_time);
create index dcc_leads_follow_new on dcc_leads_follow (organization_id, new_follow_time);
create index dcc_leads_follow_next on dcc_leads_follow (organization_id, next_follow_time);
create index dcc_leads_follow_arrive on dcc_leads_follow (organization_id, frist_arrive_time);

create table auto_call_scene (
  id                      bigint generated always as identity primary key,
  organization_id         text not null,
  script_id               text not null constraint auto_call_scene_script_id_key unique check (script_id <> ''),
  scene_name              text not null,
  scene_detail            text not null default '',
  scene_type              smallint not null default 2 check (scene_type in (1, 2)),
  scene_status            smallint not null default 1 check (scene_status in (0, 1, 2)),
  bot_name                text not null default '',
  bot_sex                 text not null default '',
  bot_age                 text not null default '',
  bot_post                text not null default '',
  bot_style               text not null default '',
  dialogue_target         text not null default '',
  dialogue_bg             text not null default '',
  dialogue_skill          text not null default '',
  dialogue_flow           text not null default '',
  dialogue_constraint     text not null default '',
  dialogue_opening_prompt text not null default '',
  create_time             timestamptz not null default now()
);
create index auto_call_scene_organization on auto_call_scene (organization_id) where scene_status = 1;
create index auto_call_scene_official on auto_call_scene (scene_type) where scene_status = 1 and scene_type = 1;

create table scene_tags (
  id         bigint generated always as identity primary key,
  scene_id   bigint not null references auto_call_scene (id) on delete cascade,
  tag_name   text not null default '',
  tag_detail text not null default '',
  tags       text not null default ''
);
create index scene_tags_scene on scene_tags (scene_id, id);
