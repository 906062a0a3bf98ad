#include "tests/cluster/linked_node.hpp"

#include <condition_variable>
#include <stdexcept>

namespace waihu::test {

namespace {

http_gateway::behavior_type scripted_gateway(http_gateway::pointer, const std::shared_ptr<script>& does) {
  const auto nothing = [](const auto& done) { (*done)(fail(errc::not_found, "nothing is scripted")); };
  return {
      [nothing](start_atom, const start_call_task&, const answer_to<started_call_task>& done) { nothing(done); },
      [does, nothing](switch_atom, const suspend_resume_task& q, const answer_to<suspended_resumed_task>& done) {
        if (does->suspend_resume) does->suspend_resume(q, done);
        else nothing(done);
      },
      [nothing](refresh_atom, const refresh_jobs&, const answer_to<refreshed_jobs>& done) { nothing(done); },
      [nothing](follow_atom, const make_follow_up&, const answer_to<made_follow_up>& done) { nothing(done); },
      [nothing](diagnose_atom, const diagnose_task&, const answer_to<diagnosed_task>& done) { nothing(done); },
      [nothing](record_atom, const fetch_recording&, const answer_to<std::string>& done) { nothing(done); },
      [nothing](explain_atom, const explain_job&, const answer_to<explained_job>& done) { nothing(done); },
      [does, nothing](view_atom, const describe_task& q, const answer_to<described_task>& done) {
        if (does->describe) does->describe(q, done);
        else nothing(done);
      },
      [nothing](auto_atom, const switch_automation&, const answer_to<automation_state>& done) { nothing(done); },
      [nothing](auto_atom, const automation_view&, const answer_to<automation_state>& done) { nothing(done); },
      [](publish_atom, const tell_progress_elsewhere&, const answer_to<bool>& done) { (*done)(true); },
      [](sweep_atom, const answer_to<bool>& done) { (*done)(true); },
      [nothing](run_atom, const start_run&, const answer_to<run_record>& done) { nothing(done); },
      [nothing](place_atom, const await_case_calls&, const answer_to<bool>& done) { nothing(done); },
      [nothing](place_atom, const cancel_case_call&, const answer_to<bool>& done) { nothing(done); },
      [nothing](join_atom, const subscription_ptr&, const answer_to<std::uint64_t>& done) { nothing(done); },
      [](leave_atom, std::uint64_t) {},
  };
}

template <class Handle>
void end(Handle& handle) {
  caf::anon_send_exit(handle, caf::exit_reason::user_shutdown);
  handle = nullptr;
}

}  // namespace

void member_list::enter(const std::string& node, const std::string& peer_address) {
  remove(node);
  const std::lock_guard lock(mutex_);
  cluster_member member;
  member.node = node;
  member.address = "host:1";
  member.peer_address = peer_address;
  member.started_at = from_epoch_ms(++started_);
  view_.members.push_back(std::move(member));
}

void member_list::remove(const std::string& node) {
  const std::lock_guard lock(mutex_);
  std::erase_if(view_.members, [&](const auto& member) { return member.node == node; });
}

std::shared_ptr<const cluster_view> member_list::look() const {
  const std::lock_guard lock(mutex_);
  return std::make_shared<const cluster_view>(view_);
}

linked_node::linked_node(std::string name, const config::cluster_options& options, std::shared_ptr<member_list> members,
                         std::shared_ptr<script> does)
    : config_(std::make_unique<caf::actor_system_config>()) {
  config_->set("scheduler.policy", caf::atom("sharing"));
  config_->set("scheduler.max-threads", std::size_t{2});
  config_->set("logger.verbosity", caf::atom("quiet"));
  cluster::set_up_links(*config_, options);
  system_ = std::make_unique<caf::actor_system>(*config_);
  gateway_ = system_->spawn(scripted_gateway, std::move(does));
  auto inside = std::make_shared<cluster::door_inside>();
  door_ = cluster::spawn_peer_door(*system_, inside);
  const auto bound = cluster::open_door(door_, options);
  if (!bound) throw std::runtime_error(bound.error().message);
  port_ = *bound;
  address_ = cluster::peer_address(options, port_);
  members->enter(name, address_);
  cluster::peer_links_options linking;
  linking.node = std::move(name);
  linking.cluster = options;
  linking.door = door_;
  linking.members = [members] { return members->look(); };
  linking.counts = counts_;
  linking.most_open = 50;
  links_ = cluster::spawn_peer_links(*system_, std::move(linking));
  inside->set(gateway_, links_);
}

linked_node::~linked_node() {
  end(links_);
  end(door_);
  end(gateway_);
  system_.reset();
}

std::future<result<std::any>> linked_node::ask(const std::string& node, remote_question question) {
  auto told = std::make_shared<std::promise<result<std::any>>>();
  auto answer = told->get_future();
  caf::anon_send(links_, ask_atom::value, node, std::make_shared<const remote_question>(std::move(question)),
                 answer_to<std::any>(std::make_shared<const completion<std::any>>(
                     [told](result<std::any> r) { told->set_value(std::move(r)); })));
  return answer;
}

result<std::any> linked_node::answer(const std::string& node, remote_question question) {
  return ask(node, std::move(question)).get();
}

bool eventually(const std::function<bool()>& holds) {
  std::mutex guard;
  std::condition_variable never;
  std::unique_lock lock(guard);
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    never.wait_for(lock, std::chrono::milliseconds(5));  // the interval of a poll
  }
  return true;
}

}  // namespace waihu::test
