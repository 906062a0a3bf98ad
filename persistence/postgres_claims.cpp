// The claim of all shards by one node. Two guards work together: a session-level advisory lock tells at once whether
// the holder's process lives (its connection would be gone), and the lease in `shards` by the database clock tells
// whether a holder that is connected still does anything. The epoch in `shards` is what every write is checked against.
#include <algorithm>
#include <chrono>

#include "messages/model/text.hpp"
#include "persistence/postgres_rows.hpp"
#include "persistence/postgres_store_impl.hpp"
#include "telemetry/log.hpp"

namespace waihu {

namespace {

#define WAIHU_CLAIM_KEY "6296825730914307"

constexpr statement try_claim_lock{"try_claim_lock", "select pg_try_advisory_lock(" WAIHU_CLAIM_KEY ")"};
constexpr statement unlock_claim{"unlock_claim", "select pg_advisory_unlock(" WAIHU_CLAIM_KEY ")"};
// The holder as the shards tell it, with the age of its claim and whether its lease still runs.
constexpr statement select_holder{
    "select_holder",
    R"(select s.node, coalesce(n.address, ''), to_char(n.started_at, 'YYYY-MM-DD HH24:MI:SS') || ' UTC',
              coalesce(n.claim_pid, 0), s.expires_at > clock_timestamp(), s.epoch
       from shards s left join nodes n on n.node = s.node
       order by s.expires_at desc, s.shard limit 1)"};
// Ends the session that still holds the lock although its lease has run out (a stopped process, a dead network).
constexpr statement end_lock_holder{"end_lock_holder",
                                    R"(select count(*) filter (where pg_terminate_backend(l.pid, 1000)) from pg_locks l
       where l.locktype = 'advisory' and l.granted and l.pid <> pg_backend_pid()
         and l.database = (select oid from pg_database where datname = current_database())
         and ((l.classid::bigint << 32) | l.objid::bigint) = )" WAIHU_CLAIM_KEY " and ($1 = 0 or l.pid = $1)"};
// FOR UPDATE waits for the commits that hold KEY SHARE on the shards: none of them can end under the new epoch.
constexpr statement lock_shards{"lock_shards",
                                "select max(epoch) from (select epoch from shards order by shard for update) s"};
constexpr statement take_shards{
    "take_shards",
    R"(update shards set node = $1, epoch = $2, expires_at = clock_timestamp() + $3 * interval '1 millisecond')"};
constexpr statement write_node{"write_node",
                               R"(insert into nodes (node, address, started_at, heartbeat, epoch, claim_pid)
       values ($1, $2, clock_timestamp(), clock_timestamp(), $3, pg_backend_pid())
       on conflict (node) do update set address = excluded.address, started_at = excluded.started_at,
         heartbeat = excluded.heartbeat, epoch = excluded.epoch, claim_pid = excluded.claim_pid,
         incarnation = '')"};
constexpr statement renew_shards{
    "renew_shards",
    R"(update shards set expires_at = clock_timestamp() + $3 * interval '1 millisecond' where node = $1 and epoch = $2)"};
constexpr statement beat{
    "beat", "update nodes set heartbeat = clock_timestamp(), claim_pid = pg_backend_pid() where node = $1"};
constexpr statement free_shards{
    "free_shards", "update shards set node = '', expires_at = clock_timestamp() where node = $1 and epoch = $2"};
constexpr statement leave{"leave", "update nodes set heartbeat = clock_timestamp(), claim_pid = 0 where node = $1"};

/// Months are made two ahead, so that nothing hangs on the hour.
constexpr std::chrono::hours between_partitions{6};
// Making one takes a lock that every commit's events wait for, and whoever renews the claim cannot wait for long
// either.
constexpr const char* make_partitions = R"(set local lock_timeout = '500ms';
  do $$ begin perform waihu_make_event_partitions(2); exception when lock_not_available then null; end $$)";

std::string name_holder(const pqxx::row& row) {
  return "node " + row[0].as<std::string>(std::string{}) + " (" + row[1].as<std::string>(std::string{}) +
         ") holds the claim since " + row[2].as<std::string>("an unknown time");
}

}  // namespace

