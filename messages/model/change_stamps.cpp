#include "messages/model/change_stamps.hpp"

namespace waihu {

void change_stamps::touch(const std::vector<event_record>& committed) noexcept {
  for (const auto& event : committed) {
    ++tasks_[slot_of(event.task)];
    if (event.kind == "task") ++organizations_[slot_of(event.organization_id)];
  }
}

void change_stamps::touch(const store_query& answered) noexcept {
  const auto created = [this](const query::create_task& q) { ++organizations_[slot_of(q.organization_id)]; };
  if (const auto* made = std::get_if<query::create_task>(&answered)) return created(*made);
  if (const auto* once = std::get_if<query::create_once>(&answered)) {
    if (const auto* task = std::get_if<query::creation<query::create_task>>(&once->what)) created(task->ask);
    return;
  }
  if (const auto* scripted = std::get_if<query::set_script>(&answered)) ++tasks_[slot_of(scripted->id)];
}

}  // namespace waihu
