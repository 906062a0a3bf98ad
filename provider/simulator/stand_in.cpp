#include "provider/simulator/stand_in.hpp"

#include <algorithm>

#include "messages/model/time.hpp"
#include "provider/simulator/dice.hpp"
#include "provider/simulator/entity_ids.hpp"
#include "provider/simulator/json_writing.hpp"

namespace waihu::simulator {

namespace {

constexpr std::int64_t nonce_memory_ms = std::int64_t{31} * 60'000;
constexpr std::size_t most_nonces = 2'000'000;
constexpr std::int64_t any_clock_window_s = 1'000'000'000'000;

std::int64_t real_now_ms() { return to_epoch_ms(wall_now()); }

bool is_chat(std::string_view path) {
  return path == "/v1/chat/completions" || path == "/compatible-mode/v1/chat/completions" ||
         path == "/chat/completions";
}

/// What an answer becomes where a rule puts something else in its place.
http_answer replacement_of(const pending_request& pending, chat_dialect dialect) {
  const auto& o = pending.orders;
  http_answer answer;
  switch (o.instead) {
    case fault_orders::replacement::api_error:
    case fault_orders::replacement::throttled:
      answer = pending.what == pending_request::kind::chat
                   ? chat_error(dialect, o.status, o.code, o.message, pending.api.request_id)
                   : api_error(pending.api, o.status, o.code, o.message).http;
      if (o.retry_after_ms > 0 && pending.what == pending_request::kind::chat)
        answer.headers.emplace_back("Retry-After", std::to_string((o.retry_after_ms + 999) / 1000));
      else if (o.retry_after_ms > 0) answer.headers.emplace_back("x-acs-retry-after", std::to_string(o.retry_after_ms));
      break;
    case fault_orders::replacement::html:
      answer.status = o.status;
      answer.content_type = "text/html";
      answer.body = "<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>\n";
      break;
    case fault_orders::replacement::not_json:
      answer.status = o.status;
      answer.content_type = "text/plain";
      answer.body = o.message;
      break;
    case fault_orders::replacement::unsuccessful: {
      rapidjson::StringBuffer buffer;
      json_out w{buffer};
      w.StartObject();
      put(w, "RequestId", pending.api.request_id);
      put(w, "HttpStatusCode", 200);
      put(w, "Code", o.code);
      put(w, "Message", o.message);
      put(w, "Success", false);
      w.EndObject();
      answer.status = o.status;
      answer.body = text_of(buffer);
      break;
    }
    case fault_orders::replacement::none: break;
  }
  return answer;
}

}  // namespace

stand_in::stand_in(stand_in_options options)
    : options_(std::move(options)), clock_(real_now_ms(), options_.speed), faults_(options_.world.policy.seed) {
  reset(options_.world.policy.seed);
}

void stand_in::reset(std::uint64_t seed) {
  options_.world.policy.seed = seed;
  bot_.reset();
  world_ = std::make_unique<call_world>(options_.world, clock_.now());
  bot_ = std::make_unique<outbound_bot>(*world_, options_.bot);
  faults_ = fault_book{seed};
  log_.clear();
  readings_.clear();
  forget_nonces();
}

void stand_in::forget_nonces() {
  nonces_.clear();
  nonce_order_.clear();
}

void stand_in::catch_up() { world_->advance_to(clock_.now()); }

std::string stand_in::next_request_id() {
  auto id = make_uuid(mix64(options_.world.policy.seed ^ 0x7265ULL), request_number_++);
  std::transform(id.begin(), id.end(), id.begin(),
                 [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c; });
  return id;
}

bool stand_in::is_fresh(const std::string& key, const std::string& nonce) {
  const auto now = real_now_ms();
  while (!nonce_order_.empty() &&
         (nonce_order_.front().real_ms < now - nonce_memory_ms || nonce_order_.size() > most_nonces)) {
    nonces_.erase(nonce_order_.front().hash);
    nonce_order_.pop_front();
  }
  const auto hash = hash_text(hash_text(0, key), nonce);
  if (!nonces_.insert(hash).second) return false;
  nonce_order_.push_back({hash, now});
  return true;
}

pending_request stand_in::receive(inbound_request request) {
  catch_up();
  const auto path = signing::split_target(request.target).path;
  pending_request pending;
  if (path.starts_with("/sim/")) {
    pending.answer = answer_control(*this, request);
    return pending;
  }
  if (path == "/") return receive_operation(std::move(request));
  const bool chat = is_chat(path) && request.method == "POST";
  if (!chat && !(path.starts_with("/recordings/") && (request.method == "GET" || request.method == "HEAD"))) {
    pending.answer.status = 404;
    pending.answer.body = R"({"Code":"NotFound","Message":"There is nothing here."})";
    return pending;
  }
  pending.what = chat ? pending_request::kind::chat : pending_request::kind::recording;
  pending.api.action = chat ? "ChatCompletions" : "Recording";
  pending.api.request_id = next_request_id();
  pending.orders = faults_.judge(pending.api.action, real_now_ms());
  if (chat) pending.orders.wait_before_ms += options_.chat_delay_ms;
  pending.inbound = std::move(request);
  return pending;
}

pending_request stand_in::receive_operation(inbound_request request) {
  pending_request pending;
  pending.api.request_id = next_request_id();
  pending.api.host = signing::find_header(request.headers, "host").value_or("");
  pending.api.real_now_ms = real_now_ms();
  const auto lookup = [&](const std::string& id) -> std::optional<signing::known_key> {
    if (id != options_.access_key_id) return std::nullopt;
    // A security token is taken as it comes: temporary credentials are not what is simulated.
    auto token = signing::find_header(request.headers, "x-acs-security-token");
    if (!token) {
      const auto query = signing::parse_query(signing::split_target(request.target).query);
      if (query) token = signing::find_parameter(*query, "SecurityToken");
    }
    return signing::known_key{options_.access_key_secret, token.value_or("")};
  };
  auto checked = signing::check_request(request, lookup, pending.api.real_now_ms / 1000,
                                        options_.any_clock ? any_clock_window_s : 900);
  pending.api.action = checked.action;
  const auto refused = [&](int status, std::string_view code, std::string_view message) {
    const auto answer = api_error(pending.api, status, code, message);
    note(pending, answer, false);
    pending.answer = answer.http;
    return pending;
  };
  if (!checked.code.empty()) return refused(checked.http_status, checked.code, checked.message);
  if (!is_fresh(checked.access_key_id, checked.nonce))
    return refused(400, "SignatureNonceUsed", "Specified signature nonce was used already.");
  if (checked.version != "2019-12-26")
    return refused(400, "InvalidVersion", "Specified parameter Version is not valid.");
  pending.what = pending_request::kind::operation;
  pending.api.parameters = std::move(checked.business);
  pending.orders = faults_.judge(pending.api.action, pending.api.real_now_ms);
  return pending;
}

http_answer stand_in::carry_out(pending_request& pending) {
  if (pending.what == pending_request::kind::decided) return std::move(pending.answer);
  api_answer done;
  if (!pending.orders.skip) {
    catch_up();
    switch (pending.what) {
      case pending_request::kind::operation: done = bot_->perform(pending.api, pending.orders); break;
      case pending_request::kind::recording:
        done.http = bot_->recording(pending.inbound.target, real_now_ms());
        if (pending.inbound.method == "HEAD") done.http.body.clear();
        break;
      case pending_request::kind::chat: {
        auto answer = answer_chat(pending.inbound.body,
                                  signing::find_header(pending.inbound.headers, "authorization").value_or(""),
                                  options_.chat, pending.orders, real_now_ms(), pending.api.request_id);
        done.http = std::move(answer.http);
        if (answer.reading) readings_.add(std::move(*answer.reading));
        break;
      }
      case pending_request::kind::decided: break;
    }
    if (done.http.status >= 400 && done.code == "OK") done.code = std::to_string(done.http.status);
  }
  if (pending.orders.instead != fault_orders::replacement::none) {
    done.http = replacement_of(pending, options_.chat.dialect);
    done.code = pending.orders.code;
  } else if (pending.orders.skip) {
    done.http.status = 0;
    done.code = "NoAnswer";
  }
  if (pending.what == pending_request::kind::operation && pending.orders.skip) bot_->turn_away(pending.api, done.code);
  note(pending, done, !pending.orders.skip);
  return std::move(done.http);
}

void stand_in::note(const pending_request& pending, const api_answer& answer, bool carried_out) {
  logged_request entry;
  entry.real_ms = real_now_ms();
  entry.virtual_ms = clock_.now();
  entry.action = pending.api.action.substr(0, 64);
  entry.status = answer.http.status;
  entry.code = answer.code;
  entry.request_id = pending.api.request_id;
  entry.effects = pending.orders.effects;
  entry.items = answer.items;
  entry.carried_out = carried_out && answer.http.status < 400;
  log_.add(std::move(entry));
}

}  // namespace waihu::simulator
