// GET /api/events and GET /api/ws: http-api.md section 7.
#include <algorithm>
#include <cctype>

#include "http/body_fields.hpp"
#include "http/event_feed.hpp"
#include "http/event_socket.hpp"
#include "http/handlers.hpp"
#include "http/json_writer.hpp"
#include "http/task_view.hpp"

namespace waihu::http {

namespace {

/// Where to begin: parameter, or the header, which counts when both are given. Nothing: now.
std::optional<std::int64_t> wanted_position(const call& c, body_fields& parameters) {
  auto after = parameters.integer("last_event_id", 0);
  if (const auto* h = c.req.header("last-event-id")) {
    // Browsers send back whatever we sent; anything else is no position of ours.
    if (const auto n = parse_integer(*h); n && *n >= 0) after = n;
  }
  return after;
}

bool is_same_host(std::string_view origin, const std::string* host) {
  const auto scheme = origin.find("://");
  if (scheme == std::string_view::npos || host == nullptr) return false;
  const auto from = origin.substr(scheme + 3);
  return from.size() == host->size() && std::equal(from.begin(), from.end(), host->begin(), [](char a, char b) {
           return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
         });
}

/// Whether the page that asks, if it is a page, may: ours, or one of http.cors_origins. Browsers ask nobody before they
/// open a WebSocket elsewhere.
bool may_ask_from(const call& c) {
  const auto* origin = c.req.header("origin");
  if (origin == nullptr || is_same_host(*origin, c.req.header("host"))) return true;
  const auto& allowed = c.s.http.cors_origins;
  return std::find(allowed.begin(), allowed.end(), *origin) != allowed.end();
}

}  // namespace

async<tl::expected<std::shared_ptr<event_feed>, response>> open_event_feed(call& c, event_form form) {
  body_fields parameters(c.req.query);
  const auto task = parameters.integer("task_id");
  const auto after = wanted_position(c, parameters);
  if (!parameters.ok()) co_return tl::unexpected(invalid_answer(c.req, parameters.errors()));
  event_feed::position from;
  from.organization = c.organization;
  from.expires = c.token->expires_at + c.s.tokens.clock_skew();
  from.form = form;
  if (task) {
    const auto found = co_await find_task(c, task_id{*task});
    if (!found) co_return tl::unexpected(task_missing(c.req, found.error()));
    from.task = task_id{*task};
  }
  if (after) {
    from.after = event_id{*after};
  } else {
    query::last_event q;
    const auto last = co_await c.ask(std::move(q));
    if (!last) co_return tl::unexpected(failure_answer(c.req, last.error()));
    from.after = *last;
  }
  auto feed = std::make_shared<event_feed>(c.where, c.s, std::move(from));
  const auto opened = co_await feed->open();
  if (!opened) co_return tl::unexpected(failure_answer(c.req, opened.error()));
  co_return feed;
}

async<response> event_stream(call& c) {
  auto feed = co_await open_event_feed(c, event_form::stream);
  if (!feed) co_return std::move(feed.error());
  response r;
  r.content_type = "text/event-stream; charset=utf-8";
  r.headers.emplace_back("X-Accel-Buffering", "no");
  r.stream = std::move(*feed);
  co_return r;
}

async<response> event_socket(call& c) {
  if (!c.req.wants_socket) {
    auto r = error_answer(c.req, 426, code_bad_parameter, "请使用 WebSocket 连接");
    r.headers.emplace_back("Upgrade", "websocket");
    r.headers.emplace_back("Sec-WebSocket-Version", "13");
    co_return r;
  }
  if (!may_ask_from(c)) co_return error_answer(c.req, 403, code_unauthorized, "不允许的来源");
  response r;
  r.status = 101;
  if (c.is_signed_in) {
    auto feed = co_await open_event_feed(c, event_form::messages);
    if (!feed) co_return std::move(feed.error());
    r.messages = std::make_shared<event_conversation>(c, std::move(*feed));
  } else {
    body_fields parameters(c.req.query);
    (void)parameters.integer("task_id");
    (void)parameters.integer("last_event_id", 0);
    if (!parameters.ok()) co_return invalid_answer(c.req, parameters.errors());
    r.messages = std::make_shared<event_conversation>(c, nullptr);
  }
  co_return r;
}

}  // namespace waihu::http
