-- The follow-ups of a lead are found by the lead first. While the index began with the organization, every other index
-- that begins with it looked as good on an empty table, and a plan settled then read the whole organization for each lead.
drop index dcc_leads_follow_lead;
create index dcc_leads_follow_lead on dcc_leads_follow (leads_id, organization_id, frist_follow_time);
