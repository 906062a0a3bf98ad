// Who may do what, and to whose rows, over every operation of the API's description. An operation that is new there
// fails these tests until the table below says what it is.
#include <rapidjson/document.h>

#include <algorithm>
#include <set>

#include "http/static_files.hpp"
#include "tests/http/case_fixture.hpp"
#include "tests/http/socket_client.hpp"

namespace waihu::test {
namespace {

/// What an operation has to do with organisations.
enum class kind : std::uint8_t {
  open,          ///< Public; shows nothing of any organisation.
  own,           ///< About the caller alone.
  installation,  ///< An administrator's, of the whole installation.
  by_id,         ///< Names a row: another organisation's answers like one that does not exist.
  listing,       ///< Shows what the caller's organisation has.
  creating,      ///< Makes rows in the caller's organisation.
  steering,      ///< Shows or changes what the daemon does for the caller's organisation.
};

/// A request of an operation. ID stands for `real`, an id of organisation A, or `missing`, one that nobody has.
struct sample {
  std::string operation;
  kind is;
  std::string target;  ///< Empty: the described path.
  std::string body;
  std::string real, missing;
};

/// An operation as described.
struct operation {
  std::string id, method, path, access;
  bool has_form{};
};

std::vector<operation> described() {
  rapidjson::Document document;
  const auto text = http::embedded_file("openapi.json");
  document.Parse(text.data(), text.size());
  std::vector<operation> all;
  for (const auto& path : document["paths"].GetObject())
    for (const auto& one : path.value.GetObject()) {
      std::string method = one.name.GetString();
      std::transform(method.begin(), method.end(), method.begin(), [](unsigned char c) { return std::toupper(c); });
      const bool has_form =
          one.value.HasMember("requestBody") && one.value["requestBody"]["content"].HasMember("multipart/form-data");
      all.push_back({one.value["operationId"].GetString(), method, path.name.GetString(),
                     one.value["x-access"].GetString(), has_form});
    }
  return all;
}

/// The answer without what differs from request to request.
std::string comparable(const reply& r, const std::string& id) {
  auto text = std::to_string(r.status) + " ";
  for (const auto& [name, value] : r.headers)
    if (name != "date" && name != "x-request-id" && name != "content-length") text += name + ": " + value + "\n";
  text += r.body;
  for (const std::string name : {"\"request_id\":\"", "\"query_time\":\""})
    if (const auto at = text.find(name); at != std::string::npos) text.erase(at, text.find('"', at + name.size()) - at);
  for (auto at = text.find(id); at != std::string::npos; at = text.find(id)) text.replace(at, id.size(), "ID");
  return text;
}

class http_tenancy : public case_test {
 public:
  http_tenancy() {
    add_leads(3);
    task = add_task(operator_a, "机密任务");
    const auto rows = dispatch(task);
    settle(task, rows[0], call_status::succeeded, R"([{"Timestamp":1}])");
    follow(task, rows[0], interest::interested);
    scene = post("/api/create_scene", R"({"scene_name":"机密场景","scene_type":2,"bot_name":"b"})")
                .json()
                .text("/data/script_id");
    auto of = usual_case();
    for (auto& party : of.parties) party.name = "机密当事人";
    put_case(of);
    EXPECT_EQ(call_everybody().status, 201);
    const auto ended = calls().front();
    end(ended, call_status::succeeded, "SucceededFinish", R"([{"Script":"机密"}])");
    const auto job = calls().back().job.job.call_job_id;
    const auto id = std::to_string(value(task.id));
    const auto row = std::to_string(value(rows[0]));
    const std::string none = "987654";
    run_record run;
    run.id = std::string(32, 'd');
    run.organization_id = org_a;
    run.task = task.id;
    EXPECT_TRUE(inside->run(query::create_run{run}));
    const auto task_body = [](const std::string& more = {}) { return "{" + more + R"("task_id":ID})"; };
    samples = {
        {"front_page", kind::open, {}, {}, {}, {}},
        {"api_description", kind::open, {}, {}, {}, {}},
        {"api_page", kind::open, {}, {}, {}, {}},
        {"api_page_script", kind::open, {}, {}, {}, {}},
        {"api_page_style", kind::open, {}, {}, {}, {}},
        {"health", kind::open, {}, {}, {}, {}},
        {"login", kind::open, {}, "{}", {}, {}},
        {"register_user", kind::open, {}, "{}", {}, {}},
        {"verify_token", kind::open, {}, {}, {}, {}},
        {"refresh_token", kind::open, {}, "{}", {}, {}},
        {"verify_auth", kind::own, {}, {}, {}, {}},
        {"verify_dcc_user", kind::own, {}, "{}", {}, {}},
        {"associate_dcc_user", kind::own, {}, "{}", {}, {}},
        {"disassociate_dcc_user", kind::own, {}, {}, {}, {}},
        {"create_organization", kind::installation, {}, "{}", {}, {}},
        {"create_dcc_user", kind::installation, {}, "{}", {}, {}},
        {"list_dcc_users", kind::installation, {}, {}, {}, {}},
        {"set_dcc_user_status", kind::installation, "/api/dcc/user/1/status?user_status=1", {}, {}, {}},
        {"check_config", kind::installation, {}, {}, {}, {}},
        {"list_users", kind::installation, {}, {}, {}, {}},
        {"set_user_role", kind::installation, "/api/users/987654/role", R"({"role":"viewer"})", {}, {}},
        {"list_organizations", kind::installation, {}, {}, {}, {}},
        {"show_cluster", kind::installation, {}, {}, {}, {}},
        {"import_leads", kind::creating, {}, import_body, {}, {}},
        {"create_scene", kind::creating, {}, R"({"scene_name":"s","scene_type":2,"bot_name":"b"})", {}, {}},
        {"create_task", kind::creating, {}, R"({"task_name":"t","size_desc":{}})", {}, {}},
        {"lead_statistics", kind::listing, {}, {}, {}, {}},
        {"lead_statistics", kind::listing, "/api/leads/statistics?filter_by=both", {}, {}, {}},
        {"lead_statistics_filtered", kind::listing, {}, "{}", {}, {}},
        {"lead_count", kind::listing, {}, {}, {}, {}},
        {"list_leads", kind::listing, {}, {}, {}, {}},
        {"list_leads", kind::listing, "/api/leads?q=L100", {}, {}, {}},
        {"list_scenes", kind::listing, {}, {}, {}, {}},
        {"list_tasks", kind::listing, {}, {}, {}, {}},
        {"whole_tasks", kind::listing, {}, {}, {}, {}},
        {"task_type_counts", kind::listing, {}, {}, {}, {}},
        {"outcomes_of_day", kind::listing, {}, {}, {}, {}},
        {"show_lead", kind::by_id, "/api/leads/ID", {}, "L1001", "L9999"},
        {"show_scene", kind::by_id, "/api/scenes/ID", {}, scene, "script_00000000"},
        {"update_script", kind::by_id, {}, task_body(R"("script_id":"x",)"), id, none},
        {"start_task", kind::by_id, {}, task_body(), id, none},
        {"query_execution", kind::by_id, {}, task_body(), id, none},
        {"query_execution", kind::by_id, {}, task_body(R"("skip_recording":false,"only_followed":true,)"), id, none},
        {"describe_group", kind::by_id, {}, task_body(), id, none},
        {"describe_group", kind::by_id, {}, R"({"job_group_id":"ID"})", "group-" + id, "group-" + none},
        {"suspend_or_resume_task", kind::by_id, {}, task_body(R"("action":"suspend",)"), id, none},
        {"suspend_or_resume_task", kind::by_id, {}, task_body(R"("action":"resume",)"), id, none},
        {"interest_statistics", kind::by_id, {}, task_body(), id, none},
        {"diagnose", kind::by_id, {}, task_body(), id, none},
        {"task_follow_ups", kind::by_id, "/api/task_followup_records/ID", {}, id, none},
        {"follow_lead",
         kind::by_id,
         {},
         R"({"call_job_id":"ID"})",
         "job-" + std::to_string(value(rows[0])),
         "job-" + none},
        {"switch_auto_task", kind::steering, {}, R"({"action":"check"})", {}, {}},
        {"trigger_monitor", kind::steering, {}, {}, {}, {}},
        {"force_analyze", kind::by_id, {}, R"({"call_job_id":"ID"})", "job-" + row, "job-" + none},
        {"start_execution_run", kind::by_id, {}, task_body(), id, none},
        {"show_execution_run", kind::by_id, "/api/get-query-execution-run?run_id=ID", {}, run.id, std::string(32, 'e')},
        {"explain_task", kind::by_id, "/api/tasks/ID/why", {}, id, none},
        {"explain_call", kind::by_id, "/api/jobs/ID/why", {}, row, none},
        {"call_timeline", kind::by_id, "/api/jobs/ID/timeline", {}, row, none},
        {"put_case",
         kind::creating,
         "/api/v1/outbound-bot/cases/C1",
         R"({"mediationId":1,"mediationType":1,"stage":10,"parties":[{"personId":"P9","personType":0}]})",
         {},
         {}},
        {"show_case", kind::by_id, "/api/v1/outbound-bot/cases/ID", {}, "C1", "C404"},
        {"call_parties", kind::by_id, {}, R"({"caseId":"ID","mediationId":20,"callAuto":0})", "C1", "C404"},
        {"call_person", kind::by_id, {}, case_wish, "C1", "C404"},
        {"call_persons", kind::by_id, {}, R"({"tasks":[)" + case_wish + "]}", "C1", "C404"},
        {"case_call_status", kind::by_id, "/api/v1/outbound-bot/status?caseRef=ID", {}, "C1", "C404"},
        {"case_call_status", kind::by_id, "/api/v1/outbound-bot/status?jobId=ID", {}, job, "job-" + none},
        {"case_call_status",
         kind::by_id,
         "/api/v1/outbound-bot/status?phoneNumber=ID",
         {},
         "13800000001",
         "13999999999"},
        {"case_conversations", kind::listing, "/api/v1/outbound-bot/conversation-log?caseId=C1", {}, {}, {}},
        {"list_case_calls", kind::listing, {}, {}, {}, {}},
        {"list_case_calls", kind::listing, "/api/v1/outbound-bot/tasks?caseRef=C1", {}, {}, {}},
        {"person_call_history", kind::listing, "/api/v1/outbound-bot/person/P1/history", {}, {}, {}},
        {"case_call_statistics", kind::listing, {}, {}, {}, {}},
        {"show_case_call", kind::by_id, "/api/v1/outbound-bot/task/ID", {}, job, "job-" + none},
        {"case_call_logs", kind::by_id, "/api/v1/outbound-bot/task/ID/logs", {}, job, "job-" + none},
        {"remark_case_call", kind::by_id, "/api/v1/outbound-bot/task/ID", R"({"remark":"x"})", job, "job-" + none},
        {"cancel_call_of_case", kind::by_id, "/api/v1/outbound-bot/task/ID/cancel", "{}", job, "job-" + none},
        {"retry_case_call", kind::by_id, "/api/v1/outbound-bot/task/ID/retry", "{}", job, "job-" + none},
        {"list_case_scripts", kind::steering, {}, {}, {}, {}},
        {"show_case_settings", kind::steering, {}, {}, {}, {}},
        {"event_stream", kind::by_id, "/api/events?task_id=ID", {}, id, none},
        {"event_socket", kind::by_id, "/api/ws?task_id=ID", {}, id, none}};
    let_actors_answer();
  }

