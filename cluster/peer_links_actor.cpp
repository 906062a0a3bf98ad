#include "cluster/peer_links_actor.hpp"

#include <algorithm>
#include <exception>
#include <map>
#include <unordered_map>
#include <utility>

#include "cluster/wire.hpp"
#include "telemetry/log.hpp"

namespace waihu::cluster {

namespace {

using dial_outcome = std::shared_ptr<const result<peer_door>>;

}  // namespace

}  // namespace waihu::cluster

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::cluster::dial_outcome)

namespace waihu::cluster {

namespace {

using telemetry::log_event;
using telemetry::log_level;

/// How often it looks at who is there.
constexpr milliseconds look_interval{100};
constexpr milliseconds greeting_interval{1'000};
constexpr milliseconds shortest_back_off{100}, longest_back_off{2'000};
/// Of two nodes the one with the lesser name makes the link. The other does so only where it has waited in vain: a
/// second connection would end the first.
constexpr milliseconds courtesy{5'000};

/// With what its own dialler tells: the node that was dialled, the number of the attempt, and what came of it.
using whole_links = greeted_links::extend<caf::reacts_to<done_atom, std::string, std::uint64_t, dial_outcome>>;

struct link {
  std::string process;   ///< Which process of the node it leads to.
  std::string address;   ///< "host:port".
  peer_door door;        ///< Empty while there is none.
  std::uint64_t dial{};  ///< Number of the attempt under way; 0 = none.
  steady_time next_dial{};
  bool greeted{};  ///< The node has this one's door, too.
  steady_time next_greeting{};
  milliseconds back_off{shortest_back_off};
  std::size_t open{};  ///< Questions not answered yet.
};

struct open_ask {
  std::string node;
  remote_question_ptr question;
  answer_to<std::any> done;
};

struct links_state {
  links_state() = default;  // not an aggregate: CAF would try to build it from `self`
  ~links_state() {
    for (const auto& [number, ask] : asks) (*ask.done)(fail(errc::cancelled, "the daemon is stopping"));
    if (!options.counts) return;
    options.counts->links = 0;
    options.counts->open = 0;
  }
  links_state(const links_state&) = delete;
  links_state& operator=(const links_state&) = delete;
  peer_links_options options;
  std::map<std::string, link> links;  ///< By node.
  std::unordered_map<std::uint64_t, open_ask> asks;
  std::uint64_t last{};  ///< Number given last, of questions and attempts.
  static inline const char* name = "peer_links";
};

using links_pointer = whole_links::stateful_pointer<links_state>;

/// What is said of a question whose link broke or whose answer did not come.
failure broken(const remote_question& question, const char* what) {
  return {changes_something(question) ? errc::lost : errc::unavailable, what, {}, 0};
}

/// Only once for each question: it may be answered, its link may break, its time may be over.
void answer(links_pointer self, std::uint64_t number, result<std::any> what) {
  auto& state = self->state;
  const auto found = state.asks.find(number);
  if (found == state.asks.end()) return;
  const auto ask = std::move(found->second);
  state.asks.erase(found);
  state.options.counts->open.fetch_sub(1);
  if (const auto to = state.links.find(ask.node); to != state.links.end() && to->second.open > 0) --to->second.open;
  state.options.counts->asks.add(what);
  (*ask.done)(std::move(what));
}

/// The handle is dead, or its node is another process now: nobody answers over it any more.
void drop(links_pointer self, const std::string& node, link& dropped, std::string_view why) {
  auto& state = self->state;
  if (dropped.door) {
    self->demonitor(dropped.door.address());
    dropped.door = nullptr;
    state.options.counts->links.fetch_sub(1);
    log_event(log_level::warn, "cluster", "cluster.link_down",
              {{"node", state.options.node}, {"peer", node}, {"reason", why}});
  }
  dropped.dial = 0;
  dropped.greeted = false;
  std::vector<std::uint64_t> unanswered;
  for (const auto& [number, ask] : state.asks)
    if (ask.node == node) unanswered.push_back(number);
  for (const auto number : unanswered) {
    const auto found = state.asks.find(number);
    if (found == state.asks.end()) continue;
    const auto question = found->second.question;
    answer(self, number, tl::unexpected<failure>(broken(*question, "the link to the node broke")));
  }
}

void dial(links_pointer self, const std::string& node, link& wanted) {
  auto& state = self->state;
  wanted.dial = ++state.last;
  const auto patience = std::max(state.options.cluster.link_timeout / 2, milliseconds{250});
  // Its own thread: it waits for the network.
  self->spawn<caf::detached>([links = whole_links(self), node, number = wanted.dial, address = wanted.address,
                              patience](caf::blocking_actor* dialler) {
    dial_outcome outcome;
    try {
      outcome = std::make_shared<const result<peer_door>>(reach_door(dialler->system(), address, patience));
    } catch (const std::exception& thrown) {
      outcome = std::make_shared<const result<peer_door>>(fail(errc::internal, thrown.what()));
    }
    caf::anon_send(links, done_atom::value, node, number, std::move(outcome));
  });
}

/// From now on the node is asked by this door.
void take_up(links_pointer self, const std::string& node, link& made, const peer_door& door) {
  auto& state = self->state;
  made.door = door;
  made.dial = 0;
  made.back_off = shortest_back_off;
  self->monitor(made.door);
  state.options.counts->links.fetch_add(1);
  log_event(log_level::info, "cluster", "cluster.link_up",
            {{"node", state.options.node}, {"peer", node}, {"address", made.address}});
}

/// Gives the node this one's door, so that it can ask over the same connection.
void greet(links_pointer self, const std::string& node, link& made) {
  auto& state = self->state;
  made.next_greeting = self->clock().now() + greeting_interval;
  self->request(made.door, greeting_interval, join_atom::value, state.options.node,
                caf::actor_cast<caf::strong_actor_ptr>(state.options.door))
      .then(
          [self, node, door = made.door](bool heard) {
            const auto found = self->state.links.find(node);
            if (found != self->state.links.end() && found->second.door == door && heard) found->second.greeted = true;
          },
          [](const caf::error&) {
            // It is greeted again while the link stands.
          });
}

void dialled(links_pointer self, const std::string& node, std::uint64_t number, const result<peer_door>& outcome) {
  auto& state = self->state;
  const auto found = state.links.find(node);
  if (found == state.links.end() || found->second.dial != number) return;
  auto& made = found->second;
  made.dial = 0;
  if (!outcome) {
    made.next_dial = self->clock().now() + made.back_off;
    made.back_off = std::min(made.back_off * 2, longest_back_off);
    telemetry::log_repeated(
        log_level::warn, "cluster", "cluster.link_failed", node,
        {{"node", state.options.node}, {"peer", node}, {"address", made.address}, {"reason", outcome.error().message}});
    return;
  }
  if (made.door) return;  // it made the link itself meanwhile
  take_up(self, node, made, *outcome);
  greet(self, node, made);
}

/// The other node has made the link.
void greeted(links_pointer self, const std::string& node, const caf::strong_actor_ptr& door) {
  auto& state = self->state;
  if (node == state.options.node) return;
  auto& to = state.links[node];
  const auto theirs = caf::actor_cast<peer_door>(door);
  if (to.door != theirs) {
    drop(self, node, to, "the node has made a new link");
    take_up(self, node, to, theirs);
  }
  to.greeted = true;
}

/// Ends links to who has gone, and makes those that are missing.
void mend(links_pointer self) {
  auto& state = self->state;
  const auto view = state.options.members();
  if (!view) return;
  const auto now = self->clock().now();
  std::map<std::string, const cluster_member*> there;
  for (const auto& member : view->members) {
    const bool is_other = member.node != state.options.node && !member.peer_address.empty() && !member.alone;
    if (is_other && member.beat_age < state.options.lease_time) there.emplace(member.node, &member);
  }
  for (auto it = state.links.begin(); it != state.links.end();) {
    // A link that stands says more than a row of the store: its node may only be cut off from the store.
    if (!there.contains(it->first) && !it->second.door) it = state.links.erase(it);
    else ++it;
  }
  for (const auto& [node, member] : there) {
    const auto process =
        member->peer_address + ' ' + member->address + ' ' + std::to_string(to_epoch_ms(member->started_at));
    auto& to = state.links[node];
    if (to.process != process) {
      // Of a process that has gone the link breaks by itself; one that stands may be the new one's already.
      to.process = process;
      to.address = member->peer_address;
      to.back_off = shortest_back_off;
      to.next_dial = now + (state.options.node < node ? milliseconds{0} : courtesy);
    }
    if (!to.door && to.dial == 0 && to.next_dial <= now) dial(self, node, to);
    if (to.door && !to.greeted && to.next_greeting <= now) greet(self, node, to);
  }
}

void link_down(links_pointer self, const caf::down_msg& down) {
  auto& state = self->state;
  for (auto& [node, to] : state.links) {
    if (!to.door || to.door.address() != down.source) continue;
    drop(self, node, to, self->system().render(down.reason));
    to.next_dial = self->clock().now() + shortest_back_off + (state.options.node < node ? milliseconds{0} : courtesy);
    return;
  }
}

void ask(links_pointer self, const std::string& node, const remote_question_ptr& question,
         const answer_to<std::any>& done) {
  auto& state = self->state;
  const auto refuse = [&](failure why) {
    state.options.counts->asks.failed(why.code);
    (*done)(tl::unexpected<failure>(std::move(why)));
  };
  const auto found = state.links.find(node);
  if (found == state.links.end() || !found->second.door)
    return refuse({errc::unavailable, "there is no link to the node", {}, 0});
  auto& to = found->second;
  if (to.open >= state.options.most_open)
    return refuse({errc::overloaded, "too many questions to the node are open", {}, 0});
  auto bytes = encode_question(*question);
  if (!bytes) return refuse(bytes.error());
  const auto number = ++state.last;
  state.asks.emplace(number, open_ask{node, question, done});
  ++to.open;
  state.options.counts->open.fetch_add(1);
  self->request(to.door, patience_for(*question, state.options.cluster.ask_timeout), call_atom::value,
                std::move(*bytes))
      .then([self, number,
             question](const std::string& answered) { answer(self, number, decode_answer(*question, answered)); },
            [self, number, question](const caf::error&) {
              answer(self, number, tl::unexpected<failure>(broken(*question, "the node did not answer in time")));
            });
}

whole_links::behavior_type links_behavior(links_pointer self, peer_links_options options) {
  self->state.options = std::move(options);
  self->set_down_handler([self](const caf::down_msg& down) { link_down(self, down); });
  self->set_exception_handler([self](std::exception_ptr& thrown) -> caf::error {
    std::string what = "unknown";
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& e) {
      what = e.what();
    } catch (...) {  // said as unknown
    }
    log_event(log_level::error, "cluster", "cluster.links_crashed", {{"reason", what}});
    return caf::exit_reason::unhandled_exception;
  });
  self->send(self, tick_atom::value);
  return {
      [self](join_atom, const std::string& node, const caf::strong_actor_ptr& door) { greeted(self, node, door); },
      [self](ask_atom, const std::string& node, const remote_question_ptr& question, const answer_to<std::any>& done) {
        ask(self, node, question, done);
      },
      [self](tick_atom) {
        mend(self);
        self->delayed_send(self, look_interval, tick_atom::value);
      },
      [self](done_atom, const std::string& node, std::uint64_t number, const dial_outcome& outcome) {
        dialled(self, node, number, *outcome);
      },
  };
}

}  // namespace

bool changes_something(const remote_question& question) noexcept {
  return std::visit(
      []<class Q>(const Q&) {
        return std::same_as<Q, start_call_task> || std::same_as<Q, suspend_resume_task> ||
               std::same_as<Q, make_follow_up> || std::same_as<Q, start_run> || std::same_as<Q, await_case_calls> ||
               std::same_as<Q, switch_automation>;
      },
      question);
}

milliseconds patience_for(const remote_question& question, milliseconds ask_timeout) noexcept {
  struct longest {
    // The other node's own limits (http_gateway_actor.cpp), and a little for the way.
    milliseconds operator()(const start_call_task& q) const { return q.budget + minutes{5}; }
    milliseconds operator()(const suspend_resume_task&) const { return minutes{1}; }
    milliseconds operator()(const make_follow_up&) const { return minutes{5}; }
    milliseconds operator()(const fetch_recording&) const { return seconds{30}; }
    milliseconds operator()(const start_run&) const { return minutes{1}; }
    milliseconds operator()(const await_case_calls& q) const { return q.budget + seconds{10}; }
    milliseconds operator()(const switch_automation&) const { return minutes{1}; }
    // Reads: somebody waits who is helped by older figures, too.
    milliseconds operator()(const refresh_jobs& q) const { return q.budget; }
    milliseconds operator()(const diagnose_task&) const { return {}; }
    milliseconds operator()(const explain_job&) const { return {}; }
    milliseconds operator()(const describe_task&) const { return {}; }
    milliseconds operator()(const automation_view&) const { return {}; }
    milliseconds operator()(const sweep_now&) const { return {}; }
    milliseconds operator()(const tell_progress_elsewhere&) const { return {}; }
  };
  return ask_timeout + std::visit(longest{}, question);
}

greeted_links spawn_peer_links(caf::actor_system& system, peer_links_options options) {
  return system.spawn(links_behavior, std::move(options));
}

}  // namespace waihu::cluster
