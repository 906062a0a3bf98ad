// One running node: the composition root. It connects store, provider, language model, actors and HTTP listener, and
// takes them down in order. Nothing else in the project knows all of these at once.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "config/options.hpp"
#include "messages/model/failure.hpp"

namespace waihu {

/// How the daemon ends; what `waihud --help` and docs/operations.md say.
enum class exit_code : int {
  ok = 0,
  usage = 2,              ///< Bad flags or configuration.
  store_unreachable = 3,  ///< Not within --wait-store.
  store_in_use = 4,       ///< Another daemon owns the shards.
  schema_unusable = 5,    ///< Newer than this daemon, or a migration was changed.
  ownership_lost = 6,     ///< Another node took the shards while this one ran.
  cannot_listen = 7,      ///< The address of a listener, HTTP or for other nodes, cannot be bound.
  provider_unusable = 8,  ///< Provider or language model settings cannot be used.
  stop_timed_out = 9,     ///< The orderly stop did not end in time.
  engine_failed = 10,     ///< An actor that everything relies on ended by itself.
};

/// Why a node could not start.
struct start_failure {
  exit_code code{exit_code::usage};
  std::string message;
};

class node {
 public:
  /// `on_fatal` is called from any thread, at most once, when the node must stop by itself.
  node(config::options options, std::function<void(exit_code)> on_fatal);
  ~node();
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  /// Opens the admin listener, waits for the store up to `wait_store` (0 = one try), migrates, claims the shards,
  /// starts the actors and listens. Blocks. `stop_wanted` is asked while it waits. Empty on success.
  std::optional<start_failure> start(std::chrono::seconds wait_store, const std::function<bool()>& stop_wanted);

  /// Port of the HTTP listener once started.
  [[nodiscard]] std::uint16_t port() const noexcept;

  /// Reads certificate and key of the public listener again (http_server.hpp). Any thread, but not beside `stop`;
  /// does nothing before `start` has succeeded.
  result<void> reload_identity();

  /// Orderly stop: no new requests, tasks persist what a restart needs, the store is flushed, the claim given up.
  void stop();

 private:
  struct implementation;
  std::unique_ptr<implementation> implementation_;
};

}  // namespace waihu