  /// Sends a sample with this id; `who` null: without a token.
  reply send(const sample& s, const std::string& id, const user_record* who) {
    const auto& o = *std::find_if(all.begin(), all.end(), [&](const operation& one) { return one.id == s.operation; });
    auto with_id = [&](std::string text) {
      if (const auto at = text.find("ID"); at != std::string::npos && !id.empty()) text.replace(at, 2, id);
      return text;
    };
    const auto target = with_id(s.target.empty() ? o.path : s.target);
    std::vector<std::pair<std::string, std::string>> headers;
    if (who != nullptr) headers.emplace_back("access-token", token_of(*who));
    if (o.id == "event_socket") {
      if (who == nullptr) headers.emplace_back("Upgrade", "");  // with it the token may come later: sockets_test
      return socket_client(port()).open(target, headers);
    }
    if (o.has_form) headers.emplace_back("Content-Type", "multipart/form-data; boundary=b");
    else if (!s.body.empty()) headers.emplace_back("Content-Type", "application/json");
    if (o.id != "event_stream") return call(make_request(o.method, target, headers, with_id(s.body)));
    raw_client c(port());
    EXPECT_TRUE(c.send(make_request(o.method, target, headers)));
    auto r = c.read_head();
    if (r.status != 200) r.body = c.read_bytes(std::stoul("0" + r.header("content-length")));
    return r;
  }
  reply send(const sample& s, const user_record* who) { return send(s, s.real, who); }

