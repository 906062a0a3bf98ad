#include "http/application.hpp"

#include <sodium.h>

#include <algorithm>

#include "http/handlers.hpp"
#include "telemetry/log.hpp"

namespace waihu::http {

std::optional<user_record> user_cache::find(user_id id, steady_time now) const {
  const std::lock_guard lock(mutex_);
  const auto it = users_.find(value(id));
  if (it == users_.end() || it->second.until <= now) return std::nullopt;
  return it->second.user;
}

void user_cache::keep(const user_record& user, steady_time now) {
  const std::lock_guard lock(mutex_);
  if (users_.size() >= limit_) users_.clear();
  users_[value(user.id)] = entry{user, now + life_};
}

namespace {
/// What is kept of a body to recognise it: SHA-256, so that big bodies cost no memory.
std::string digest_of(const std::string& body) {
  std::string out(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(body.data()),
                     body.size());
  return out;
}
}  // namespace

replay_cache::finding replay_cache::begin(const std::string& key, const std::string& body, steady_time now,
                                          response& earlier) {
  const std::lock_guard lock(mutex_);
  const auto it = entries_.find(key);
  if (it != entries_.end() && it->second.until > now) {
    if (it->second.body_digest != digest_of(body)) return finding::mismatch;
    if (!it->second.answer) return finding::busy;
    earlier = *it->second.answer;
    return finding::replay;
  }
  if (entries_.size() >= limit) std::erase_if(entries_, [now](const auto& e) { return e.second.until <= now; });
  if (entries_.size() >= limit) {
    const auto oldest = std::min_element(entries_.begin(), entries_.end(),
                                         [](const auto& a, const auto& b) { return a.second.until < b.second.until; });
    entries_.erase(oldest);
  }
  entries_[key] = entry{digest_of(body), std::nullopt, now + std::chrono::hours{24}};
  return finding::fresh;
}

void replay_cache::finish(const std::string& key, const response& answer) {
  const std::lock_guard lock(mutex_);
  if (const auto it = entries_.find(key); it != entries_.end()) it->second.answer = answer;
}

void replay_cache::forget(const std::string& key) {
  const std::lock_guard lock(mutex_);
  entries_.erase(key);
}

services::services(config::http_options http_part, config::auth_options auth_part, zone_clock zone_part,
                   std::shared_ptr<backend> inside_part, std::function<wall_time()> now_part,
                   std::vector<config::setting_presence> settings_part)
    : http(std::move(http_part)),
      auth(std::move(auth_part)),
      zone(zone_part),
      settings(std::move(settings_part)),
      inside(std::move(inside_part)),
      now(std::move(now_part)),
      tokens(auth.jwt_secret, auth.token_life),
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
