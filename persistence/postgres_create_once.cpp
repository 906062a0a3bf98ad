// Idempotency-Key on PostgreSQL: a creation and the answer that a repeat gets, in one transaction.
#include "messages/model/text.hpp"
#include "persistence/postgres_rows.hpp"
#include "persistence/postgres_store_impl.hpp"

namespace waihu {

namespace {

// Released with the transaction; two keys with one hash only make one of two requests at once come again.
constexpr statement lock_key{"lock_key", "select pg_try_advisory_xact_lock(hashtextextended($1, 0))"};
constexpr statement forget_keys{
    "forget_keys",
    "delete from idempotency_keys where (organization_id, route, key) in ("
    " select k.organization_id, k.route, k.key from idempotency_keys k where k.created_at < waihu_at($1)"
    " order by k.created_at limit 100 for update skip locked)"};
constexpr statement select_key{
    "select_key",
    "select body_digest, response from idempotency_keys"
    " where organization_id = $1 and route = $2 and key = $3 and created_at >= waihu_at($4)"};
constexpr statement upsert_key{
    "upsert_key",
    "insert into idempotency_keys (organization_id, route, key, body_digest, response, created_at)"
    " values ($1, $2, $3, $4, $5, waihu_at($6)) on conflict (organization_id, route, key) do update"
    " set body_digest = excluded.body_digest, response = excluded.response, created_at = excluded.created_at"};

}  // namespace

result<std::string> postgres_store::run(const query::create_once& q) {
  using answer = std::string;
  return session_.transact<answer>(postgres_session::mode::write, [&](postgres_work& work) -> result<answer> {
    work.learn_transaction_id();
    const auto owner = storable_text(q.owner);
    const auto route = storable_text(q.route);
    const auto key = storable_text(q.key);
    const auto oldest = to_epoch_ms(q.at - query::idempotency_life);
    if (!work.run(lock_key, owner + '\n' + route + '\n' + key)[0][0].as<bool>())
      return fail(errc::conflict, "a request with this key is under way", "idempotency_busy");
    if (const auto kept = work.run(select_key, owner, route, key, oldest); !kept.empty()) {
      if (kept[0][0].as<std::string>() != q.body_digest)
        return fail(errc::conflict, "the key was used with another body", "idempotency_key");
      return kept[0][1].as<std::string>();
    }
    auto made = std::visit(
        [&](const auto& creation) -> result<answer> {
          auto done = create_in(work, creation.ask);
          if (!done) return tl::unexpected<failure>(std::move(done.error()));
          return storable_text(creation.text(*done));
        },
        q.what);
    if (!made) return made;
    work.run(forget_keys, oldest);
    work.run(upsert_key, owner, route, key, q.body_digest, *made, to_epoch_ms(q.at));
    return made;
  });
}

}  // namespace waihu
