// What the simulator's tests share: the built waihu-sim as a child process on a free port, and a plain HTTP client on a
// blocking socket that shows how a connection ended. Knows neither the library under test nor Beast.
#pragma once

#include <rapidjson/document.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "provider/signing.hpp"

namespace waihu::simulator_tests {

/// How an exchange ended.
struct reply {
  enum class end : std::uint8_t { answered, closed, reset, timed_out } how{end::timed_out};
  int status{};
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  rapidjson::Document json() const;
  std::string header(std::string_view name) const;
};

/// One TCP connection to 127.0.0.1.
class connection {
 public:
  explicit connection(std::uint16_t port);
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  bool send(std::string_view bytes) const;
  /// Reads one answer; waits `patience` at most.
  reply receive(std::chrono::milliseconds patience = std::chrono::seconds{20});
  reply exchange(std::string_view bytes) {
    send(bytes);
    return receive();
  }

 private:
  int socket_{-1};
  std::string buffer_;
};

/// Request text with Content-Length (or without body).
std::string request_text(std::string_view method, std::string_view target, std::string_view body = {},
                         const std::vector<std::pair<std::string, std::string>>& headers = {});

/// The built waihu-sim.
class sim_process {
 public:
  /// Starts it with key "ak"/"sk" unless `arguments` name others; fails the test when it does not get ready.
  explicit sim_process(std::vector<std::string> arguments = {});
  ~sim_process();
  sim_process(const sim_process&) = delete;
  sim_process& operator=(const sim_process&) = delete;

  std::uint16_t port() const noexcept { return port_; }
  std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
  /// SIGTERM, then the exit status; -1 when it did not end within 10 s.
  int stop();

  /// Control requests.
  reply get(std::string_view target) const;
  reply post(std::string_view target, std::string_view body) const;
  reply remove(std::string_view target) const;
  void advance(std::chrono::milliseconds virtual_time) const;
  /// A number of /sim/summary, e.g. {"doubles", "reference_ids"}.
  std::int64_t summary(std::initializer_list<const char*> path) const;

 private:
  int pid_{-1};
  int output_{-1};
  std::uint16_t port_{};
};

/// A client of the operations that signs each call anew.
class api_client {
 public:
  explicit api_client(const sim_process& sim, bool v1 = false) : sim_(sim), v1_(v1) {}
  /// Signed text of a request.
  std::string text(const std::string& action, signing::parameters query, signing::parameters form = {}) const;
  /// Sends it on a connection of its own.
  reply call(const std::string& action, signing::parameters query, signing::parameters form = {}) const;
  /// Creates a group and gives its id.
  std::string create_group(const std::string& name = "任务_1_测试") const;
  /// Assigns jobs with these reference ids (phone numbers follow from them) and gives the answer.
  reply assign(const std::string& group, const std::vector<std::string>& references) const;
  /// Reads one job by ListJobs.
  rapidjson::Document job(const std::string& job_id) const;
  /// Job id of a reference id, by ListJobsByGroup of up to 100.
  std::string job_id_of(const std::string& group, const std::string& reference) const;

  std::string access_key{"ak"}, secret{"sk"};
  std::int64_t clock_offset_s{};
  std::string fixed_nonce;
  std::string instance{"inst-1"};
  std::string body_replacement;  ///< Not empty: sent in place of the signed body.

 private:
  const sim_process& sim_;
  bool v1_;
};

/// One element of JobsJson.
std::string element(const std::string& reference, const std::string& phone = "");
/// Follows a path of members and indices ("0") in a document; a null value when it ends early.
const rapidjson::Value& at(const rapidjson::Value& value, std::initializer_list<const char*> path);
/// The same for counting and reading; when the value is not of that kind the test fails and 0 or false comes back.
std::size_t count_at(const rapidjson::Value& value, std::initializer_list<const char*> path);
std::int64_t number_at(const rapidjson::Value& value, std::initializer_list<const char*> path);
bool flag_at(const rapidjson::Value& value, std::initializer_list<const char*> path);
/// The text there, "" when there is none.
std::string text_at(const rapidjson::Value& value, std::initializer_list<const char*> path);

}  // namespace waihu::simulator_tests
