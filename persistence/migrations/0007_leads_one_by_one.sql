-- Leads are listed with the last imported first, and a lead's calls are found by the lead, newest first.

-- By an expression, so that only the list takes it: while it began with the plain column, it looked on an empty table as
-- good as the unique key for finding one lead, and a plan settled then read the whole organization for it.
create index dcc_leads_newest on dcc_leads ((organization_id || ''), id desc);
create index leads_task_list_lead on leads_task_list (leads_id, id);
