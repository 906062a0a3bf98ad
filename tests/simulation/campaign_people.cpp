// The people of a campaign: they start, suspend, resume and look at random moments, and in the end see to it that what
// they wanted is done.
#include "tests/simulation/campaign.hpp"

namespace waihu::simulation {

void campaign::ask_start(task_id task) {
  auto* node = node_for(task);
  if (node == nullptr) return;
  world_.note("start", static_cast<std::uint64_t>(value(task)));
  caf::anon_send(node->door(), start_atom::value, start_call_task{"ORG001", task, world_.span(100, 3'000)},
                 nobody<started_call_task>());
}

void campaign::ask_switch(task_id task, bool suspend) {
  auto* node = node_for(task);
  if (node == nullptr) return;
  world_.note(suspend ? "suspend" : "resume", static_cast<std::uint64_t>(value(task)));
  caf::anon_send(node->door(), switch_atom::value, suspend_resume_task{"ORG001", task, suspend},
                 nobody<suspended_resumed_task>());
}

void campaign::ask_automation(bool running) {
  auto* node = any_node();
  if (node == nullptr) return;
  world_.note(running ? "automation on" : "automation off", 0);
  caf::anon_send(node->door(), auto_atom::value, switch_automation{"ORG001", running, user_id{1}},
                 nobody<automation_state>());
  // The others are told to look.
  for (const auto& other : nodes_)
    if (other.get() != node && !other->paused()) caf::anon_send(other->door(), sweep_atom::value, nobody<bool>());
}

void campaign::people_act() {
  if (tasks_.empty()) return;
  const auto task = tasks_[world_.random.below(tasks_.size())];
  auto* node = node_for(task);
  if (node == nullptr) return;
  const auto& row = rows_->tasks.at(value(task));
  std::vector<job_row_id> jobs;
  for (const auto id : rows_->jobs_of_task[value(task)]) jobs.push_back(job_row_id{id});
  switch (world_.random.below(8)) {
    case 0:
      world_.count(fault::started_twice);
      ask_start(task);
      return ask_start(task);
    case 1:
    case 2: {
      world_.count(fault::suspended);
      ask_switch(task, true);
      world_.after(world_.span(100, 60'000), [this, task] {
        world_.count(fault::resumed);
        ask_switch(task, false);
      });
      return;
    }
    case 3: {
      world_.count(fault::script_changed);
      query::set_script choice;
      choice.organization_id = row.organization_id;
      choice.id = task;
      choice.script_id = "script_2";
      make_memory_store(rows_)->run(choice);
      return;
    }
    case 4:
      world_.count(fault::looked_at);
      caf::anon_send(node->door(), refresh_atom::value,
                     refresh_jobs{task, jobs, world_.span(0, 5'000), milliseconds{2'000}}, nobody<refreshed_jobs>());
      return;
    case 5:
      world_.count(fault::looked_at);
      caf::anon_send(node->door(), diagnose_atom::value, diagnose_task{"ORG001", task}, nobody<diagnosed_task>());
      return;
    case 6:
      world_.count(fault::switched_off);
      ask_automation(false);
      world_.after(world_.span(100, 120'000), [this] { ask_automation(true); });
      return;
    default: {
      for (const auto id : jobs)
        if (rows_->jobs.at(value(id)).view.job.status != call_status::none) {
          world_.count(fault::followed_up_by_hand);
          make_follow_up wanted;
          wanted.organization_id = row.organization_id;
          wanted.task = task;
          wanted.row = id;
          wanted.force = world_.random.one_in(2);
          caf::anon_send(node->door(), follow_atom::value, wanted, nobody<made_follow_up>());
          return;
        }
    }
  }
}

/// A task whose actor crashed too often waits for people, who restart the daemon (docs/operations.md).
void campaign::free_from_quarantine(task_id task) {
  auto* node = node_for(task);
  if (node == nullptr) return;
  auto see = std::make_shared<const completion<diagnosed_task>>([this, task](const result<diagnosed_task>& found) {
    if (found && found->quarantined)
      world_.after(milliseconds{1'000}, [this, task] { kill(node_for(task), fault::node_killed); });
  });
  caf::anon_send(node->door(), diagnose_atom::value, diagnose_task{"ORG001", task}, std::move(see));
}

/// Whoever wanted a campaign looks again, until it runs.
void campaign::people_see_to_it() {
  if (closing_) return;
  if (world_.faults_over() && !rows_->stopped_organizations.empty()) ask_automation(true);
  for (const auto task : tasks_) {
    const auto& row = rows_->tasks.at(value(task));
    if (row.type == task_type::created) ask_start(task);
    if (row.type == task_type::suspended && world_.faults_over()) ask_switch(task, false);
    if (row.type != task_type::follow_up_complete && world_.faults_over()) free_from_quarantine(task);
  }
  world_.after(world_.span(10'000, 30'000), [this] { people_see_to_it(); });
}

}  // namespace waihu::simulation
