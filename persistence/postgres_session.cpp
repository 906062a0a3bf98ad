#include "persistence/postgres_session.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <string_view>
#include <thread>
#include <utility>

#include "persistence/connect_failure.hpp"
#include "telemetry/log.hpp"

namespace waihu {

namespace {

using telemetry::log_level;

/// A transaction that takes longer holds up every call that waits for the writer.
constexpr std::chrono::seconds slow_transaction{1};

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out += '\'';
}

std::string server_settings(const config::store_options& o) {
  return "-c statement_timeout=" + std::to_string(o.statement_timeout.count()) +
         " -c lock_timeout=" + std::to_string(o.lock_timeout.count()) +
         " -c idle_in_transaction_session_timeout=" + std::to_string(longest_rest.count()) +
         " -c TimeZone=UTC -c default_transaction_isolation=read\\ committed -c client_encoding=UTF8" +
         // A prepared statement's plan is settled at its sixth run, perhaps while its tables are still empty; then a
         // scan of the whole table looks cheapest, and stays until the next analyse. Every statement has an index to go
         // by. Just-in-time compilation costs more than these statements do.
         " -c enable_seqscan=off -c jit=off"
         // Our own writes wake no listener: migrations/0005_outside_changes.sql.
         " -c waihu.own_write=on";
}

store_fault refused(errc code, std::string message, const std::string& state) {
  return {store_fault::kind::refused, failure{code, std::move(message), state, 0}};
}

store_fault passing(errc code, std::string message, const std::string& state) {
  return {store_fault::kind::transient, failure{code, std::move(message), state, 0}};
}

// SQLSTATE classes, PostgreSQL 15 appendix A. The server's own message is never passed on: it may quote values.
store_fault classify_state(const std::string& state) {
  const std::string_view s{state};
  const auto group = s.substr(0, 2);
  if (s == "WH001") return refused(errc::illegal_transition, "the database refuses this move of the task", state);
  if (s == "WH002") return refused(errc::illegal_transition, "the call has ended already", state);
  if (s == "WH003") return refused(errc::illegal_transition, "the call has a provider job already", state);
  if (s == "WH004") return refused(errc::stale_epoch, "an epoch cannot go back", state);
  if (s == "40001" || s == "40P01")
    return passing(errc::unavailable, "the store is busy (conflict between writers)", state);
  if (s == "55P03") return passing(errc::unavailable, "the store is busy (lock time-out)", state);
  if (s == "57014") return passing(errc::unavailable, "the store took too long and was interrupted", state);
  if (group == "57" || group == "08" || s == "25P03")
    return {store_fault::kind::broken, failure{errc::unavailable, "the store closed the connection", state, 0}};
  if (group == "53") return passing(errc::unavailable, "the store lacks resources", state);
  if (s == "25006") return passing(errc::unavailable, "the store is read-only at present", state);
  if (s == "23505") return refused(errc::conflict, "such a row exists already", state);
  if (group == "23") return refused(errc::conflict, "a rule of the database refuses this", state);
  if (group == "22") return refused(errc::invalid_argument, "a value cannot be stored", state);
  return refused(errc::internal, "the store could not carry this out", state);
}

}  // namespace

store_fault classify_store_error(const std::exception& error, bool connection_open) {
  std::string state;
  if (const auto* sql = dynamic_cast<const pqxx::sql_error*>(&error)) state = sql->sqlstate();
  const bool broken = !connection_open || dynamic_cast<const pqxx::broken_connection*>(&error) != nullptr ||
                      dynamic_cast<const pqxx::in_doubt_error*>(&error) != nullptr;
  if (broken) return {store_fault::kind::broken, failure{errc::unavailable, "the store is unreachable", state, 0}};
  if (dynamic_cast<const pqxx::transaction_rollback*>(&error) != nullptr)
    return passing(errc::unavailable, "the store is busy (conflict between writers)", "40001");
  if (state.empty()) return refused(errc::internal, "the store could not carry this out", state);
  return classify_state(state);
}

