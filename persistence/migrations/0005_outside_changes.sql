-- Wakes supervisors (payload: the task id) only for what somebody else did and what may want a task actor. Waihu's own
-- sessions set waihu.own_write: the owner of a task knows its own writes, and a commit that notifies holds a lock of the
-- whole server until it is flushed, so that the writers of several nodes would wait for one another.

drop trigger call_tasks_notify_insert on call_tasks;
drop trigger call_tasks_notify_move on call_tasks;

create trigger call_tasks_notify_insert after insert on call_tasks
  for each row when (new.task_type <> 1 and current_setting('waihu.own_write', true) is distinct from 'on')
  execute function waihu_notify_task();
create trigger call_tasks_notify_move after update of task_type on call_tasks
  for each row when (old.task_type is distinct from new.task_type and new.task_type <> 1 and
                     current_setting('waihu.own_write', true) is distinct from 'on')
  execute function waihu_notify_task();

-- A repair or an import may leave a finished task with a job that lacks status or follow-up.
create function waihu_notify_job() returns trigger language plpgsql as $$
begin
  perform pg_notify('waihu_tasks', t.id::text) from call_tasks t where t.id = new.task_id and t.task_type <> 1;
  return null;
end $$;
create trigger leads_task_list_notify_insert after insert on leads_task_list
  for each row when (current_setting('waihu.own_write', true) is distinct from 'on')
  execute function waihu_notify_job();
create trigger leads_task_list_notify_repair after update of leads_follow_id on leads_task_list
  for each row when (old.leads_follow_id is not null and new.leads_follow_id is null and
                     current_setting('waihu.own_write', true) is distinct from 'on')
  execute function waihu_notify_job();
