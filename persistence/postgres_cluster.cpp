// The nodes that share the store and the leases of single shards. Three things work together: a session-level advisory
// lock a node's name (two processes of one name cannot both hold it), the leases in `shards` by the database's clock,
// and the epochs that every write is checked against. A node that runs alone holds the claim's lock
// (postgres_claims.cpp) exclusively; the nodes of a cluster hold it shared, so that the two never mix.
#include <algorithm>
#include <string>

#include "messages/model/text.hpp"
#include "persistence/postgres_rows.hpp"
#include "persistence/postgres_store_impl.hpp"

namespace waihu {

namespace {

constexpr statement share_claim_lock{"share_claim_lock", "select pg_try_advisory_lock_shared(6296825730914307)"};
constexpr statement try_name_lock{"try_name_lock",
                                  "select pg_try_advisory_lock(hashtextextended('waihu node ' || $1, 6296825730))"};
constexpr statement select_namesake{
    "select_namesake",
    R"(select address, to_char(started_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC', claim_pid, incarnation,
              heartbeat > clock_timestamp() - $2 * interval '1 millisecond'
       from nodes where node = $1)"};
// The session of a namesake that gives no sign any more (a stopped process, a dead network), or our own former one.
constexpr statement end_namesake{"end_namesake",
                                 R"(select pg_terminate_backend(l.pid, 1000) from pg_locks l
       where l.locktype = 'advisory' and l.granted and l.pid = $2 and l.pid <> pg_backend_pid()
         and l.database = (select oid from pg_database where datname = current_database())
         and ((l.classid::bigint << 32) | l.objid::bigint) = hashtextextended('waihu node ' || $1, 6296825730))"};
constexpr statement select_alone{
    "select_alone",
    R"(select s.node, coalesce(n.address, '') from shards s left join nodes n on n.node = s.node
       order by s.expires_at desc, s.shard limit 1)"};
constexpr statement enter_node{
    "enter_node",
    R"(insert into nodes (node, address, started_at, heartbeat, claim_pid, incarnation, peer_address, version, protocol)
       values ($1, $2, clock_timestamp(), clock_timestamp(), pg_backend_pid(), $3, $4, $5, $6)
       on conflict (node) do update set address = excluded.address, started_at = excluded.started_at,
         heartbeat = excluded.heartbeat, claim_pid = excluded.claim_pid, incarnation = excluded.incarnation,
         peer_address = excluded.peer_address, version = excluded.version, protocol = excluded.protocol,
         clock_off_ms = 0, leaving = false)"};
constexpr statement beat_node{"beat_node",
                              R"(update nodes set heartbeat = clock_timestamp(), claim_pid = pg_backend_pid(),
              clock_off_ms = $3::bigint - waihu_ms(clock_timestamp())
       where node = $1 and incarnation = $2)"};
// In the order of the shards, as everybody locks them.
constexpr statement renew_leases{
    "renew_leases",
    R"(with mine as (select s.shard from shards s join unnest($2::smallint[], $3::bigint[]) as h(shard, epoch)
                       on s.shard = h.shard and s.epoch = h.epoch and s.node = $1
                     order by s.shard for no key update of s)
       update shards s set expires_at = clock_timestamp() + $4 * interval '1 millisecond'
       from mine where s.shard = mine.shard returning s.shard, s.epoch)"};
// A commit under the old epoch holds KEY SHARE: its shard is left for the next look, so that a former owner that froze
// in the middle of one holds up nobody, least of all the renewal of what the taker has.
constexpr statement take_leases{"take_leases",
                                R"(with due as (select s.shard from shards s
                    where s.shard = any($2::smallint[]) and (s.node = '' or s.expires_at <= clock_timestamp())
                      and exists (select from nodes where node = $1 and incarnation = $3 and protocol = $5
                                  and not drained and not leaving)
                    order by s.shard for update of s skip locked)
       update shards s set node = $1, epoch = s.epoch + 1,
              expires_at = clock_timestamp() + $4 * interval '1 millisecond'
       from due where s.shard = due.shard returning s.shard, s.epoch)"};
constexpr statement release_leases{
    "release_leases",
    R"(with mine as (select s.shard from shards s join unnest($2::smallint[], $3::bigint[]) as h(shard, epoch)
                       on s.shard = h.shard and s.epoch = h.epoch and s.node = $1
                     order by s.shard for no key update of s)
       update shards s set node = '', expires_at = clock_timestamp() from mine where s.shard = mine.shard)"};
