// What every actor of a node shares: the options, who the node is, the clocks, the handles of the single actors, and
// the counts (engine_counts.hpp). Filled by the composition root (or a test) before the first task actor
// starts.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "actors/cluster_board.hpp"
#include "actors/departures.hpp"
#include "actors/engine_counts.hpp"
#include "actors/shard_ledger.hpp"
#include "actors/task_board.hpp"
#include "config/options.hpp"
#include "messages/interfaces.hpp"
#include "messages/model/change_stamps.hpp"

namespace waihu {

struct engine {
  config::options options;
  std::string node;                ///< This node's name.
  std::uint64_t seed{};            ///< Of the jitter; fixed in tests.
  std::function<wall_time()> now;  ///< UTC; virtual in tests.
  /// Minutes that local time (node.time_zone) is ahead of UTC at an instant; people say "tomorrow at three" by it.
  std::function<int(wall_time)> utc_offset_minutes{[](wall_time) { return 480; }};

  store_writer writer;
  store_reader reader;
  provider_gateway gateway;
  analyst model;
  dispatch_gate gate;
  event_hub hub;
  registry tasks;
  supervisor overseer;
  execution_runs runs;

  /// Called when a write was refused because its shard is another's. A node that runs alone must stop.
  std::function<void(const std::string& why)> on_ownership_lost;

  std::shared_ptr<engine_counts> counts{std::make_shared<engine_counts>()};
  std::shared_ptr<task_board> board{std::make_shared<task_board>()};
  std::shared_ptr<change_stamps> stamps{std::make_shared<change_stamps>()};
  /// Calls per second at the moment they are sent; the gate tells it this node's shares.
  std::shared_ptr<departures> leaving;

  /// Which shards are this node's; all of them where it runs alone.
  std::shared_ptr<shard_ledger> shards{std::make_shared<shard_ledger>()};
  /// What is known of the cluster; shows nothing where this node runs alone.
  std::shared_ptr<cluster_board> cluster{std::make_shared<cluster_board>()};
  /// Questions to other nodes; empty where this node runs alone.
  peer_links peers;

  /// For changes without an actor that remembers under which epoch it was loaded.
  [[nodiscard]] ownership own(task_id task) const { return {task, shards->epoch_of(task)}; }
};

using engine_ptr = std::shared_ptr<const engine>;

/// Failure for an error that CAF itself reports (time-out, receiver gone, ...).
failure from_caf(const caf::error& error);

/// Longest wait for an answer from another actor of this node, when nothing more specific applies. A store write may
/// wait behind reconnects, hence more than the statement time-out.
inline constexpr std::chrono::seconds actor_timeout{60};

/// Asks `dst` and hands over exactly one result: its answer, or the failure that CAF reports. `handler` takes
/// result<T>. `timeout` is a duration of <chrono> or caf::infinite.
template <class T, class Self, class Dst, class Timeout, class Handler, class... Ts>
void ask(Self* self, const Dst& dst, Timeout timeout, Handler handler, Ts&&... args) {
  auto shared = std::make_shared<Handler>(std::move(handler));
  self->request(dst, timeout, std::forward<Ts>(args)...)
      .then([shared](result<T>& answer) { (*shared)(std::move(answer)); },
            [shared](caf::error& error) { (*shared)(result<T>(tl::unexpected<failure>(from_caf(error)))); });
}

/// Commits one change; `handler` takes result<change_receipt>. Without a time-out: the writer answers every change
/// however long the store is away, and one that may still be committed must not be given up. (A timer for each of three
/// commits a call was 7 % of a loaded daemon's time; if the writer dies, CAF answers and the guardian stops the node.)
template <class Self, class Handler>
void commit(Self* self, const engine& eng, store_change change, Handler handler) {
  ask<change_receipt>(self, eng.writer, caf::infinite, std::move(handler), commit_atom::value,
                      std::make_shared<const store_change>(std::move(change)));
}

/// Asks the store; `handler` takes result<Query::answer_type>.
template <class Query, class Self, class Handler>
void read_store(Self* self, const engine& eng, Query query, Handler handler) {
  ask<std::any>(
      self, eng.reader, actor_timeout,
      [handler = std::move(handler)](result<std::any> answer) mutable {
        using value = typename Query::answer_type;
        if (!answer) return handler(result<value>(tl::unexpected<failure>(std::move(answer.error()))));
        handler(result<value>(std::any_cast<value>(std::move(*answer))));
      },
      query_atom::value, std::make_shared<const store_query>(std::move(query)));
}

/// How a provider call may be treated on its way.
struct call_rules {
  bool write{};
  bool repeat{true};                                 ///< False: the caller repeats it himself.
  milliseconds wait_limit{};                         ///< As `provider_call::wait_limit`.
  std::function<bool()> permit{};                    ///< As `provider_call::permit`.
  std::function<milliseconds(steady_time)> admit{};  ///< As `provider_call::admit`.
};
inline const call_rules reading{};
inline const call_rules writing{true, true, milliseconds{10'000}};

/// Calls the provider through the gateway; `invoke(provider, deadline, completion<T>)` starts the call, `handler` takes
/// result<T>.
template <class T, class Self, class Invoke, class Handler>
void call_provider(Self* self, const engine& eng, const char* operation, call_rules rules, Invoke invoke,
                   Handler handler) {
  auto call = std::make_shared<provider_call>();
  call->operation = operation;
  call->write = rules.write;
  call->repeat = rules.repeat;
  call->wait_limit = rules.wait_limit;
  call->permit = std::move(rules.permit);
  call->admit = std::move(rules.admit);
  call->invoke = [invoke = std::move(invoke)](voice_provider& provider, milliseconds deadline,
                                              completion<std::any> done) {
    invoke(provider, deadline, completion<T>([done = std::move(done)](result<T> r) {
             if (!r) return done(tl::unexpected<failure>(std::move(r.error())));
             done(std::any(std::move(*r)));
           }));
  };
  // Waiting in the gateway, back-off and several tries may add up; the gateway itself answers within this.
  ask<std::any>(
      self, eng.gateway, std::chrono::minutes(5),
      [handler = std::move(handler)](result<std::any> answer) mutable {
        if (!answer) return handler(result<T>(tl::unexpected<failure>(std::move(answer.error()))));
        handler(result<T>(std::any_cast<T>(std::move(*answer))));
      },
      call_atom::value, provider_call_ptr(std::move(call)));
}

}  // namespace waihu
