// Idempotency-Key in the memory store.
#include "messages/model/text.hpp"
#include "persistence/memory_session.hpp"

namespace waihu {

result<std::string> memory_session::run(const query::create_once& q) {
  const std::lock_guard lock{state_->mutex};
  const auto oldest = q.at - query::idempotency_life;
  std::erase_if(state_->idempotency_keys, [&](const auto& kept) { return kept.second.created_at < oldest; });
  memory_state::creation_key key{storable_text(q.owner), storable_text(q.route), storable_text(q.key)};
  if (const auto kept = state_->idempotency_keys.find(key); kept != state_->idempotency_keys.end()) {
    if (kept->second.body_digest != q.body_digest)
      return fail(errc::conflict, "the key was used with another body", "idempotency_key");
    return kept->second.response;
  }
  auto made = std::visit(
      [&](const auto& creation) -> result<std::string> {
        auto done = create(creation.ask);
        if (!done) return tl::unexpected<failure>(std::move(done.error()));
        return storable_text(creation.text(*done));
      },
      q.what);
  if (made) state_->idempotency_keys[std::move(key)] = {q.body_digest, *made, q.at};
  return made;
}

}  // namespace waihu
