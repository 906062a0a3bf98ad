#include "actors/departures.hpp"

#include <algorithm>

namespace waihu {

departures::departures(double organization_per_s, double account_per_s, bool is_shared, steady_time closed_until)
    : organization_per_s_(organization_per_s),
      is_shared_(is_shared),
      closed_until_(closed_until),
      account_{sliding_rate{account_per_s, departure_spread}, 0, {}} {}

departures::limit& departures::of_organization(const std::string& organization_id) {
  const limit fresh{sliding_rate{organization_per_s_, departure_spread}, 0, {}};
  return organizations_.try_emplace(organization_id, fresh).first->second;
}

void departures::set_share(const std::string& organization_id, double calls_per_s, steady_time until) {
  const std::lock_guard lock{turn_};
  auto& of = organization_id.empty() ? account_ : of_organization(organization_id);
  of.share = calls_per_s;
  of.until = until;
}

void departures::end_shares_by(steady_time latest) {
  const std::lock_guard lock{turn_};
  account_.until = std::min(account_.until, latest);
  for (auto& [id, of] : organizations_) of.until = std::min(of.until, latest);
}

std::size_t departures::room(limit& of, steady_time now) const {
  if (is_shared_) of.gone.set_rate(now < of.until ? of.share : 0);
  return of.gone.room(now);
}

bool departures::take(const std::string& organization_id, std::size_t calls, steady_time now) {
  auto& organization = of_organization(organization_id);
  if (now < closed_until_ || std::min(room(organization, now), room(account_, now)) < calls) return false;
  organization.gone.take(calls, now);
  account_.gone.take(calls, now);
  return true;
}

milliseconds departures::admit(const std::string& organization_id, std::size_t calls, steady_time now) {
  const std::lock_guard lock{turn_};
  if (take(organization_id, calls, now)) return milliseconds{0};
  const auto next = std::max(of_organization(organization_id).gone.next_in(now), account_.gone.next_in(now));
  return std::max({next, std::chrono::ceil<milliseconds>(closed_until_ - now), milliseconds{10}});
}

bool departures::leave(const std::string& organization_id, std::size_t calls, steady_time admitted, steady_time now) {
  if (now - admitted <= departure_spread) return true;
  const std::lock_guard lock{turn_};
  return take(organization_id, calls, now);
}

}  // namespace waihu
