#include "persistence/migrate.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "persistence/postgres_session.hpp"

namespace waihu {

namespace {

struct applied_migration {
  int number{};
  std::string name, checksum;
};

// Any 64-bit number of our own; every migrator of one database waits for it.
constexpr const char* take_turn = "select pg_advisory_xact_lock(6296825730914305)";

std::vector<applied_migration> read_history(pqxx::transaction_base& tx) {
  std::vector<applied_migration> out;
  const auto there = tx.exec("select to_regclass('schema_migrations') is not null");
  if (!there[0][0].as<bool>()) return out;
  for (const auto& row : tx.exec("select number, name, checksum from schema_migrations order by number"))
    out.push_back({row[0].as<int>(), row[1].as<std::string>(), row[2].as<std::string>()});
  return out;
}

std::optional<std::string> find_problem(const std::vector<applied_migration>& history,
                                        const std::vector<migration>& known) {
  for (std::size_t i = 0; i < history.size(); ++i) {
    const auto& h = history[i];
    if (i >= known.size())
      return "the database schema is newer (" + std::to_string(history.back().number) + ") than this version knows (" +
             std::to_string(known.empty() ? 0 : known.back().number) + "); use the newer program";
    if (h.number != known[i].number)
      return "the history of the database schema has a gap at " + std::to_string(known[i].number);
    if (h.checksum != known[i].checksum) return "migration " + known[i].name + " was changed after it had been applied";
  }
  return std::nullopt;
}

// One file in one transaction, so that a failing file leaves nothing behind. Answer: false when nothing was missing.
result<bool> apply_next(postgres_session& session, const std::vector<migration>& known) {
  std::string current;
  auto done = session.transact<bool>(postgres_session::mode::write, [&](postgres_work& work) -> result<bool> {
    auto& tx = work.raw();
    tx.exec("set local lock_timeout = '60s'");
    tx.exec("set local statement_timeout = 0");
    tx.exec(take_turn);
    work.learn_transaction_id_unmarked();
    const auto history = read_history(tx);
    if (auto problem = find_problem(history, known)) return fail(errc::conflict, std::move(*problem));
    if (history.size() == known.size()) return false;
    const auto& next = known[history.size()];
    current = next.name;
    if (history.empty())
      tx.exec(
          "create table if not exists schema_migrations (number integer primary key, name text not null,"
          " checksum text not null, applied_at timestamptz not null default now())");
    tx.exec(next.sql);
    tx.exec_params("insert into schema_migrations (number, name, checksum) values ($1, $2, $3)", next.number, next.name,
                   next.checksum);
    return true;
  });
  if (!done && !current.empty() && !is_transient(done.error().code) && done.error().code != errc::conflict)
    return fail(errc::internal, "migration " + current + " failed", done.error().vendor_code);
  return done;
}

}  // namespace

result<int> migrate(const config::store_options& options, const std::vector<migration>& known) {
  postgres_session session{options};
  int applied = 0;
  while (true) {
    auto one = apply_next(session, known);
    if (!one) return tl::unexpected<failure>(std::move(one.error()));
    if (!*one) break;
    ++applied;
  }
  // Next months' partitions are made at every start, not by a migration.
  auto partitions = session.transact<bool>(postgres_session::mode::write, [](postgres_work& work) -> result<bool> {
    auto& tx = work.raw();
    tx.exec(take_turn);
    work.learn_transaction_id_unmarked();
    if (tx.exec("select to_regproc('waihu_make_event_partitions') is not null")[0][0].as<bool>())
      tx.exec("select waihu_make_event_partitions(2)");
    return true;
  });
  if (!partitions && partitions.error().code != errc::lost)
    return tl::unexpected<failure>(std::move(partitions.error()));
  return applied;
}

result<int> migrate(const config::store_options& options) { return migrate(options, embedded_migrations()); }

result<schema_status> check_schema(const config::store_options& options, const std::vector<migration>& known) {
  postgres_session session{options};
  return session.transact<schema_status>(postgres_session::mode::snapshot,
                                         [&](postgres_work& work) -> result<schema_status> {
                                           auto& tx = work.raw();
                                           schema_status s;
                                           const auto history = read_history(tx);
                                           s.applied = history.empty() ? 0 : history.back().number;
                                           s.known = known.empty() ? 0 : known.back().number;
                                           s.fsync_off = tx.exec("show fsync")[0][0].as<std::string>() == "off";
                                           s.server = tx.exec("show server_version")[0][0].as<std::string>();
                                           s.problem = find_problem(history, known).value_or("");
                                           s.is_current = s.problem.empty() && history.size() == known.size();
                                           if (!s.problem.empty()) return fail(errc::conflict, s.problem);
                                           return s;
                                         });
}

result<schema_status> check_schema(const config::store_options& options) {
  return check_schema(options, embedded_migrations());
}

}  // namespace waihu