result<std::string> connection_string(const config::store_options& o) {
  char* complaint = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parsed{PQconninfoParse(o.url.c_str(), &complaint),
                                                                            &PQconninfoFree};
  // The complaint may quote the url with its password: dropped.
  if (complaint != nullptr) PQfreemem(complaint);
  if (!parsed) return fail(errc::invalid_argument, "store.url is not a PostgreSQL connection string or URI");
  std::map<std::string, std::string> settings;
  for (const auto* p = parsed.get(); p->keyword != nullptr; ++p)
    if (p->val != nullptr) settings[p->keyword] = p->val;
  const auto set = [&](const char* key, const std::string& v) {
    if (!v.empty()) settings[key] = v;
  };
  set("sslmode", o.sslmode);
  set("sslrootcert", o.sslrootcert);
  set("sslcert", o.sslcert);
  set("sslkey", o.sslkey);
  set("application_name", "waihu");
  const auto whole_seconds = std::chrono::ceil<std::chrono::seconds>(o.connect_timeout).count();
  set("connect_timeout", std::to_string(std::max<std::int64_t>(whole_seconds, 2)));  // libpq knows no less than 2
  // A network that swallows packets must not hold a worker for longer than a statement may take.
  set("keepalives", "1");
  set("keepalives_idle", "5");
  set("keepalives_interval", "3");
  set("keepalives_count", "3");
  set("tcp_user_timeout", std::to_string(o.statement_timeout.count()));
  settings["options"] += (settings["options"].empty() ? "" : " ") + server_settings(o);
  std::string out;
  for (const auto& [key, v] : settings) out += key + "=" + quoted(v) + " ";
  return out;
}

void postgres_work::learn_transaction_id() {
  static constexpr statement leave{"leave_mark",
                                   "insert into write_marks (session, mark) values ($1, $2)"
                                   " on conflict (session) do update set mark = excluded.mark, left_at = now() "
                                   "returning pg_current_xact_id()::text"};
  static constexpr statement sweep{"sweep_marks",
                                   "delete from write_marks where session in (select session from write_marks"
                                   " where left_at < now() - interval '7 days' limit 1000 for update skip locked)"};
  mark_ = session_.next_mark();
  transaction_id_ = run(leave, session_.name(), mark_)[0][0].as<std::string>();
  if (mark_ == 1) run(sweep);
}

void postgres_work::learn_transaction_id_unmarked() {
  static constexpr statement ask{"current_transaction", "select pg_current_xact_id()::text"};
  transaction_id_ = run(ask)[0][0].as<std::string>();
}

void postgres_work::rest_at_most(std::chrono::milliseconds longest) {
  static constexpr statement set{"rest_at_most", "select set_config('idle_in_transaction_session_timeout', $1, true)"};
  run(set, std::to_string(longest.count()));
}

namespace {

std::string fresh_session_name() {
  std::random_device random;
  std::string name;
  for (int i = 0; i < 4; ++i) name += std::to_string(random()) + (i < 3 ? "-" : "");
  return name;
}

}  // namespace

postgres_session::postgres_session(config::store_options options)
    : options_{std::move(options)}, name_{fresh_session_name()} {
  options_.write_tries = std::max(options_.write_tries, 1);
}

void postgres_session::drop() noexcept {
  prepared_.clear();
  silence_.reset();
  connection_.reset();
}

result<void> postgres_session::ensure_open() {
  if (is_open()) {
    // An idle connection that the server has closed is noticed here instead of failing a transaction. (libpqxx 6.4 also
    // leaks a result when a statement finds its connection dead.)
    try {
      connection_->get_notifs();
      return {};
    } catch (const std::exception&) {
    }
  }
  drop();
  if (generation_ != 0) note_loss();
  auto conninfo = connection_string(options_);
  if (!conninfo) return tl::unexpected<failure>(std::move(conninfo.error()));
  if (const auto now = std::chrono::steady_clock::now(); now < next_connect_)
    std::this_thread::sleep_until(next_connect_);
  try {
    connection_ = std::make_unique<pqxx::connection>(*conninfo);
    silence_ = std::make_unique<pqxx::quiet_errorhandler>(*connection_);
    // A silent reconnect inside libpqxx would lose the session's advisory lock unnoticed.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    connection_->inhibit_reactivation(true);
#pragma GCC diagnostic pop
  } catch (const std::exception& error) {
    drop();
    connect_delay_ = std::clamp(connect_delay_ * 2, options_.reconnect_min, options_.reconnect_max);
    next_connect_ = std::chrono::steady_clock::now() + connect_delay_;
    const auto why = connect_failure_text(error.what());
    // Before the first connection the caller tells it.
    if (generation_ != 0)
      telemetry::log_repeated(log_level::warn, "store", "store.connect_failed", why, {{"reason", why}});
    return fail(errc::unavailable, std::string(why));
  }
  connect_delay_ = {};
  ++generation_;
  if (lost_since_) {
    const auto away = std::chrono::steady_clock::now() - *std::exchange(lost_since_, std::nullopt);
    telemetry::log_repeated(log_level::info, "store", "store.connected_again", "",
                            {{"away_ms", std::chrono::duration_cast<std::chrono::milliseconds>(away).count()}});
  }
  return {};
}

