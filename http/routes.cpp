#include "http/handlers.hpp"

namespace waihu::http {

const std::vector<route>& routes() {
  using enum access;
  using enum body_kind;
  static const std::vector<route> table{
      {"GET", "/", open, none, front_page},
      {"GET", "/openapi.json", open, none, api_description},
      {"GET", "/docs", open, none, api_page},
      {"GET", "/docs/reader.js", open, none, api_page_script},
      {"GET", "/docs/reader.css", open, none, api_page_style},
      {"GET", "/api/health", open, none, health},
      {"POST", "/api/login", open, json, login},
      {"POST", "/api/register", open, json, register_user},
      {"GET", "/api/auth/verify", token, none, verify_auth},
      {"GET", "/api/token/verify", open, none, verify_token},
      {"POST", "/api/token/refresh", open, json, refresh_token},
      {"POST", "/api/create_organization", admin, json, create_organization},
      {"POST", "/api/dcc/user/verify", token, json, verify_dcc_user},
      {"POST", "/api/dcc/associate", token, json, associate_dcc_user},
      {"DELETE", "/api/dcc/disassociate", token, none, disassociate_dcc_user},
      {"POST", "/api/dcc/user/create", admin, json, create_dcc_user},
      {"GET", "/api/dcc/user/list", admin, none, list_dcc_users},
      {"PUT", "/api/dcc/user/{id}/status", admin, none, set_dcc_user_status},
      {"GET", "/api/config/check", admin, none, check_config},
      {"POST", "/api/leads/import", writer, form, import_leads},
      {"GET", "/api/leads/statistics", reader, none, lead_statistics},
      {"POST", "/api/leads/statistics/filtered", reader, json, lead_statistics_filtered},
      {"GET", "/api/leads/count", reader, none, lead_count},
      {"GET", "/api/leads", reader, none, list_leads},
      {"GET", "/api/leads/{leads_id}", reader, none, show_lead},
      {"POST", "/api/create_scene", writer, json, create_scene},
      {"GET", "/api/scenes", reader, none, list_scenes},
      {"GET", "/api/scenes/{script_id}", reader, none, show_scene},
      {"POST", "/api/create-autoCall-tasks", writer, json, create_task},
      {"GET", "/api/task_list", reader, none, list_tasks},
      {"GET", "/api/tasks", reader, none, whole_tasks},
      {"GET", "/api/task-stats", reader, none, task_type_counts},
      {"POST", "/api/update-script-id", writer, json, update_script},
      {"POST", "/api/start-call-task", writer, json, start_task},
      {"POST", "/api/query-task-execution", reader, json, query_execution},
      {"POST", "/api/describe-job-group", reader, json, describe_group},
      {"POST", "/api/suspend-resume-task", writer, json, suspend_or_resume_task},
      {"POST", "/api/task-statistics", reader, json, interest_statistics},
      {"GET", "/api/task_followup_records/{task_id}", reader, none, task_follow_ups},
      {"POST", "/api/get-leads-follow", writer, json, follow_lead},
      {"POST", "/api/force-analyze", writer, json, force_analyze},
      {"POST", "/api/diagnose-task", reader, json, diagnose},
      {"POST", "/api/auto-task", reader, json, switch_auto_task},
      {"POST", "/api/trigger-monitor", writer, json, trigger_monitor},
      {"POST", "/api/start-query-execution-run", writer, json, start_execution_run},
      {"GET", "/api/get-query-execution-run", reader, none, show_execution_run},
      {"GET", "/api/tasks/{id}/why", reader, none, explain_task},
      {"GET", "/api/jobs/{id}/why", reader, none, explain_call},
      {"GET", "/api/jobs/{id}/timeline", reader, none, call_timeline},
      {"GET", "/api/events", reader, none, event_stream},
      {"GET", "/api/ws", reader, messages, event_socket},
  };
  return table;
}

}  // namespace waihu::http
