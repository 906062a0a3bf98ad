// The events of an organisation as a WebSocket conversation: signs the client in by its first message where no header
// did, then passes the feed on. Knows no sockets.
#pragma once

#include <memory>
#include <string>

#include "http/event_feed.hpp"

namespace waihu::http {

/// Lives on the session's strand, and no longer than the request and the services that its call names.
class event_conversation final : public message_stream {
 public:
  /// Time for the message with the token.
  static constexpr milliseconds token_patience{5'000};

  /// `feed` null: nobody has signed in yet.
  event_conversation(const call& from, std::shared_ptr<event_feed> feed);

  async<std::optional<std::string>> next() override;
  void close(bool going_away) override;
  end_reason end() const override;
  void received(std::string text) override;

 private:
  async<bool> sign_in_by_message();

  call call_;
  std::shared_ptr<event_feed> feed_;
  alarm wake_;
  std::optional<std::string> first_message_;
  std::optional<end_reason> refused_;
  bool is_closed_{false};
  bool is_going_away_{false};
};

}  // namespace waihu::http