constexpr statement note_leaving{
    "note_leaving", "update nodes set leaving = true where node = $1 and incarnation = $2 and not leaving"};
constexpr statement note_drained{"note_drained", "update nodes set drained = $2 where node = $1"};
constexpr statement tell_cluster{"tell_cluster", "select pg_notify('waihu_cluster', '')"};
constexpr statement select_members{"select_members",
                                   R"(select node, address, peer_address, version, protocol, waihu_ms(started_at),
              waihu_ms(clock_timestamp()) - waihu_ms(heartbeat), clock_off_ms, drained, leaving,
              incarnation = '' and claim_pid <> 0, waihu_ms(clock_timestamp())
       from nodes where heartbeat > clock_timestamp() - interval '1 day' order by node collate "C")"};
constexpr statement select_leases{"select_leases",
                                  R"(select shard, node, epoch,
              coalesce(waihu_ms(greatest(expires_at, '1970-01-01')) - waihu_ms(clock_timestamp()), 0) from shards)"};

constexpr statement count_tasks{"count_tasks_by_shard",
                                "select shard, count(*) from call_tasks where task_type in (2, 3, 5) group by shard"};

result<cluster_view> read_view(postgres_work& work) {
  cluster_view view;
  for (const auto& row : work.run(select_members)) {
    row_reader r{row};
    cluster_member m;
    m.node = r.text();
    m.address = r.text();
    m.peer_address = r.text();
    m.version = r.text();
    m.protocol = static_cast<int>(r.number());
    m.started_at = r.instant();
    m.beat_age = milliseconds{r.number()};
    m.clock_off = milliseconds{r.number()};
    m.drained = r.flag();
    m.leaving = r.flag();
    m.alone = r.flag();
    view.at = r.instant();
    view.members.push_back(std::move(m));
  }
  for (const auto& row : work.run(select_leases)) {
    row_reader r{row};
    const auto shard = r.number();
    if (shard < 0 || shard >= shard_count) continue;
    auto& lease = view.shards.at(static_cast<std::size_t>(shard));
    lease.node = r.text();
    lease.epoch = epoch_t{r.number()};
    lease.left = milliseconds{r.number()};
  }
  return view;
}

std::vector<held_shard> held_of(const pqxx::result& rows) {
  std::vector<held_shard> out;
  for (const auto& row : rows) out.push_back({shard_id{row[0].as<std::int16_t>()}, epoch_t{row[1].as<std::int64_t>()}});
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.shard < b.shard; });
  return out;
}

struct held_columns {
  array_literal shards, epochs;
  explicit held_columns(const std::vector<held_shard>& held) {
    for (const auto& h : held) {
      shards.add(static_cast<std::int64_t>(value(h.shard)));
      epochs.add(value(h.epoch));
    }
  }
};

}  // namespace

bool postgres_store::take_cluster_locks(postgres_work& work, const std::string& node) {
  if (cluster_generation_ != 0 && cluster_generation_ == session_.generation()) return true;
  if (!work.run(share_claim_lock)[0][0].as<bool>()) return false;
  if (!work.run(try_name_lock, storable_text(node))[0][0].as<bool>()) return false;
  cluster_generation_ = session_.generation();
  return true;
}

result<cluster_view> postgres_store::run(const query::join_cluster& q) {
  if (q.node.empty()) return fail(errc::invalid_argument, "a node needs a name");
  auto joined =
      session_.transact<cluster_view>(postgres_session::mode::write, [&](postgres_work& work) -> result<cluster_view> {
        work.learn_transaction_id();
        if (!take_cluster_locks(work, q.node)) {
          const auto namesake = work.run(select_namesake, storable_text(q.node), lease_time_.count());
          const bool lives =
              !namesake.empty() && namesake[0][4].as<bool>() && !namesake[0][3].as<std::string>().empty();
          if (!namesake.empty() && !lives) work.run(end_namesake, storable_text(q.node), namesake[0][2].as<int>());
          if (!take_cluster_locks(work, q.node)) {
            if (lives)
              return fail(errc::conflict, "a node named " + q.node + " runs at " + namesake[0][0].as<std::string>() +
                                              " since " + namesake[0][1].as<std::string>() +
                                              "; give this one another name (node.name)");
            const auto alone = work.run(select_alone);
            const auto who = alone.empty() ? std::string{} : alone[0][0].as<std::string>();
            return fail(errc::conflict,
                        "node " + (who.empty() ? std::string{"(starting)"} : who) +
                            " holds the whole store by itself; set cluster.enabled there too, or stop it");
          }
        }
        work.run(enter_node, storable_text(q.node), storable_text(q.address), q.incarnation,
                 storable_text(q.peer_address), storable_text(q.version), q.protocol);
        work.run(tell_cluster);
        return read_view(work);
      });
  // A join that failed half-way must not leave locks on this session.
  if (!joined) {
    cluster_generation_ = 0;
    session_.drop();
  }
  return joined;
}

