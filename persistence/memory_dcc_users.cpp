// DCC accounts in the memory store.
#include <algorithm>

#include "messages/model/text.hpp"
#include "persistence/memory_session.hpp"
#include "persistence/page_rule.hpp"

namespace waihu {

namespace {

template <class Rows, class Id>
auto* find_by_id(Rows& rows, Id id) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return r.id == id; });
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace

result<dcc_user_record> memory_session::run(const query::dcc_user_by_name& q) {
  const std::lock_guard lock{state_->mutex};
  for (const auto& d : state_->dcc_users)
    if (d.user_name == q.user_name) return d;
  return fail(errc::not_found, "no such DCC account");
}

result<bool> memory_session::run(const query::replace_dcc_password& q) {
  const std::lock_guard lock{state_->mutex};
  auto* d = find_by_id(state_->dcc_users, q.id);
  if (d == nullptr || d->password_hash != q.old_hash) return false;
  d->password_hash = q.new_hash;
  return true;
}

result<bool> memory_session::run(const query::note_dcc_verified& q) {
  const std::lock_guard lock{state_->mutex};
  if (find_by_id(state_->users, q.user) == nullptr || find_by_id(state_->dcc_users, q.dcc_id) == nullptr)
    return fail(errc::conflict, "a rule of the database refuses this");
  std::erase_if(state_->dcc_verifications, [&](const auto& v) {
    return v.first.first == q.user && v.second < q.at - query::dcc_verification_life;
  });
  state_->dcc_verifications[{q.user, q.dcc_id}] = q.at;
  return true;
}

result<user_record> memory_session::run(const query::associate_dcc& q) {
  const std::lock_guard lock{state_->mutex};
  auto* user = find_by_id(state_->users, q.user);
  if (user == nullptr) return fail(errc::not_found, "no such user");
  for (const auto& d : state_->dcc_users) {
    if (d.user_name != q.dcc_user || d.user_org_id != q.dcc_user_org_id || d.user_status != 1) continue;
    const auto verified = state_->dcc_verifications.find({q.user, d.id});
    if (verified == state_->dcc_verifications.end() || verified->second < q.at - query::dcc_verification_life) break;
    user->dcc_user = d.user_name;
    user->dcc_user_org_id = d.user_org_id;
    return *user;
  }
  return fail(errc::rejected, "the DCC account was not verified by this user a short time ago");
}

result<user_record> memory_session::run(const query::disassociate_dcc& q) {
  const std::lock_guard lock{state_->mutex};
  auto* user = find_by_id(state_->users, q.user);
  if (user == nullptr) return fail(errc::not_found, "no such user");
  user->dcc_user.clear();
  user->dcc_user_org_id.clear();
  return *user;
}

result<dcc_user_record> memory_session::run(const query::create_dcc_user& q) {
  const std::lock_guard lock{state_->mutex};
  return create(q);
}

result<dcc_user_record> memory_session::create(const query::create_dcc_user& q) {
  dcc_user_record d;
  d.user_name = storable_text(q.user_name);
  d.user_org_id = storable_text(q.user_org_id);
  if (d.user_name.empty() || d.user_org_id.empty())
    return fail(errc::invalid_argument, "a DCC account needs a name and an organisation");
  for (const auto& other : state_->dcc_users)
    if (other.user_name == d.user_name) return fail(errc::conflict, "the account's name is taken", "user_name");
  for (const auto& other : state_->dcc_users)
    if (other.user_org_id == d.user_org_id)
      return fail(errc::conflict, "the organisation has an account already", "user_org_id");
  d.id = state_->next_id();
  d.password_hash = q.password_hash;
  d.create_time = wall_now();
  state_->dcc_users.push_back(d);
  return d;
}

result<dcc_user_record> memory_session::run(const query::set_dcc_status& q) {
  if (q.user_status != 0 && q.user_status != 1) return fail(errc::invalid_argument, "a status is 0 or 1");
  const std::lock_guard lock{state_->mutex};
  auto* d = find_by_id(state_->dcc_users, q.id);
  if (d == nullptr) return fail(errc::not_found, "no such DCC account");
  d->user_status = q.user_status;
  return *d;
}

result<query::page_of<dcc_user_record>> memory_session::run(const query::list_dcc_users& q) {
  const std::lock_guard lock{state_->mutex};
  return cut_page(state_->dcc_users, q.page);
}

}  // namespace waihu
