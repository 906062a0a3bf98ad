// How a question about a task finds the node that follows it: this one, or another that is asked over its link. A shard
// that is being handed over is nobody's for some 100 ms; who asks meanwhile is asked to wait, not refused.
#pragma once

#include <any>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "actors/engine.hpp"

namespace waihu {

/// What a refusal is called that says: ask whoever owns the task now.
inline constexpr const char* elsewhere_code = "elsewhere";
inline tl::unexpected<failure> refused_as_elsewhere() {
  return fail(errc::unavailable, "the task is another node's, or on its way there; ask again", elsewhere_code);
}
/// How often a question looks for the owner again, and after how long.
inline constexpr int owner_tries = 10;
inline constexpr milliseconds owner_pause{100};

/// Something to be done on the gateway's own turn.
using gateway_turn = std::shared_ptr<const std::function<void()>>;

}  // namespace waihu

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::gateway_turn)

namespace waihu {

/// The gateway, with what it sends itself.
using whole_gateway = http_gateway::extend<caf::reacts_to<wake_atom, gateway_turn>>;

/// Asks a node by its name; exactly one result is handed over, by any thread.
template <class T, class Question>
void ask_node(const engine& eng, const std::string& node, const Question& question, const answer_to<T>& done) {
  auto hand_over = std::make_shared<const completion<std::any>>([done](result<std::any> r) {
    if (!r) return (*done)(tl::unexpected<failure>(std::move(r.error())));
    auto* value = std::any_cast<T>(&*r);
    if (value == nullptr) return (*done)(fail(errc::internal, "another node's answer has the wrong type"));
    (*done)(std::move(*value));
  });
  caf::anon_send(eng.peers, ask_atom::value, node,
                 remote_question_ptr(std::make_shared<const remote_question>(question)),
                 answer_to<std::any>(std::move(hand_over)));
}

/// Asks this node by `here(done)` while it owns the task's shard, else the node that does; looks for the owner again
/// while there is none. To be called on the gateway's turn. Of a node that runs alone it is `here`.
template <class T, class Self, class Question, class Here>
void ask_owner(Self* self, const Question& question, const answer_to<T>& done, Here here, int tries = owner_tries) {
  const auto& eng = *self->state.eng;
  if (!eng.peers) return here(done);
  auto answer = done;
  if (tries > 0) {
    auto again = std::make_shared<const std::function<void()>>(
        [self, question, done, here, tries] { ask_owner<T>(self, question, done, here, tries - 1); });
    answer = std::make_shared<const completion<T>>([gateway = whole_gateway(self), again, done](result<T> r) {
      if (r || r.error().vendor_code != elsewhere_code) return (*done)(std::move(r));
      caf::delayed_anon_send(gateway, owner_pause, wake_atom::value, gateway_turn(again));
    });
  }
  if (eng.shards->owns(question.task)) return here(answer);
  const auto owner = eng.cluster->owner_of(question.task);
  if (!owner.empty() && owner != eng.node) return ask_node<T>(eng, owner, question, answer);
  (*answer)(fail(errc::unavailable, "no node owns the task now; ask again", elsewhere_code));
}

/// The other nodes that have been heard of lately.
inline std::vector<std::string> other_nodes(const engine& eng) {
  std::vector<std::string> names;
  const auto view = eng.peers ? eng.cluster->look() : nullptr;
  if (!view) return names;
  for (const auto& member : view->members)
    if (member.node != eng.node && !member.alone && member.beat_age < eng.options.node.lease_time)
      names.push_back(member.node);
  return names;
}

/// Tells all of them something whose answer nobody waits for: one that does not hear it goes without.
template <class Question>
void tell_others(const engine& eng, const Question& told) {
  const auto nobody_waits = std::make_shared<const completion<bool>>([](const result<bool>&) {});
  for (const auto& node : other_nodes(eng)) ask_node<bool>(eng, node, told, answer_to<bool>(nobody_waits));
}

}  // namespace waihu
