// A running server on a free port with two organisations, and a short way to call it.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "http/http_server.hpp"
#include "tests/http/raw_client.hpp"
#include "tests/http/store_backend.hpp"

namespace waihu::test {

inline constexpr const char* secret = "0123456789abcdef0123456789abcdef";
/// Of every user of the fixture, and its SHA-256: what the old system stored. Cheap to make; tests of argon2id make
/// their own.
inline constexpr const char* user_password = "secret-password";
inline constexpr const char* user_password_digest = "d5adca02c9a46dae33101e9727798d0dd091e155cdfb83a851f9706a7d00eb7d";
inline constexpr const char* org_a = "ORGAAA";
inline constexpr const char* org_b = "ORGBBB";

/// Organisation A has an administrator, an operator and a viewer, B an operator; one user is bound to none.
class server_test : public ::testing::Test {
 public:
  server_test();
  ~server_test() override;

  /// Changes the options; call before the first request.
  http::server_options options;
  std::shared_ptr<store_backend> inside;
  /// What the server takes for the time; set before the first request.
  std::function<wall_time()> clock{wall_now};
  user_record admin, operator_a, viewer_a, operator_b, unbound;

  /// Starts the server at the first use.
  std::uint16_t port();
  http::http_server& server();
  void stop_server(milliseconds deadline);
  /// Ends the server; the next request starts another one over the same store.
  void restart_server();

  std::string token_of(const user_record& user) const;
  reply call(const std::string& request);
  reply get(const std::string& target, const user_record& who);
  reply post(const std::string& target, const std::string& json, const user_record& who);
  reply post(const std::string& target, const std::string& json) { return post(target, json, operator_a); }
  reply get(const std::string& target) { return get(target, operator_a); }

  /// Stores leads 1..n of an organisation with good phones.
  void add_leads(int n, const std::string& organization = org_a);
  /// A task over all leads of the organisation; by default with a script.
  call_task_record add_task(const user_record& owner, const std::string& name = "测试任务",
                            const std::string& script = "script_1");
  /// Takes a task to 2 with a job group, and its rows to tracking with ids job-1, job-2, ...
  std::vector<job_row_id> dispatch(const call_task_record& task);
  void settle(const call_task_record& task, job_row_id row, call_status status, const std::string& conversation = {});
  void follow(const call_task_record& task, job_row_id row, interest of);
  std::vector<call_job_view> rows_of(const call_task_record& task, const std::string& organization = org_a);

 private:
  user_record add_user(const std::string& name, const std::string& phone, const std::string& organization,
                       user_role role);
  struct running;
  std::unique_ptr<running> running_;
};

}  // namespace waihu::test
