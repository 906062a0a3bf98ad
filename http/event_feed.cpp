#include "http/event_feed.hpp"

#include <algorithm>

#include "http/json_writer.hpp"

namespace waihu::http {

namespace {

constexpr int missed_page = 500;
constexpr std::size_t piece_limit = 256UL * 1024;  ///< About what is written at once.

bool is_one_line(std::string_view s) { return s.find_first_of("\r\n") == std::string_view::npos; }

}  // namespace

namespace {

/// What both forms say of an event.
void write_event(json_writer& w, const event_record& e, const zone_clock& zone) {
  w.StartObject();
  if (value(e.id) > 0) field(w, "id", value(e.id));
  field(w, "kind", e.kind);
  field(w, "task_id", value(e.task));
  if (e.job) field(w, "job_id", value(*e.job));
  field(w, "from", e.from);
  field(w, "to", e.to);
  field(w, "at", zone.format(e.at));
  field(w, "timestamp", to_epoch_ms(e.at));
  // A line break between tokens of the details would end the line.
  field_json(w, "data", is_one_line(e.data_json) ? std::string_view{e.data_json} : std::string_view{}, "{}");
  w.EndObject();
}

/// One event or remark in either form: `id` 0 = none, `body` writes its data.
template <class Body>
void append_message(std::string& out, event_form form, std::int64_t id, std::string_view name, Body body) {
  string_sink sink{&out};
  json_writer w(sink);
  if (form == event_form::stream) {
    if (id > 0) out += "id: " + std::to_string(id) + '\n';
    out.append("event: ").append(name).append("\ndata: ");
    body(w);
    out += "\n\n";
    return;
  }
  w.StartObject();
  if (id > 0) field(w, "id", id);
  else field_null(w, "id");
  field(w, "event", name);
  key(w, "data");
  body(w);
  w.EndObject();
  out += '\n';
}

}  // namespace

std::string event_text(const event_record& e, const zone_clock& zone, event_form form) {
  std::string out;
  const std::string_view name = is_one_line(e.kind) && !e.kind.empty() ? std::string_view{e.kind} : "message";
  append_message(out, form, value(e.id), name, [&](json_writer& w) { write_event(w, e, zone); });
  return out;
}

event_feed::event_feed(std::shared_ptr<reactor> where, services& s, position from)
    : where_(where), services_(s), from_(std::move(from)), wake_(std::move(where)) {}

event_feed::~event_feed() {
  if (token_) services_.inside->unsubscribe(*token_);
}

bool event_feed::deliver(const event_record& e) {
  if (e.organization_id != from_.organization || (from_.task && e.task != *from_.task)) return true;
  bool keeps = true;
  {
    const std::lock_guard lock(mutex_);
    if (has_overflowed_) return false;
    if (queue_.size() >= static_cast<std::size_t>(services_.http.event_queue_limit)) keeps = !(has_overflowed_ = true);
    else queue_.push_back(e);
  }
  wake_.raise();
  return keeps;
}

async<result<bool>> event_feed::open() {
  event_subscription s;
  s.organization_id = from_.organization;
  s.task = from_.task;
  s.deliver = [weak = weak_from_this()](const event_record& e) {
    const auto self = weak.lock();
    return self && self->deliver(e);
  };
  pending<std::uint64_t>::initiator ask = [b = services_.inside, s](completion<std::uint64_t> done) {
    b->subscribe(s, std::move(done));
  };
  pending<std::uint64_t> asked(where_, services_.http.request_timeout, services_.outstanding, std::move(ask));
  auto token = co_await asked;
  if (!token) co_return tl::unexpected<failure>(std::move(token.error()));
  token_ = *token;
  co_return true;
}

/// Appends one page of what the store has after our position; answers whether there may be more.
async<result<bool>> event_feed::read_missed(std::string& out) {
  query::events_after q;
  q.organization_id = from_.organization;
  q.after = from_.after;
  q.task = from_.task;
  q.limit = missed_page;
  using answer = std::vector<event_record>;
  pending<answer>::initiator ask = [b = services_.inside, q](completion<answer> done) { b->read(q, std::move(done)); };
  pending<answer> asked(where_, services_.http.request_timeout, services_.outstanding, std::move(ask));
  const auto found = co_await asked;
  if (!found) co_return tl::unexpected<failure>(found.error());
  for (const auto& e : *found) {
    out += event_text(e, services_.zone, from_.form);
    from_.after = e.id;
  }
  co_return found->size() >= static_cast<std::size_t>(missed_page);
}

void event_feed::append_queued(std::string& out) {
  const std::lock_guard lock(mutex_);
  while (!queue_.empty() && out.size() < piece_limit) {
    const auto& e = queue_.front();
    const bool is_lasting = value(e.id) > 0;
    // What the store has shown us already arrives live as well, when it was committed while we subscribed.
    if (!is_lasting || e.id > from_.after) {
      out += event_text(e, services_.zone, from_.form);
      if (is_lasting) from_.after = e.id;
    }
    queue_.pop_front();
  }
}

void event_feed::end_with(std::string& out, std::string_view reason, std::string_view text) {
  append_message(out, from_.form, 0, "error", [&](json_writer& w) {
    w.StartObject();
    field(w, "reason", reason);
    field(w, "message", text);
    w.EndObject();
  });
  end_word_ = reason;
  has_ended_ = true;
}

/// A position without an event moves the client's, so that even its first reconnect has no gap.
std::string event_feed::beginning() const {
  const auto id = std::to_string(value(from_.after));
  if (from_.form == event_form::stream) return "retry: 2000\nid: " + id + "\n\n";
  return R"({"id":)" + id + R"(,"event":"ready","data":{}})" + '\n';
}

async<std::optional<std::string>> event_feed::next() {
  std::string out;
  if (has_ended_ || (is_closed_ && !is_going_away_)) co_return std::nullopt;
  if (is_closed_) {
    end_with(out, "going_away", "服务正在停止，请重新连接");
    co_return out;
  }
  if (!has_begun_) {
    has_begun_ = true;
    co_return beginning();
  }
  if (!has_caught_up_) {
    const auto more = co_await read_missed(out);
    if (!more) {
      end_with(out, "unavailable", "暂时无法读取事件，请重新连接");
      co_return out;
    }
    has_caught_up_ = !*more;
    if (!out.empty()) co_return out;
  }
  for (;;) {
    append_queued(out);
    if (!out.empty()) co_return out;
    if (is_closed_) break;
    bool is_too_slow = false;
    {
      const std::lock_guard lock(mutex_);
      is_too_slow = has_overflowed_;
    }
    if (is_too_slow) {
      end_with(out, "too_slow", "事件积压过多，请重新连接");
      co_return out;
    }
    const auto left = from_.expires - services_.now();
    if (left.count() <= 0) {
      end_with(out, "token_expired", "访问令牌已过期，请重新登录");
      co_return out;
    }
    const auto heartbeat = services_.http.event_heartbeat;
    const auto patience = std::min<milliseconds>(heartbeat, left);
    const bool was_raised = co_await wake_.wait(patience);
    if (!was_raised && !is_closed_ && patience == heartbeat) {
      if (from_.form == event_form::stream) out = ": heartbeat\n\n";
      co_return out;
    }
  }
  if (!is_going_away_) co_return std::nullopt;
  end_with(out, "going_away", "服务正在停止，请重新连接");
  co_return out;
}

void event_feed::close(bool going_away) {
  if (is_closed_) return;
  is_closed_ = true;
  is_going_away_ = going_away;
  wake_.raise();
}

}  // namespace waihu::http
