// A server with a case of three parties, and the task's actor played by hand.
#pragma once

#include <atomic>
#include <map>
#include <string>
#include <vector>

#include "tests/http/server_fixture.hpp"

namespace waihu::test {

inline constexpr const char* bot = "/api/v1/outbound-bot";

/// Case C1 of organisation A is at the follow-up: applicants P1 and P2, respondent P3, whose side has no script there.
/// The facts are asked of applicants only. Nobody is called before a test asks.
class case_test : public server_test {
 public:
  case_test();
  ~case_test() override { restart_server(); }  // it asks for the time

  case_record put_case(case_record of, const std::string& organization = org_a);
  static case_record usual_case();

  reply put(const std::string& path, const std::string& json, const user_record& who);
  reply put(const std::string& path, const std::string& json) { return put(path, json, operator_a); }
  reply ask(const std::string& path) { return get(bot + path); }
  reply order(const std::string& path, const std::string& json) { return post(bot + path, json); }
  /// call-v2 over everybody whom the stage calls, or one person.
  reply call_everybody();
  reply call_one(const std::string& person);

  /// All calls, newest first.
  std::vector<query::case_call_view> calls();
  /// Takes calls of a task to the provider; answers false when one is not there to be taken.
  bool bring(const await_case_calls& m);
  /// Ends a call that the provider has.
  void end(const query::case_call_view& one, call_status status, const std::string& attempt = "SucceededFinish",
           const std::string& conversation = {});
  void expect(const reply& r, int status, int code, const std::string& message);
  /// From now on it is so much later.
  void pass(milliseconds time) { later_ = later_.load() + time.count(); }

 private:
  std::atomic<std::int64_t> later_{0};
  std::map<task_id, int> batches_;
};

}  // namespace waihu::test
