// Idempotency-Key for requests that create (http-api.md section 5): the creation and the answer that a repeat gets are
// one transaction of the store.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "http/application.hpp"

namespace waihu::http {

/// The key of a request with all that tells whether it is the same request; `what` is still missing. nullopt without
/// the header. invalid_argument with `vendor_code` "idempotency_key" when the header is empty or longer than 255 bytes.
result<std::optional<query::create_once>> read_key(const call& c);

/// The answer to a failure that is about the key: 409 (code 1001) for another body or while the first request is still
/// under way, 422 for a bad header. nullopt for the creation's own failures.
std::optional<response> key_refusal(const request& req, const failure& why);

/// A success whose body is ready.
response ready_answer(std::string body);

/// Carries a creation out, at most once within 24 h for the request's Idempotency-Key, organisation, path and body, and
/// answers the body that `text` made of it then. `text` runs on a store worker: it captures values only.
template <class Create>
async<result<std::string>> create_with_key(call& c, Create ask,
                                           std::function<std::string(const typename Create::answer_type&)> text) {
  auto key = read_key(c);
  if (!key) co_return tl::unexpected<failure>(std::move(key.error()));
  if (!*key) {
    const auto made = co_await c.ask(std::move(ask));
    if (!made) co_return tl::unexpected<failure>(made.error());
    co_return text(*made);
  }
  auto once = std::move(**key);
  once.what = query::creation<Create>{std::move(ask), std::move(text)};
  co_return co_await c.ask(std::move(once));
}

}  // namespace waihu::http