  /// Everything that both organisations can see of themselves.
  std::string story() {
    std::string all_of_it;
    const auto id = std::to_string(value(task.id));
    for (const auto* who : {&admin, &operator_b}) {
      for (const auto* path : {"/api/tasks", "/api/task-stats", "/api/leads?page_size=500", "/api/scenes"})
        all_of_it += comparable(get(path, *who), "\x01") + "\n";
      all_of_it += comparable(get("/api/leads/L1001", *who), "\x01");
      for (const auto* path : {"/cases/C1", "/tasks", "/statistics"})
        all_of_it += comparable(get(std::string(bot) + path, *who), "\x01") + "\n";
      all_of_it += comparable(get("/api/task_followup_records/" + id, *who), "\x01");
      all_of_it += comparable(post("/api/query-task-execution", R"({"task_id":)" + id + "}", *who), "\x01");
    }
    return all_of_it + std::to_string(value(inside->run(query::last_event{}).value()));
  }

  std::vector<sample> of(kind wanted) const {
    std::vector<sample> some;
    std::copy_if(samples.begin(), samples.end(), std::back_inserter(some),
                 [&](const sample& s) { return s.is == wanted; });
    return some;
  }
  std::string access_of(const sample& s) const {
    return std::find_if(all.begin(), all.end(), [&](const operation& o) { return o.id == s.operation; })->access;
  }

