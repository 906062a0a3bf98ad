// GET /api/events: http-api.md section 7.
#include "http/body_fields.hpp"
#include "http/event_feed.hpp"
#include "http/handlers.hpp"
#include "http/json_writer.hpp"
#include "http/task_view.hpp"

namespace waihu::http {

async<response> event_stream(call& c) {
  body_fields parameters(c.req.query);
  const auto task = parameters.integer("task_id");
  auto after = parameters.integer("last_event_id", 0);
  if (!parameters.ok()) co_return invalid_answer(c.req, parameters.errors());
  if (const auto* h = c.req.header("last-event-id")) {
    // Browsers send back whatever we sent; anything else is no position of ours.
    if (const auto n = parse_integer(*h); n && *n >= 0) after = n;
  }
  event_feed::position from;
  from.organization = c.organization;
  from.expires = c.token.expires_at + c.s.tokens.clock_skew();
  if (task) {
    const auto found = co_await find_task(c, task_id{*task});
    if (!found) co_return task_missing(c.req, found.error());
    from.task = task_id{*task};
  }
  if (after) {
    from.after = event_id{*after};
  } else {
    query::last_event q;
    const auto last = co_await c.ask(std::move(q));
    if (!last) co_return failure_answer(c.req, last.error());
    from.after = *last;
  }
  auto feed = std::make_shared<event_feed>(c.where, c.s, std::move(from));
  const auto opened = co_await feed->open();
  if (!opened) co_return failure_answer(c.req, opened.error());
  response r;
  r.content_type = "text/event-stream; charset=utf-8";
  r.headers.emplace_back("X-Accel-Buffering", "no");
  r.stream = std::move(feed);
  co_return r;
}

}  // namespace waihu::http
