// Everything between a request whose bytes have arrived and its answer: routes, who asks and may they, and what
// handlers share. Knows neither sockets nor Beast; reaches store and actors only through `backend`.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/case_scripts.hpp"
#include "config/options.hpp"
#include "config/presence.hpp"
#include "http/client_address.hpp"
#include "http/console.hpp"
#include "http/exchange.hpp"
#include "http/kept_figures.hpp"
#include "http/login_guard.hpp"
#include "http/password.hpp"
#include "http/token.hpp"
#include "http/traffic.hpp"
#include "http/work_pool.hpp"
#include "http/zone_clock.hpp"
#include "messages/backend.hpp"

namespace waihu::http {

/// Users asked from the store a moment ago, so that a token costs no query each time. A change of a user takes effect
/// after at most `life`. Thread-safe.
class user_cache {
 public:
  explicit user_cache(milliseconds life, std::size_t limit = 10'000) : life_(life), limit_(limit) {}
  std::shared_ptr<const user_record> find(user_id id, steady_time now) const;
  void keep(std::shared_ptr<const user_record> user, steady_time now);

 private:
  struct entry {
    std::shared_ptr<const user_record> user;
    steady_time until;
  };
  const milliseconds life_;
  const std::size_t limit_;
  mutable std::mutex mutex_;
  std::unordered_map<std::int64_t, entry> users_;
};

/// A task's figures, and when the store last counted its rows for them, not only looked whether it had to.
struct counted_standing {
  query::task_standing stored;
  steady_time counted{};
};

/// What became of a day's calls, and until when that may be told again.
struct day_figures {
  std::vector<query::outcome_count> counts;
  steady_time good_until{};
};

/// What is configured of calls to the parties of cases.
struct case_setup {
  config::cases_options options;
  config::case_scripts scripts;
  std::string instance_id;  ///< The provider's instance that all calls are made with.
};

/// What all handlers share. One per server; thread-safe by its members.
struct services {
  services(config::http_options http_part, config::auth_options auth_part, zone_clock zone_part,
           std::shared_ptr<backend> inside_part, std::function<wall_time()> now_part,
           std::vector<config::setting_presence> settings_part = {},
           std::shared_ptr<traffic> counts_part = std::make_shared<traffic>(), case_setup cases_part = {},
           console page_part = {});

  const config::http_options http;
  const config::auth_options auth;
  const zone_clock zone;
  const std::vector<config::setting_presence> settings;
  const std::shared_ptr<backend> inside;
  const std::function<wall_time()> now;
  const token_mint tokens;
  const proxy_rules proxies;
  const std::shared_ptr<traffic> counts;
  const case_setup cases;
  const console page;
  const outstanding_count outstanding{counts, &counts->outstanding};
  std::atomic<int> requests_inside{0};  ///< Taken and not answered yet.
  const std::shared_ptr<std::atomic<int>> imports{std::make_shared<std::atomic<int>>(0)};
  login_guard guard;
  login_guard dcc_guard;  ///< The same for the passwords of DCC accounts.
  user_cache users;
  kept_figures<std::int64_t, counted_standing> standings;                      ///< By task.
  kept_figures<std::string, std::vector<query::task_type_count>> type_counts;  ///< By organisation.
  kept_figures<std::string, day_figures> day_outcomes;                         ///< By organisation and day.
  work_pool import_work;  ///< Reads uploaded files. Pools come last: their threads end before the rest goes.
  password_workers passwords;
};

/// A request's place among those being worked on, from when it was taken until it is answered. Who has one is not
/// refused half-way: work that was done for an answer nobody gets is lost for all.
class place_inside {
 public:
  place_inside(std::atomic<int>& taken, int limit) : taken_(taken), is_held_(taken.fetch_add(1) < limit) {}
  ~place_inside() { taken_.fetch_sub(1); }
  place_inside(const place_inside&) = delete;
  place_inside& operator=(const place_inside&) = delete;
  /// False: there was none; to be answered 503.
  bool is_held() const noexcept { return is_held_; }

 private:
  std::atomic<int>& taken_;
  const bool is_held_;
};

/// One request on its way through a handler. Lives in the frame of `application::handle`.
struct call {
  services& s;
  const request& req;
  std::shared_ptr<reactor> where;
  std::vector<name_value> path;               ///< Values of the pattern's `{name}` parts.
  std::shared_ptr<const token_claims> token;  ///< Of authenticated calls.
  std::shared_ptr<const user_record>
      signed_user;           ///< The same person as the store knows it; without the password hash.
  std::string organization;  ///< The organisation the user acts for.
  bool is_signed_in{false};  ///< `token`, `signed_user` and `organization` are set.

  const user_record& user() const noexcept { return *signed_user; }

  /// Asks the store.
  template <class Query>
  pending<typename Query::answer_type> ask(Query q) const {
    using answer = typename Query::answer_type;
    typename pending<answer>::initiator initiate = [b = s.inside, q = std::move(q)](completion<answer> done) {
      b->read(q, std::move(done));
    };
    return pending<answer>(where, s.http.request_timeout, s.outstanding, std::move(initiate));
  }
  /// Asks a live actor by one of the backend's methods, waiting `extra` beyond the usual time.
  template <class T, class Message>
  pending<T> ask_live(void (backend::*method)(Message, completion<T>), Message m, milliseconds extra = {}) const {
    typename pending<T>::initiator initiate = [b = s.inside, method, m = std::move(m)](completion<T> done) {
      (b.get()->*method)(m, std::move(done));
    };
    return pending<T>(where, s.http.request_timeout + extra, s.outstanding, std::move(initiate));
  }
  std::string_view path_part(std::string_view name) const;
};

/// Who may call a route.
enum class access : std::uint8_t {
  open,    ///< Anybody.
  token,   ///< Who has a token, bound to an organisation or not.
  reader,  ///< A user bound to an organisation, any role.
  writer,  ///< The same, but not a viewer.
  admin,   ///< An administrator.
};

/// What body a route takes. `messages`: none, the connection becomes a WebSocket, whose first message may bring the
/// token instead of a header (pages in browsers cannot set one).
enum class body_kind : std::uint8_t { none, json, form, messages };

struct route {
  std::string_view method;
  std::string_view pattern;  ///< `/api/scenes/{script_id}`
  access who;
  body_kind body;
  async<response> (*handler)(call&);
};

/// The table of all routes.
const std::vector<route>& routes();

/// The application behind one server.
class application {
 public:
  explicit application(std::shared_ptr<services> shared) : shared_(std::move(shared)) {}

  /// What to do with the body of a request whose head has arrived.
  body_rule head_arrived(const request& head) const;
  /// Answers one request. `req` outlives the coroutine. Never throws.
  async<response> handle(const request& req, std::shared_ptr<reactor> where) const;
  /// Headers that every answer carries, CORS among them.
  void decorate(const request& req, response& answer) const;
  services& shared() const noexcept { return *shared_; }

 private:
  async<response> dispatch(call& c) const;
  std::shared_ptr<services> shared_;
};

/// Fills in who asks by this token, and checks that he may; else the answer that refuses him.
async<std::optional<response>> sign_in(call& c, access who, std::string_view token);

/// The token of a request: header access-token, else Authorization, without "Bearer "; empty when it brings none.
std::string_view presented_token(const request& req);

/// Splits and decodes a request target into path and query. False when it is malformed.
bool read_target(std::string_view target, request& into);

}  // namespace waihu::http