  call_task_record task;
  std::string scene;
  const std::string case_wish = R"({"caseRef":"ID","personId":"P1","mediationStage":14})";
  const std::string import_body =
      "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"l.csv\"\r\n\r\n"
      "leads_id,leads_user_name,leads_user_phone\nL1001,另一位,13911111111\r\n--b--\r\n";
  const std::vector<operation> all = described();
  std::vector<sample> samples;
  bool is_foreign{false};  ///< From now on no actor of A's task may be asked.

 private:
  template <class T>
  result<T> answered(T value) {
    EXPECT_FALSE(is_foreign) << "an actor was asked about another organisation's task";
    return value;
  }
  void let_actors_answer() {
    inside->on_start = [this](const start_call_task&) { return answered(started_call_task{}); };
    inside->on_suspend_resume = [this](const suspend_resume_task&) { return answered(suspended_resumed_task{}); };
    inside->on_refresh = [this](const refresh_jobs&) { return answered(refreshed_jobs{}); };
    inside->on_follow_up = [this](const make_follow_up&) { return answered(made_follow_up{}); };
    inside->on_run = [this](const start_run&) { return answered(run_record{}); };
    inside->on_await_calls = [this](const await_case_calls& m) { return answered(bring(m)); };
    inside->on_cancel_call = [this](const cancel_case_call&) { return answered(true); };
    inside->on_explain = [this](const explain_job&) { return answered(explained_job{}); };
    inside->on_diagnose = [this](const diagnose_task&) { return answered(diagnosed_task{}); };
    inside->on_recording = [this](task_id, job_row_id) { return answered(std::string{}); };
    inside->on_live_task = [this](const describe_task& wanted) -> std::optional<described_task> {
      // As the node does: a live task shows itself to its own organisation only.
      if (wanted.task != task.id || wanted.organization_id != org_a) return std::nullopt;
      return described_task{task_type::calling, "group", {}, {}, {}, {}};
    };
  }
};

TEST_F(http_tenancy, EveryDescribedOperationIsClassifiedAndNoOther) {
  std::set<std::string> told, known;
  for (const auto& o : all) told.insert(o.id);
  for (const auto& s : samples) known.insert(s.operation);
  for (const auto& id : told)
    EXPECT_TRUE(known.contains(id)) << id << " is new: say in this file what it has to do with organisations";
  for (const auto& id : known) EXPECT_TRUE(told.contains(id)) << id << " is not described";
  for (const auto& s : samples) {
    const auto access = access_of(s);
    EXPECT_EQ(s.is == kind::open, access == "open") << s.operation;
    EXPECT_EQ(s.is == kind::own, access == "token") << s.operation;
    EXPECT_EQ(s.is == kind::installation, access == "admin") << s.operation;
    EXPECT_TRUE(s.is != kind::listing || access == "reader") << s.operation;
    EXPECT_TRUE(s.is != kind::creating || access == "writer") << s.operation;
  }
}

TEST_F(http_tenancy, ItsOwnPeopleReachWhatTheOthersWillNotReach) {
  for (const auto& s : of(kind::by_id)) EXPECT_NE(send(s, &operator_a).status, 404) << s.operation << ' ' << s.body;
  for (const auto& s : of(kind::listing)) {
    const auto r = send(s, &operator_a);
    EXPECT_EQ(r.status, 200) << s.operation;
    const std::set<std::string> figures{"task_type_counts", "case_call_statistics", "outcomes_of_day"};
    if (figures.contains(s.operation)) continue;
    EXPECT_TRUE(r.body.find("L1001") != std::string::npos || r.body.find("机密") != std::string::npos) << r.body;
  }
}

TEST_F(http_tenancy, AForeignIdAnswersByteForByteLikeAMissingOneAndChangesNothing) {
  const auto before = story();
  is_foreign = true;
  for (const auto& s : of(kind::by_id)) {
    const auto foreign = send(s, s.real, &operator_b);
    const auto missing = send(s, s.missing, &operator_b);
    EXPECT_GE(foreign.status, 400) << s.operation;
    EXPECT_EQ(comparable(foreign, s.real), comparable(missing, s.missing)) << s.operation << ' ' << s.body;
  }
  const sample forced{
      "query_execution", kind::by_id, {}, R"({"apply_update":true,"skip_recording":false,"task_id":ID})", {}, {}};
  const auto id = std::to_string(value(task.id));
  EXPECT_EQ(comparable(send(forced, id, &operator_b), id), comparable(send(forced, "987654", &operator_b), "987654"));
  is_foreign = false;
  EXPECT_EQ(story(), before);
}

TEST_F(http_tenancy, ListsShowNothingOfAnotherOrganisation) {
  for (const auto& s : of(kind::listing)) {
    const auto r = send(s, &operator_b);
    EXPECT_EQ(r.status, 200) << s.operation;
    for (const auto* mark : {"L1001", "客户1", "13800000001", "机密", "group-", "job-", "SUV", "轿车"})
      EXPECT_EQ(r.body.find(mark), std::string::npos) << s.operation << " shows " << mark;
  }
  EXPECT_EQ(get("/api/leads/count", operator_b).json().number("/data/total_count"), 0);
  EXPECT_EQ(get("/api/task-stats", operator_b).json().number("/data/1/count"), 0);
  EXPECT_EQ(get(std::string(bot) + "/statistics").json().number("/data/totalCalls"), 2);
  EXPECT_EQ(get(std::string(bot) + "/statistics", operator_b).json().number("/data/totalCalls"), 0);
}

TEST_F(http_tenancy, WhatIsMadeInOneOrganisationTouchesNoOther) {
  const auto lead_before = get("/api/leads/L1001").body;
  const auto tasks_before = get("/api/tasks").body;
  const auto scenes_before = get("/api/scenes").body;
  const auto case_before = get(std::string(bot) + "/cases/C1").body;
  for (const auto& s : of(kind::creating)) EXPECT_EQ(send(s, &operator_b).status, 200) << s.operation;
  EXPECT_EQ(get("/api/leads/L1001").body, lead_before) << "the same lead id in another organisation is another lead";
  EXPECT_EQ(get("/api/tasks").body, tasks_before);
  EXPECT_EQ(get("/api/scenes").body, scenes_before);
  EXPECT_EQ(get(std::string(bot) + "/cases/C1").body, case_before) << "the same case id there is another case";
  EXPECT_EQ(get("/api/leads/L1001", operator_b).json().text("/data/leads_user_name"), "另一位");
  const auto tasks = get("/api/tasks", operator_b).json();
  EXPECT_EQ(tasks.size("/data"), 1);
  EXPECT_EQ(tasks.number("/data/0/leads_count"), 1) << "its own lead only";
}

TEST_F(http_tenancy, WithoutATokenEverythingButThePublicIs401) {
  const auto before = story();
  for (const auto& s : samples) {
    const auto r = send(s, nullptr);
    if (s.is == kind::open) {
      EXPECT_NE(r.status, 401) << s.operation;
      continue;
    }
    EXPECT_EQ(r.status, 401) << s.operation;
    EXPECT_EQ(r.json().number("/code"), 1005) << s.operation;
  }
  EXPECT_EQ(story(), before);
}

TEST_F(http_tenancy, AViewerReadsAndNothingElse) {
  const auto before = story();
  for (const auto& s : samples) {
    if (s.is == kind::open || s.is == kind::own) continue;
    const auto r = send(s, &viewer_a);
    if (access_of(s) == "reader") {
      EXPECT_NE(r.status, 403) << s.operation;
      EXPECT_NE(r.status, 401) << s.operation;
      continue;
    }
    EXPECT_EQ(r.status, 403) << s.operation;
    EXPECT_EQ(r.json().number("/code"), 1005) << s.operation;
  }
  const sample forced{"query_execution", kind::by_id, {}, R"({"apply_update":true,"task_id":ID})", {}, {}};
  EXPECT_EQ(send(forced, std::to_string(value(task.id)), &viewer_a).status, 403) << "this form of reading writes";
  EXPECT_EQ(story(), before) << "what a viewer may call changes nothing";
}

TEST_F(http_tenancy, TheInstallationIsForAdministratorsOnly) {
  for (const auto& s : of(kind::installation)) {
    for (const auto* who : {&operator_a, &operator_b, &viewer_a, &unbound}) {
      const auto r = send(s, who);
      EXPECT_EQ(r.status, 403) << s.operation;
      EXPECT_EQ(r.json().number("/code"), 1005) << s.operation;
    }
    EXPECT_NE(send(s, &admin).status, 403) << s.operation;
  }
}

TEST_F(http_tenancy, WhoIsBoundToNoOrganisationReachesNothingOfAny) {
  const auto before = story();
  for (const auto& s : samples) {
    if (s.is == kind::open || s.is == kind::own || s.is == kind::installation) continue;
    const auto r = send(s, &unbound);
    EXPECT_EQ(r.status, 400) << s.operation;
    EXPECT_EQ(r.json().number("/code"), 1003) << s.operation;
  }
  EXPECT_EQ(story(), before);
}

}  // namespace
}  // namespace waihu::test
