#include "http/application.hpp"

#include "http/handlers.hpp"
#include "telemetry/log.hpp"

namespace waihu::http {

std::shared_ptr<const user_record> user_cache::find(user_id id, steady_time now) const {
  const std::lock_guard lock(mutex_);
  const auto it = users_.find(value(id));
  if (it == users_.end() || it->second.until <= now) return nullptr;
  return it->second.user;
}

void user_cache::keep(std::shared_ptr<const user_record> user, steady_time now) {
  const std::lock_guard lock(mutex_);
  if (users_.size() >= limit_) users_.clear();
  const auto id = value(user->id);
  users_[id] = entry{std::move(user), now + life_};
}

services::services(config::http_options http_part, config::auth_options auth_part, zone_clock zone_part,
                   std::shared_ptr<backend> inside_part, std::function<wall_time()> now_part,
                   std::vector<config::setting_presence> settings_part, std::shared_ptr<traffic> counts_part,
                   case_setup cases_part, console page_part)
    : http(std::move(http_part)),
      auth(std::move(auth_part)),
      zone(zone_part),
      settings(std::move(settings_part)),
      inside(std::move(inside_part)),
      now(std::move(now_part)),
      tokens(auth.jwt_secret, auth.token_life, {auth.jwt_previous_secret, auth.clock_skew}),
      proxies(proxy_rules::of(http).value_or(proxy_rules{})),
      counts(std::move(counts_part)),
      cases(std::move(cases_part)),
      page(std::move(page_part)),
      guard(auth.login_failures, auth.login_window),
      dcc_guard(auth.login_failures, auth.login_window),
      users(milliseconds{5'000}),
      import_work(1, 16),
      passwords(2, 64) {}

void log_defect(const request& req, std::string_view what) {
  telemetry::log_event(telemetry::log_level::error, "http", "http.handler_threw",
                       {{"request_id", req.request_id}, {"path", req.path}}, what);
}

}  // namespace waihu::http
