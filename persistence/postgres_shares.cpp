// Shares of limits that hold for the whole cluster (share_rule.hpp). One lock for all of them: a node asks once a
// second.
#include <map>
#include <set>

#include "messages/model/text.hpp"
#include "persistence/postgres_rows.hpp"
#include "persistence/postgres_store_impl.hpp"
#include "persistence/share_rule.hpp"

namespace waihu {

namespace {

constexpr std::size_t most_shares_asked = 10'000;

constexpr statement take_shares_turn{"take_shares_turn", "select pg_advisory_xact_lock(6296825730914308)"};
constexpr statement select_shares{"select_shares",
                                  R"(select resource, node, wanted, amount, previous,
              (extract(epoch from clock_timestamp() - changed_at) * 1000)::bigint,
              (extract(epoch from expires_at - clock_timestamp()) * 1000)::bigint
       from limit_shares where resource = any($1::text[]))"};
constexpr statement knows_node{"knows_node", "select 1 from nodes where node = $1 and incarnation = $2"};
constexpr statement upsert_shares{
    "upsert_shares",
    R"(insert into limit_shares as s (resource, node, wanted, amount, previous, changed_at, expires_at)
       select resource, $1, wanted, amount, 0, clock_timestamp(), clock_timestamp() + kept * interval '1 millisecond'
       from unnest($2::text[], $3::float8[], $4::float8[], $5::bigint[]) as w(resource, wanted, amount, kept)
       order by resource
       on conflict (resource, node) do update set wanted = excluded.wanted, expires_at = excluded.expires_at,
         previous = case when excluded.amount = s.amount then s.previous
                         when s.expires_at <= clock_timestamp() then 0
                         when s.changed_at > clock_timestamp() - $6 * interval '1 millisecond'
                           then greatest(s.previous, s.amount)
                         else s.amount end,
         changed_at = case when excluded.amount = s.amount then s.changed_at else clock_timestamp() end,
         amount = excluded.amount)"};
constexpr statement forget_shares{
    "forget_shares", "delete from limit_shares where expires_at < clock_timestamp() - interval '1 minute'"};

}  // namespace

result<std::vector<double>> postgres_store::run(const query::lease_shares& q) {
  using granted = std::vector<double>;
  if (q.wishes.size() > most_shares_asked) return fail(errc::invalid_argument, "too many shares are asked for at once");
  array_literal resources;
  for (const auto& wish : q.wishes) resources.add(storable_text(wish.resource));
  return session_.transact<granted>(postgres_session::mode::write, [&](postgres_work& work) -> result<granted> {
    work.learn_transaction_id();
    work.run(take_shares_turn);
    if (work.run(knows_node, storable_text(q.node), q.incarnation).empty())
      return fail(errc::stale_epoch, "another node has entered itself under this one's name");
    std::map<std::string, std::vector<held_share>> held;
    for (const auto& row : work.run(select_shares, resources.text())) {
      held_share share;
      share.node = row[1].as<std::string>();
      if (share.node == q.node) continue;
      share.wanted = row[2].as<double>();
      share.amount = row[3].as<double>();
      share.previous = row[4].as<double>();
      share.changed_age = milliseconds{row[5].as<std::int64_t>()};
      share.left = milliseconds{row[6].as<std::int64_t>()};
      held[row[0].as<std::string>()].push_back(std::move(share));
    }
    granted out;
    array_literal names, wanted, amounts, kept;
    for (const auto& wish : q.wishes) {
      const auto name = storable_text(wish.resource);
      out.push_back(grant_share(wish, held[name]));
      names.add(name);
      wanted.add(std::to_string(wish.wanted));
      amounts.add(std::to_string(out.back()));
      kept.add(wish.kept_for.count());
    }
    work.run(upsert_shares, storable_text(q.node), names.text(), wanted.text(), amounts.text(), kept.text(),
             share_memory.count());
    work.run(forget_shares);
    return out;
  });
}

}  // namespace waihu