bool postgres_store::take_claim_lock(postgres_work& work) {
  if (holds_claim_lock()) return true;
  if (!work.run(try_claim_lock)[0][0].as<bool>()) return false;
  claim_generation_ = session_.generation();
  return true;
}

void postgres_store::drop_claim_lock(postgres_work& work) {
  if (!holds_claim_lock()) return;
  work.run(unlock_claim);
  claim_generation_ = 0;
}

result<epoch_t> postgres_store::run(const query::claim_shards& q) {
  if (q.node.empty()) return fail(errc::invalid_argument, "a node needs a name");
  const bool held_before = holds_claim_lock();
  auto claimed = session_.transact<epoch_t>(postgres_session::mode::write, [&](postgres_work& work) -> result<epoch_t> {
    work.learn_transaction_id();
    if (!take_claim_lock(work)) {
      const auto holder = work.run(select_holder);
      if (holder.empty() || holder[0][4].as<bool>() || holder[0][0].as<std::string>().empty())
        return fail(errc::conflict, holder.empty() || holder[0][0].as<std::string>().empty()
                                        ? "another node is claiming at this moment"
                                        : name_holder(holder[0]));
      work.run(end_lock_holder, 0);
      if (!take_claim_lock(work))
        return fail(errc::conflict, name_holder(holder[0]) + "; its lease ran out, it is being ended");
    }
    const auto epoch = work.run(lock_shards)[0][0].as<std::int64_t>() + 1;
    work.run(take_shards, storable_text(q.node), epoch, lease_time_.count());
    work.run(write_node, storable_text(q.node), storable_text(q.address), epoch);
    return epoch_t{epoch};
  });
  // A claim that failed half-way must not leave the lock on this session.
  if (!claimed && !held_before && holds_claim_lock()) session_.drop();
  return claimed;
}

result<bool> postgres_store::run(const query::renew_claim& q) {
  auto kept = session_.transact<bool>(postgres_session::mode::write, [&](postgres_work& work) -> result<bool> {
    work.learn_transaction_id();
    const bool has_lock = take_claim_lock(work);
    const auto renewed =
        work.run(renew_shards, storable_text(q.node), value(q.epoch), lease_time_.count()).affected_rows();
    if (renewed != static_cast<pqxx::result::size_type>(shard_count)) {
      drop_claim_lock(work);
      return fail(errc::stale_epoch, "another node has taken the claim");
    }
    if (!has_lock) {
      // The shards are still ours, so the holder is our own former session, not yet noticed dead by the server, or a
      // node in the middle of a claim. The former is ended; the latter wins by its epoch.
      const auto holder = work.run(select_holder);
      const auto former = holder.empty() ? 0 : holder[0][3].as<int>();
      if (former != 0) work.run(end_lock_holder, former);
      take_claim_lock(work);
    }
    if (holds_claim_lock()) work.run(beat, storable_text(q.node));
    return true;
  });
  if (kept) look_after_partitions();
  return kept;
}

void postgres_store::look_after_partitions() {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_partitions_) return;
  next_partitions_ = now + between_partitions;
  const auto made = session_.transact<bool>(postgres_session::mode::snapshot, [](postgres_work& work) -> result<bool> {
    work.raw().exec(make_partitions);
    return true;
  });
  if (!made)
    telemetry::log_repeated(telemetry::log_level::warn, "store", "store.partitions_not_made", "",
                            {{"reason", made.error().message}}, "tried again in a few hours");
}

result<bool> postgres_store::run(const query::release_claim& q) {
  return session_.transact<bool>(postgres_session::mode::write, [&](postgres_work& work) -> result<bool> {
    work.learn_transaction_id();
    const auto freed = work.run(free_shards, storable_text(q.node), value(q.epoch)).affected_rows();
    if (freed > 0) work.run(leave, storable_text(q.node));
    drop_claim_lock(work);
    return freed > 0;
  });
}

}  // namespace waihu
