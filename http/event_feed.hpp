// One subscriber of the event stream: what it missed from the store, then what happens live, without gap or double, as
// Server-Sent Events or as messages. Its queue is bounded; a reader that is too slow is told to come again.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "http/application.hpp"

namespace waihu::http {

/// How events go over the wire.
enum class event_form : std::uint8_t {
  stream,    ///< Server-Sent Events.
  messages,  ///< One JSON object {id, event, data} a line; a heartbeat is an empty text.
};

/// Lives on the session's strand; only `deliver` is called from elsewhere.
class event_feed final : public byte_stream, public std::enable_shared_from_this<event_feed> {
 public:
  struct position {
    std::string organization;
    std::optional<task_id> task;
    event_id after{};     ///< Send what comes after it.
    wall_time expires{};  ///< The token's end: the stream ends with it.
    event_form form{event_form::stream};
  };

  event_feed(std::shared_ptr<reactor> where, services& s, position from);
  ~event_feed() override;

  /// Subscribes to the hub. Must succeed before `next`: what is committed later arrives live, what came before is in
  /// the store already.
  async<result<bool>> open();
  async<std::optional<std::string>> next() override;
  void close(bool going_away) override;
  /// Why it told that it ends: too_slow, token_expired, going_away or unavailable; empty before, and when the client
  /// left.
  std::string_view end_word() const noexcept { return end_word_; }

 private:
  bool deliver(const event_record& e);
  async<result<bool>> read_missed(std::string& out);
  void append_queued(std::string& out);
  std::string beginning() const;
  void end_with(std::string& out, std::string_view reason, std::string_view text);

  std::shared_ptr<reactor> where_;
  services& services_;
  position from_;
  std::optional<std::uint64_t> token_;
  alarm wake_;
  bool has_begun_{false};
  bool has_caught_up_{false};
  bool is_closed_{false};
  bool is_going_away_{false};
  bool has_ended_{false};
  std::string_view end_word_;

  std::mutex mutex_;
  std::deque<event_record> queue_;
  bool has_overflowed_{false};
};

/// One event as it goes over the wire. Ephemeral ones (id 0) carry no `id:` line, or null.
std::string event_text(const event_record& e, const zone_clock& zone, event_form form = event_form::stream);

/// The organisation's events that a request asks for (its query's task_id and last_event_id, header Last-Event-ID),
/// already subscribed; or the answer that says why not.
async<tl::expected<std::shared_ptr<event_feed>, response>> open_event_feed(call& c, event_form form);

}  // namespace waihu::http