result<query::tended_cluster> postgres_store::run(const query::tend_cluster& q) {
  using tended = query::tended_cluster;
  auto kept = session_.transact<tended>(postgres_session::mode::write, [&](postgres_work& work) -> result<tended> {
    work.learn_transaction_id();
    if (!take_cluster_locks(work, q.node)) {
      // The holder is our own former session, not yet noticed dead by the server, or a new process of our name.
      const auto namesake = work.run(select_namesake, storable_text(q.node), lease_time_.count());
      if (!namesake.empty() && namesake[0][3].as<std::string>() == q.incarnation)
        work.run(end_namesake, storable_text(q.node), namesake[0][2].as<int>());
      if (!take_cluster_locks(work, q.node)) return fail(errc::stale_epoch, "another node has this one's name");
    }
    if (work.run(beat_node, storable_text(q.node), q.incarnation, to_epoch_ms(q.clock)).affected_rows() == 0)
      return fail(errc::stale_epoch, "another node has entered itself under this one's name");
    const held_columns held{q.held};
    tended answer;
    answer.kept = held_of(
        work.run(renew_leases, storable_text(q.node), held.shards.text(), held.epochs.text(), lease_time_.count()));
    auto view = read_view(work);
    if (!view) return tl::unexpected<failure>(std::move(view.error()));
    answer.view = std::move(*view);
    return answer;
  });
  if (kept) look_after_partitions();
  return kept;
}

result<std::vector<held_shard>> postgres_store::run(const query::take_shards& q) {
  using taken = std::vector<held_shard>;
  array_literal wanted;
  for (const auto shard : q.shards) wanted.add(static_cast<std::int64_t>(value(shard)));
  return session_.transact<taken>(postgres_session::mode::write, [&](postgres_work& work) -> result<taken> {
    work.learn_transaction_id();
    return held_of(work.run(take_leases, storable_text(q.node), wanted.text(), q.incarnation, lease_time_.count(),
                            cluster_protocol));
  });
}

result<std::int64_t> postgres_store::run(const query::release_shards& q) {
  const held_columns held{q.shards};
  return session_.transact<std::int64_t>(
      postgres_session::mode::write, [&](postgres_work& work) -> result<std::int64_t> {
        work.learn_transaction_id();
        const auto freed =
            work.run(release_leases, storable_text(q.node), held.shards.text(), held.epochs.text()).affected_rows();
        work.run(tell_cluster);
        return static_cast<std::int64_t>(freed);
      });
}

result<bool> postgres_store::run(const query::leave_cluster& q) {
  return session_.transact<bool>(postgres_session::mode::write, [&](postgres_work& work) -> result<bool> {
    work.learn_transaction_id();
    const auto left = work.run(note_leaving, storable_text(q.node), q.incarnation).affected_rows();
    work.run(tell_cluster);
    return left > 0;
  });
}

result<bool> postgres_store::run(const query::drain_node& q) {
  return session_.transact<bool>(postgres_session::mode::write, [&](postgres_work& work) -> result<bool> {
    work.learn_transaction_id();
    if (work.run(note_drained, storable_text(q.node), q.drained).affected_rows() == 0)
      return fail(errc::not_found, "no node of that name has entered itself");
    work.run(tell_cluster);
    return true;
  });
}

result<cluster_view> postgres_store::run(const query::view_cluster&) {
  return session_.transact<cluster_view>(postgres_session::mode::read, read_view);
}

result<shard_tasks> postgres_store::run(const query::count_tasks_by_shard&) {
  return session_.transact<shard_tasks>(postgres_session::mode::read, [](postgres_work& work) -> result<shard_tasks> {
    shard_tasks tasks{};
    for (const auto& row : work.run(count_tasks))
      tasks.at(static_cast<std::size_t>(row[0].as<std::int16_t>())) = row[1].as<std::int64_t>();
    return tasks;
  });
}

}  // namespace waihu
