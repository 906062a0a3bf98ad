#include "cluster/peer_door_actor.hpp"

#include <exception>
#include <unordered_map>
#include <utility>

#include "cluster/wire.hpp"
#include "telemetry/log.hpp"

namespace waihu::cluster {

namespace {

using answer_bytes = std::shared_ptr<const std::string>;

}  // namespace

}  // namespace waihu::cluster

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::cluster::answer_bytes)

namespace waihu::cluster {

namespace {

/// The door, and what its own side sends it: a question's number and answer. Others cannot send that: it has no form on
/// the wire.
using whole_door = peer_door::extend<caf::reacts_to<done_atom, std::uint64_t, answer_bytes>>;

struct door_state {
  door_state() = default;  // not an aggregate: CAF would try to build it from `self`
  std::shared_ptr<const door_inside> inside;
  std::size_t limit{};
  std::uint64_t last{};
  std::unordered_map<std::uint64_t, caf::typed_response_promise<std::string>> open;
  static inline const char* name = "peer_door";
};

using door_pointer = whole_door::stateful_pointer<door_state>;

/// Hands a question to the gateway; `done` takes result<std::any>.
template <class Done>
struct question_visitor {
  const http_gateway& gateway;
  const Done& done;

  template <class Question, class... Message>
  void send(Message&&... message) const {
    using answer = answer_of_t<Question>;
    auto hand_over = std::make_shared<const completion<answer>>([take = done](result<answer> r) {
      if (r) take(result<std::any>(std::any(std::move(*r))));
      else take(result<std::any>(tl::unexpected<failure>(std::move(r.error()))));
    });
    caf::anon_send(gateway, std::forward<Message>(message)..., answer_to<answer>(std::move(hand_over)));
  }

  void operator()(const start_call_task& q) const { send<start_call_task>(start_atom::value, q); }
  void operator()(const suspend_resume_task& q) const { send<suspend_resume_task>(switch_atom::value, q); }
  void operator()(const refresh_jobs& q) const { send<refresh_jobs>(refresh_atom::value, q); }
  void operator()(const make_follow_up& q) const { send<make_follow_up>(follow_atom::value, q); }
  void operator()(const diagnose_task& q) const { send<diagnose_task>(diagnose_atom::value, q); }
  void operator()(const fetch_recording& q) const { send<fetch_recording>(record_atom::value, q); }
  void operator()(const explain_job& q) const { send<explain_job>(explain_atom::value, q); }
  void operator()(const describe_task& q) const { send<describe_task>(view_atom::value, q); }
  void operator()(const start_run& q) const { send<start_run>(run_atom::value, q); }
  void operator()(const await_case_calls& q) const { send<await_case_calls>(place_atom::value, q); }
  void operator()(const switch_automation& q) const { send<switch_automation>(auto_atom::value, q); }
  void operator()(const automation_view& q) const { send<automation_view>(auto_atom::value, q); }
  void operator()(const sweep_now&) const { send<sweep_now>(sweep_atom::value); }
  void operator()(const tell_progress_elsewhere& q) const { send<tell_progress_elsewhere>(publish_atom::value, q); }
};

caf::result<std::string> take(door_pointer self, const std::string& bytes) {
  auto& state = self->state;
  auto question = decode_question(bytes);
  if (!question) {
    telemetry::log_repeated(telemetry::log_level::warn, "cluster", "cluster.question_refused", "",
                            {{"bytes", bytes.size()}, {"reason", question.error().message}});
    return encode_failure(question.error());
  }
  const auto gateway = state.inside->gateway();
  if (!gateway) return encode_failure({errc::unavailable, "the node is starting or stopping", {}, 0});
  if (state.open.size() >= state.limit)
    return encode_failure({errc::overloaded, "the node is working on too many questions of others", {}, 0});
  const auto number = ++state.last;
  auto promise = self->make_response_promise<std::string>();
  state.open.emplace(number, promise);
  // Any thread may call it.
  const auto done = [door = whole_door(self), number, asked = *question](const result<std::any>& answer) {
    caf::anon_send(door, done_atom::value, number,
                   answer_bytes(std::make_shared<const std::string>(encode_answer(asked, answer))));
  };
  std::visit(question_visitor<decltype(done)>{gateway, done}, *question);
  return promise;
}

whole_door::behavior_type door_behavior(door_pointer self, std::shared_ptr<const door_inside> inside,
                                        std::size_t limit) {
  self->state.inside = std::move(inside);
  self->state.limit = limit;
  return {
      [self](call_atom, const std::string& bytes) { return take(self, bytes); },
      [self](join_atom, const std::string& node, const caf::strong_actor_ptr& door) {
        const auto links = self->state.inside->links();
        if (links && door) caf::anon_send(links, join_atom::value, node, door);
        return static_cast<bool>(links);
      },
      [self](done_atom, std::uint64_t number, const answer_bytes& bytes) {
        const auto found = self->state.open.find(number);
        if (found == self->state.open.end()) return;
        found->second.deliver(*bytes);
        self->state.open.erase(found);
      },
  };
}

}  // namespace

peer_door spawn_peer_door(caf::actor_system& system, std::shared_ptr<const door_inside> inside, std::size_t limit) {
  return system.spawn(door_behavior, std::move(inside), limit);
}

}  // namespace waihu::cluster