void postgres_session::note_loss() {
  if (lost_since_) return;
  lost_since_ = std::chrono::steady_clock::now();
  telemetry::log_repeated(log_level::warn, "store", "store.connection_lost", "", {},
                          "connecting again; what was not committed is repeated");
}

void postgres_session::note_fault(const store_fault& fault, int attempt) {
  if (fault.what == store_fault::kind::broken) return note_loss();
  const auto& state = fault.why.vendor_code;
  if (fault.what == store_fault::kind::transient)
    telemetry::log_repeated(log_level::warn, "store", state == "57014" ? "store.timed_out" : "store.held_up", state,
                            {{"sqlstate", state}, {"attempt", attempt}, {"attempts", options_.write_tries}},
                            fault.why.message);
  else if (fault.why.code == errc::internal)
    telemetry::log_repeated(log_level::error, "store", "store.statement_failed", state, {{"sqlstate", state}},
                            "the statement or the schema is not what this release expects");
}

void postgres_session::note_duration(std::chrono::steady_clock::duration took, mode how) {
  if (took < slow_transaction) return;
  telemetry::log_repeated(log_level::warn, "store", "store.slow", how == mode::write ? "write" : "read",
                          {{"took_ms", std::chrono::duration_cast<std::chrono::milliseconds>(took).count()},
                           {"writes", how == mode::write}});
}

void postgres_session::prepare(const statement& s) {
  if (prepared_.insert(s.name).second) connection_->prepare(s.name, s.sql);
}

void postgres_session::back_off(int attempt) const {
  thread_local std::minstd_rand random{std::random_device{}()};
  const auto longest = std::min(options_.reconnect_min * (1 << std::min(attempt - 2, 10)), options_.reconnect_max);
  const auto ms = std::uniform_int_distribution<std::int64_t>{longest.count() / 2, longest.count()}(random);
  std::this_thread::sleep_for(std::chrono::milliseconds{ms});
}

postgres_session::fate postgres_session::ask_fate(const std::string& transaction_id, std::int64_t mark) {
  static constexpr statement ask{"transaction_fate", "select pg_xact_status($1::text::xid8), 0"};
  static constexpr statement ask_marked{
      "marked_transaction_fate",
      "select pg_xact_status($1::text::xid8), coalesce((select mark from write_marks where session = $2), 0)"};
  constexpr std::string_view not_given_yet = "22023";
  for (int attempt = 1; attempt <= options_.write_tries; ++attempt) {
    if (attempt > 1) back_off(attempt);
    if (!ensure_open()) continue;
    try {
      pqxx::work tx{*connection_};
      postgres_work work{*this, tx};
      const auto row = mark == 0 ? work.run(ask, transaction_id) : work.run(ask_marked, transaction_id, name_);
      const auto status = row[0][0].as<std::string>(std::string{});
      // The id of a transaction that a crash of the server has undone is given again: only the mark is ours alone.
      const bool is_ours = row[0][1].as<std::int64_t>() >= mark;
      tx.commit();
      if (status == "committed") return is_ours ? fate::committed : fate::aborted;
      if (status == "aborted") return fate::aborted;
      // "in progress": the old backend has not finished; ask again.
    } catch (const pqxx::sql_error& refused) {
      // The id was given before the crash and has not been since: that transaction is no more.
      if (refused.sqlstate() == not_given_yet) return fate::aborted;
      if (!is_open()) drop();
    } catch (const std::exception&) {
      if (!is_open()) drop();
    }
  }
  return fate::unknown;
}

}  // namespace waihu
