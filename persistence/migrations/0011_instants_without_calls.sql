-- The same instants, written so that the planner puts the expressions in the place of the calls. It does not do that for
-- a function that is declared immutable and uses what depends on the session's time zone: then each value of each row
-- costs a call, and each statement reads the function's body again.

create or replace function waihu_at(ms bigint) returns timestamptz
  language sql immutable parallel safe strict
  return (timestamp 'epoch' + ms * interval '1 millisecond') at time zone 'UTC';

create or replace function waihu_ms(at timestamptz) returns bigint
  language sql immutable parallel safe strict
  return (extract(epoch from at at time zone 'UTC') * 1000)::bigint;
