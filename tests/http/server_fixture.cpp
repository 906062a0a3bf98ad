#include "tests/http/server_fixture.hpp"

#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "http/token.hpp"
#include "telemetry/log.hpp"

namespace waihu::test {

struct server_test::running {
  boost::asio::io_context io;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
  std::unique_ptr<http::http_server> server;
  std::uint16_t port{};
  std::vector<std::thread> threads;
};

namespace {

/// Leaves the log of this process, and what must not be in it, where the exchanges go (tests/e2e/planted_secrets.py).
void keep_log_and_secrets() {
  const char* folder = std::getenv("WAIHU_EXCHANGES");
  if (folder == nullptr) return;
  const auto pid = std::to_string(::getpid());
  config::log_options log;
  log.level = "trace";
  log.file = std::string(folder) + "/http-" + pid + ".log";
  EXPECT_TRUE(telemetry::setup_logging(log));
  std::ofstream(std::string(folder) + "/secrets-http-" + pid + ".txt") << secret << '\n'
                                                                       << user_password << '\n'
                                                                       << user_password_digest << '\n';
}

}  // namespace

server_test::server_test() : inside(std::make_shared<store_backend>()) {
  static const bool is_kept = (keep_log_and_secrets(), true);
  EXPECT_TRUE(is_kept);
  options.http.port = 0;
  options.auth.jwt_secret = secret;
  for (const auto* org : {org_a, org_b}) {
    query::create_organization q;
    q.name = std::string("组织") + org;
    q.organization_id = org;
    inside->run(q).value();
  }
  admin = add_user("admin", "13900000001", org_a, user_role::admin);
  operator_a = add_user("li", "13900000002", org_a, user_role::operator_);
  viewer_a = add_user("zhao", "13900000003", org_a, user_role::viewer);
  operator_b = add_user("wang", "13900000004", org_b, user_role::operator_);
  unbound = add_user("sun", "13900000005", "", user_role::operator_);
}

server_test::~server_test() { restart_server(); }

void server_test::restart_server() {
  stop_server(milliseconds{5'000});
  if (!running_) return;
  running_->server.reset();
  running_->work.reset();
  running_->io.stop();
  for (auto& t : running_->threads) t.join();
  running_.reset();
}

user_record server_test::add_user(const std::string& name, const std::string& phone, const std::string& organization,
                                  user_role role) {
  query::create_user q;
  q.username = name;
  q.phone = phone;
  q.organization_id = organization;
  q.dcc_user_org_id = organization;
  q.dcc_user = organization.empty() ? "" : "dcc_" + name;
  q.password_hash = user_password_digest;
  q.role = role;
  return inside->run(q).value();
}

std::uint16_t server_test::port() {
  if (running_) return running_->port;
  running_ = std::make_unique<running>();
  running_->server = std::make_unique<http::http_server>(running_->io, options, inside, clock);
  const auto bound = running_->server->start();
  if (!bound) {
    ADD_FAILURE() << bound.error().message;
    return 0;
  }
  running_->port = *bound;
  for (int i = 0; i < 2; ++i) running_->threads.emplace_back([this] { running_->io.run(); });
  return running_->port;
}

http::http_server& server_test::server() {
  port();
  return *running_->server;
}

void server_test::stop_server(milliseconds deadline) {
  if (running_ && running_->server) running_->server->stop(deadline);
}

std::string server_test::token_of(const user_record& user) const {
  return http::token_mint(secret, std::chrono::hours{1}).issue(user, wall_now()).value();
}

reply server_test::call(const std::string& request) {
  raw_client c(port());
  EXPECT_TRUE(c.send(request));
  return c.read();
}
reply server_test::get(const std::string& target, const user_record& who) {
  return call(make_request("GET", target, {{"access-token", token_of(who)}}));
}
reply server_test::post(const std::string& target, const std::string& json, const user_record& who) {
  return call(make_request("POST", target,
                           {{"access-token", "Bearer " + token_of(who)}, {"Content-Type", "application/json"}}, json));
}

void server_test::add_leads(int n, const std::string& organization) {
  query::import_leads q;
  q.organization_id = organization;
  for (int i = 1; i <= n; ++i) {
    lead_record lead;
    lead.leads_id = "L" + std::to_string(1000 + i);
    lead.leads_user_name = "客户" + std::to_string(i);
    lead.leads_user_phone = std::to_string(13800000000LL + i);
    lead.leads_product = i % 2 == 0 ? "SUV" : "轿车";
    lead.leads_type = i % 3 == 0 ? "" : "A";
    q.leads.push_back(lead);
  }
  inside->run(q).value();
}

call_task_record server_test::add_task(const user_record& owner, const std::string& name, const std::string& script) {
  query::create_task q;
  q.organization_id = owner.dcc_user_org_id;
  q.creator = owner.id;
  q.creator_name = owner.username;
  q.task_name = name;
  q.script_id = script;
  q.size_desc_json = "{}";
  return inside->run(q).value().task;
}

std::vector<call_job_view> server_test::rows_of(const call_task_record& task, const std::string& organization) {
  query::list_jobs q;
  q.organization_id = organization;
  q.task = task.id;
  q.page = {1, 500};
  return inside->run(q).value().items;
}

std::vector<job_row_id> server_test::dispatch(const call_task_record& task) {
  const ownership own{task.id, inside->epoch()};
  change::request_group group;
  group.own = own;
  group.at = wall_now();
  EXPECT_TRUE(inside->commit(group));
  change::move_task move;
  move.own = own;
  move.from = task_type::created;
  move.to = task_type::calling;
  move.job_group_id = "group-" + std::to_string(value(task.id));
  move.at = wall_now();
  EXPECT_TRUE(inside->commit(move));
  change::intend_batch intend;
  intend.own = own;
  intend.seq = 1;
  intend.at = wall_now();
  for (const auto& row : rows_of(task, task.organization_id)) intend.rows.push_back(row.job.row);
  const auto batch = inside->commit(intend);
  EXPECT_TRUE(batch);
  change::acknowledge_jobs ack;
  ack.own = own;
  ack.batch = batch_id{batch->id};
  ack.completes_batch = true;
  ack.at = wall_now();
  for (const auto row : intend.rows) ack.ids.emplace_back(row, "job-" + std::to_string(value(row)));
  EXPECT_TRUE(inside->commit(ack));
  return intend.rows;
}

void server_test::settle(const call_task_record& task, job_row_id row, call_status status,
                         const std::string& conversation) {
  change::settle_job s;
  s.own = {task.id, inside->epoch()};
  s.row = row;
  s.status = status;
  s.last.call_task_id = "call-" + std::to_string(value(row));
  s.last.status = status == call_status::succeeded ? "SucceededFinish" : "NoAnswer";
  s.last.calling_number = "05710000";
  s.last.called_number = "138****0001";
  s.last.planed_ms = 1'700'000'000'000;
  s.last.actual_ms = 1'700'000'001'000;
  s.last.conversation_json = conversation;
  s.outcome = outcome_of(status, s.last.status);
  s.at = wall_now();
  const auto done = inside->commit(s);
  ASSERT_TRUE(done) << done.error().message;
}

void server_test::follow(const call_task_record& task, job_row_id row, interest of) {
  change::record_follow_up f;
  f.own = {task.id, inside->epoch()};
  f.row = row;
  for (const auto& view : rows_of(task, task.organization_id))
    if (view.job.row == row) f.leads_id = view.job.leads_id;
  f.leads_remark = "客户有意向";
  f.is_interested = of;
  f.at = wall_now();
  const auto done = inside->commit(f);
  ASSERT_TRUE(done) << done.error().message;
}

}  // namespace waihu::test
