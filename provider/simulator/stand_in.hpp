// The simulator as a whole, without sockets: checks signatures and nonces, asks the fault rules, carries requests out,
// keeps the log, and answers the control requests under /sim/. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>

#include "provider/signing.hpp"
#include "provider/simulator/call_world.hpp"
#include "provider/simulator/chat_completions.hpp"
#include "provider/simulator/faults.hpp"
#include "provider/simulator/outbound_bot.hpp"
#include "provider/simulator/request_log.hpp"
#include "provider/simulator/virtual_clock.hpp"

namespace waihu::simulator {

/// Everything that can be set at the start.
struct stand_in_options {
  std::string access_key_id, access_key_secret;
  bool any_clock{};  ///< Takes signatures of any time.
  double speed{1.0};
  world_options world;
  bot_options bot;
  chat_options chat;
  std::int64_t chat_delay_ms{50};  ///< Real ms that a chat completion takes.
};

/// A request as the server read it.
using inbound_request = signing::received_request;

/// A request that was received, judged and not yet carried out.
struct pending_request {
  enum class kind : std::uint8_t { operation, chat, recording, decided } what{kind::decided};
  fault_orders orders;
  api_request api;          ///< For operations.
  inbound_request inbound;  ///< For chat completions and recordings.
  http_answer answer;       ///< For `decided`: refusals and control answers.
};

/// The stand-in. Not thread-safe.
class stand_in {
 public:
  explicit stand_in(stand_in_options options);

  /// Checks a request and asks the fault rules. Control requests are carried out at once.
  pending_request receive(inbound_request request);
  /// Carries it out, or what the fault rules want in its place.
  http_answer carry_out(pending_request& pending);
  /// Lets the world catch up with the clock.
  void catch_up();

  /// Called when someone posts /sim/release; gives the number of requests set free.
  std::function<std::size_t()> release_held;
  /// Gives the number of requests that are held.
  std::function<std::size_t()> count_held;

  // For the control requests.
  call_world& world() noexcept { return *world_; }
  const call_world& world() const noexcept { return *world_; }
  virtual_clock& clock() noexcept { return clock_; }
  fault_book& faults() noexcept { return faults_; }
  request_log& log() noexcept { return log_; }
  const reading_log& readings() const noexcept { return readings_; }
  const stand_in_options& options() const noexcept { return options_; }
  /// A new world, no faults, no log, no nonces; `seed` takes the place of the old one.
  void reset(std::uint64_t seed);
  void forget_nonces();

 private:
  pending_request receive_operation(inbound_request request);
  bool is_fresh(const std::string& key, const std::string& nonce);
  std::string next_request_id();
  void note(const pending_request& pending, const api_answer& answer, bool carried_out);

  stand_in_options options_;
  virtual_clock clock_;
  std::unique_ptr<call_world> world_;
  std::unique_ptr<outbound_bot> bot_;
  fault_book faults_;
  request_log log_;
  reading_log readings_;
  std::uint64_t request_number_{};
  struct used_nonce {
    std::uint64_t hash;
    std::int64_t real_ms;
  };
  std::unordered_set<std::uint64_t> nonces_;
  std::deque<used_nonce> nonce_order_;
};

/// Answers a control request; `target` begins with "/sim/".
http_answer answer_control(stand_in& sim, const inbound_request& request);

}  // namespace waihu::simulator
