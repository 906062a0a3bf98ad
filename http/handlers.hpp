// Every endpoint's handler, one line each; the contract of each is in http-api.md under its path. A handler validates,
// asks the backend, and writes the answer; it knows no sockets.
#pragma once

#include "http/application.hpp"

namespace waihu::http {

/// Logs an exception that escaped a handler: a defect of ours.
void log_defect(const request& req, std::string_view what);

// accounts.cpp
async<response> health(call& c);
async<response> login(call& c);
async<response> verify_auth(call& c);
async<response> verify_token(call& c);
async<response> refresh_token(call& c);

// registration.cpp
async<response> register_user(call& c);
async<response> create_organization(call& c);

// dcc_accounts.cpp
async<response> verify_dcc_user(call& c);
async<response> associate_dcc_user(call& c);
async<response> disassociate_dcc_user(call& c);
async<response> create_dcc_user(call& c);
async<response> list_dcc_users(call& c);
async<response> set_dcc_user_status(call& c);

// config_check.cpp
async<response> check_config(call& c);
async<response> list_users(call& c);
async<response> set_user_role(call& c);
async<response> list_organizations(call& c);
async<response> show_cluster(call& c);

// leads.cpp
async<response> lead_statistics(call& c);
async<response> lead_statistics_filtered(call& c);
async<response> lead_count(call& c);

// lead_pages.cpp
async<response> list_leads(call& c);
async<response> show_lead(call& c);

// lead_import.cpp
async<response> import_leads(call& c);

// scenes.cpp
async<response> create_scene(call& c);
async<response> list_scenes(call& c);
async<response> show_scene(call& c);

// task_catalogue.cpp
async<response> create_task(call& c);
async<response> list_tasks(call& c);
async<response> whole_tasks(call& c);
async<response> task_type_counts(call& c);
async<response> outcomes_of_day(call& c);
async<response> update_script(call& c);

// task_control.cpp
async<response> start_task(call& c);
async<response> suspend_or_resume_task(call& c);
async<response> follow_lead(call& c);
async<response> force_analyze(call& c);

// automation.cpp
async<response> switch_auto_task(call& c);
async<response> trigger_monitor(call& c);
async<response> start_execution_run(call& c);
async<response> show_execution_run(call& c);

// explanations.cpp
async<response> explain_task(call& c);
async<response> explain_call(call& c);
async<response> call_timeline(call& c);

// task_progress.cpp
async<response> describe_group(call& c);
async<response> interest_statistics(call& c);
async<response> diagnose(call& c);

// task_execution.cpp
async<response> query_execution(call& c);

// task_follow_ups.cpp
async<response> task_follow_ups(call& c);

// cases.cpp
async<response> put_case(call& c);
async<response> show_case(call& c);

// case_calls.cpp
async<response> call_parties(call& c);
async<response> call_person(call& c);
async<response> call_persons(call& c);
async<response> retry_case_call(call& c);

// case_lists.cpp
async<response> case_call_status(call& c);
async<response> list_case_calls(call& c);
async<response> person_call_history(call& c);
async<response> show_case_call(call& c);
async<response> case_conversations(call& c);

// case_control.cpp
async<response> remark_case_call(call& c);
async<response> cancel_call_of_case(call& c);
async<response> case_call_logs(call& c);

// case_figures.cpp
async<response> case_call_statistics(call& c);
async<response> list_case_scripts(call& c);
async<response> show_case_settings(call& c);

// events.cpp
async<response> event_stream(call& c);
async<response> event_socket(call& c);

// front_page.cpp
async<response> front_page(call& c);
async<response> api_description(call& c);
async<response> api_page(call& c);
async<response> api_page_script(call& c);
async<response> api_page_style(call& c);

}  // namespace waihu::http
