-- Idempotency-Key of requests that create: the answer is written in the creation's own transaction, so that a repeat gets
-- it again even when the first one's client, or the daemon, was gone before it was sent.
create table idempotency_keys (
  organization_id text not null,
  route           text not null,
  key             text not null check (char_length(key) between 1 and 255),
  -- Keyed digest of the body: a body may hold a password.
  body_digest     text not null,
  response        text not null,
  created_at      timestamptz not null,
  primary key (organization_id, route, key)
);
create index idempotency_keys_created on idempotency_keys (created_at);
