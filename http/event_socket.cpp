#include "http/event_socket.hpp"

#include "http/body_fields.hpp"

namespace waihu::http {

namespace {

constexpr std::uint16_t try_again_later = 1013;
constexpr std::uint16_t going_away_code = 1001;
/// Ours (RFC 6455 section 7.4.2): 4000 and the status that HTTP would have answered.
constexpr int own_codes = 4000;
constexpr std::uint16_t signed_out = own_codes + 401;

message_stream::end_reason reason_of(const response& refusal) {
  switch (refusal.status) {
    case 401: return {signed_out, "token_refused"};
    case 400: return {own_codes + 400, "not_bound"};
    case 404: return {own_codes + 404, "no_such_task"};
    default: return {try_again_later, "unavailable"};
  }
}

}  // namespace

event_conversation::event_conversation(const call& from, std::shared_ptr<event_feed> feed)
    : call_(from), feed_(std::move(feed)), wake_(from.where) {}

void event_conversation::received(std::string text) {
  if (feed_ || first_message_) return;  // what else a client says is of no use here
  first_message_ = std::move(text);
  wake_.raise();
}

void event_conversation::close(bool going_away) {
  if (is_closed_) return;
  is_closed_ = true;
  is_going_away_ = going_away;
  if (feed_) feed_->close(going_away);
  wake_.raise();
}

/// Waits for the token and opens the feed. False: `refused_` says why not.
async<bool> event_conversation::sign_in_by_message() {
  if (!first_message_ && !is_closed_) (void)co_await wake_.wait(token_patience);
  if (is_closed_) {
    refused_ = end_reason{going_away_code, "going_away"};
    co_return false;
  }
  if (!first_message_) {
    refused_ = end_reason{signed_out, "token_missing"};
    co_return false;
  }
  body_fields message(*first_message_);
  const auto text = message.required_text("access_token", token_mint::length_limit);
  const auto token = message.ok() ? bearer_token(text) : std::string_view{};
  auto refusal = co_await sign_in(call_, access::reader, token);
  if (refusal) {
    refused_ = reason_of(*refusal);
    co_return false;
  }
  auto feed = co_await open_event_feed(call_, event_form::messages);
  if (!feed) {
    refused_ = reason_of(feed.error());
    co_return false;
  }
  feed_ = std::move(*feed);
  if (is_closed_) feed_->close(is_going_away_);
  co_return true;
}

async<std::optional<std::string>> event_conversation::next() {
  if (!feed_) {
    const bool is_open = co_await sign_in_by_message();
    if (!is_open) co_return std::nullopt;
  }
  co_return co_await feed_->next();
}

message_stream::end_reason event_conversation::end() const {
  if (refused_) return *refused_;
  const auto word = feed_ ? feed_->end_word() : std::string_view{};
  if (word == "going_away") return {going_away_code, std::string(word)};
  if (word == "token_expired") return {signed_out, std::string(word)};
  if (!word.empty()) return {try_again_later, std::string(word)};
  return {};
}

}  // namespace waihu::http
