// Sessions of the memory store: commits, accounts, leads and scenes.
#include "persistence/memory_store.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "messages/model/text.hpp"
#include "persistence/memory_session.hpp"
#include "persistence/page_rule.hpp"

namespace waihu {

namespace {

std::uint64_t draw_session(memory_state& state) {
  const std::lock_guard lock{state.mutex};
  return ++state.last_session;
}

}  // namespace

memory_session::memory_session(std::shared_ptr<memory_state> state)
    : state_{std::move(state)}, id_{draw_session(*state_)} {}

memory_session::~memory_session() {
  const std::lock_guard lock{state_->mutex};
  if (state_->claim_session == id_) state_->claim_session = 0;
  for (auto& [name, node] : state_->nodes)
    if (node.session == id_) node.session = 0;
}

commit_report memory_session::commit(std::span<const store_change> changes) {
  const std::lock_guard lock{state_->mutex};
  const auto before = static_cast<std::ptrdiff_t>(state_->events.size());
  commit_report report;
  for (const auto& c : changes) report.receipts.push_back(state_->apply(c));
  report.events.assign(state_->events.begin() + before, state_->events.end());
  return report;
}

result<user_record> memory_session::run(const query::user_by_name& q) {
  const std::lock_guard lock{state_->mutex};
  for (const auto& u : state_->users)
    if (u.username == q.username) return u;
  return fail(errc::not_found, "no such user");
}

result<user_record> memory_session::run(const query::user_by_id& q) {
  const std::lock_guard lock{state_->mutex};
  for (const auto& u : state_->users)
    if (u.id == q.id) return u;
  return fail(errc::not_found, "no such user");
}

result<bool> memory_session::run(const query::replace_password& q) {
  const std::lock_guard lock{state_->mutex};
  for (auto& u : state_->users) {
    if (u.id != q.id || u.password_hash != q.old_hash) continue;
    u.password_hash = q.new_hash;
    return true;
  }
  return false;
}

result<user_record> memory_session::run(const query::create_user& q) {
  const std::lock_guard lock{state_->mutex};
  user_record u;
  u.username = storable_text(q.username);
  u.phone = storable_text(q.phone);
  if (u.username.empty()) return fail(errc::invalid_argument, "a user needs a name");
  for (const auto& other : state_->users)
    if (other.username == u.username) return fail(errc::conflict, "the user name is taken", "username");
  for (const auto& other : state_->users)
    if (!u.phone.empty() && other.phone == u.phone) return fail(errc::conflict, "the phone number is taken", "phone");
  u.id = user_id{state_->next_id()};
  u.password_hash = q.password_hash;
  u.organization_id = storable_text(q.organization_id);
  u.dcc_user = storable_text(q.dcc_user);
  u.dcc_user_org_id = storable_text(q.dcc_user_org_id);
  u.create_time = wall_now();
  u.role = q.role;
  state_->users.push_back(u);
  return u;
}

result<query::page_of<user_record>> memory_session::run(const query::list_users& q) {
  const std::lock_guard lock{state_->mutex};
  const auto wanted = lower_ascii(storable_text(q.holding));
  std::vector<user_record> all;
  for (const auto& u : state_->users)
    for (const auto* text : {&u.username, &u.phone, &u.organization_id, &u.dcc_user_org_id}) {
      if (lower_ascii(*text).find(wanted) == std::string::npos) continue;
      all.push_back(u);
      break;
    }
  return cut_page(std::move(all), q.page);
}

result<user_record> memory_session::run(const query::set_user_role& q) {
  const std::lock_guard lock{state_->mutex};
  const auto is_admin = [](const user_record& u) { return u.role == user_role::admin; };
  const auto found =
      std::find_if(state_->users.begin(), state_->users.end(), [&](const user_record& u) { return u.id == q.id; });
  if (found == state_->users.end()) return fail(errc::not_found, "no such user");
  const bool is_last = is_admin(*found) && std::count_if(state_->users.begin(), state_->users.end(), is_admin) == 1;
  if (is_last && q.role != user_role::admin) return fail(errc::rejected, "this is the last administrator");
  found->role = q.role;
  return *found;
}

result<query::page_of<organization_record>> memory_session::run(const query::list_organizations& q) {
  const std::lock_guard lock{state_->mutex};
  return cut_page(state_->organizations, q.page);
}

result<organization_record> memory_session::run(const query::create_organization& q) {
  const std::lock_guard lock{state_->mutex};
  return create(q);
}

result<organization_record> memory_session::create(const query::create_organization& q) {
  organization_record o;
  o.name = storable_text(q.name);
  o.organization_id = storable_text(q.organization_id);
  if (o.name.empty() || o.organization_id.empty())
    return fail(errc::invalid_argument, "an organisation needs a name and an id");
  for (const auto& other : state_->organizations)
    if (other.name == o.name) return fail(errc::conflict, "the organisation's name is taken", "name");
  for (const auto& other : state_->organizations)
    if (other.organization_id == o.organization_id)
      return fail(errc::conflict, "the organisation's id is taken", "organization_id");
  o.id = state_->next_id();
  o.organization_type = q.organization_type;
  o.create_time = wall_now();
  o.end_time = o.create_time + std::chrono::days{q.end_time_days};
  state_->organizations.push_back(o);
  return o;
}

result<organization_record> memory_session::run(const query::organization_by_id& q) {
  const std::lock_guard lock{state_->mutex};
  for (const auto& o : state_->organizations)
    if (o.organization_id == q.organization_id) return o;
  return fail(errc::not_found, "no such organisation");
}

result<std::vector<bool>> memory_session::run(const query::import_leads& q) {
  if (q.leads.size() > 1000) return fail(errc::invalid_argument, "too many leads at once");
  if (q.organization_id.empty()) return fail(errc::invalid_argument, "leads need an organisation");
  for (const auto& l : q.leads)
    if (l.leads_id.empty()) return fail(errc::invalid_argument, "a lead needs an id");
  const std::lock_guard lock{state_->mutex};
  std::vector<bool> out;
  for (const auto& l : q.leads) {
    lead_record clean = l;
    for (auto* text :
         {&clean.leads_id, &clean.leads_user_name, &clean.leads_user_phone, &clean.leads_product, &clean.leads_type})
      *text = storable_text(*text);
    memory_state::lead_key key{storable_text(q.organization_id), clean.leads_id};
    const auto [place, is_new] = state_->leads.try_emplace(std::move(key));
    if (is_new) place->second = {std::move(clean), state_->next_id()};
    out.push_back(is_new);
  }
  return out;
}

result<std::vector<query::lead_group>> memory_session::run(const query::lead_statistics& q) {
  using enum query::lead_statistics::grouping;
  const std::lock_guard lock{state_->mutex};
  std::map<std::string, query::lead_group> groups;
  if (q.by == none) groups[""];
  const auto organization = storable_text(q.organization_id);
  for (auto i = state_->leads.lower_bound({organization, ""});
       i != state_->leads.end() && i->first.first == organization; ++i) {
    if (!is_under_filter(*state_, i->first, i->second, q.filter)) continue;
    std::string category;
    if (q.by == product) category = i->second.leads_product;
    if (q.by == type) category = i->second.leads_type;
    if (q.by == arrive) category = has_arrived(*state_, i->first) ? "1" : "0";
    auto& group = groups[category];
    group.category = category;
    ++group.count;
    group.leads_ids.push_back(i->second.leads_id);
  }
  std::vector<query::lead_group> out;
  out.reserve(groups.size());
  for (auto& [category, group] : groups) out.push_back(std::move(group));
  return out;
}

result<scene_record> memory_session::run(const query::create_scene& q) {
  const std::lock_guard lock{state_->mutex};
  return create(q);
}

result<scene_record> memory_session::create(const query::create_scene& q) {
  auto s = q.scene;
  if (s.script_id.empty()) return fail(errc::invalid_argument, "a scene needs a script id");
  for (auto* text : {&s.organization_id, &s.script_id, &s.scene_name, &s.scene_detail, &s.bot_name, &s.bot_sex,
                     &s.bot_age, &s.bot_post, &s.bot_style, &s.dialogue_target, &s.dialogue_bg, &s.dialogue_skill,
                     &s.dialogue_flow, &s.dialogue_constraint, &s.dialogue_opening_prompt})
    *text = storable_text(*text);
  for (auto& t : s.scene_tags)
    for (auto* text : {&t.tag_name, &t.tag_detail, &t.tags}) *text = storable_text(*text);
  for (const auto& other : state_->scenes)
    if (other.script_id == s.script_id) return fail(errc::conflict, "the script has a scene already", "script_id");
  s.id = scene_id{state_->next_id()};
  s.create_time = wall_now();
  state_->scenes.push_back(s);
  return s;
}

result<std::vector<scene_record>> memory_session::run(const query::list_scenes& q) {
  const std::lock_guard lock{state_->mutex};
  std::vector<scene_record> out;
  for (const auto& s : state_->scenes)
    if (s.scene_status == 1 && (s.organization_id == q.organization_id || s.scene_type == 1) &&
        (!q.script_id || s.script_id == *q.script_id))
      out.push_back(s);
  return out;
}

std::shared_ptr<memory_state> make_memory_state(std::chrono::milliseconds lease_time) {
  return std::make_shared<memory_state>(lease_time);
}

std::unique_ptr<store> make_memory_store(std::shared_ptr<memory_state> state) {
  return std::make_unique<memory_session>(std::move(state));
}

store_factory make_memory_store_factory(std::shared_ptr<memory_state> state) {
  return [state = std::move(state)] { return make_memory_store(state); };
}

store_factory make_memory_store_factory() { return make_memory_store_factory(make_memory_state()); }

}  // namespace waihu
