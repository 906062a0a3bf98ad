// One connection to PostgreSQL with everything that makes it dependable: bounded connecting and reconnecting, statement
// and lock limits, classification of errors, transactions repeated where that is provably safe. Knows no table.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <unordered_set>
#include <utility>

#include "config/options.hpp"
#include "messages/model/failure.hpp"
#include "persistence/postgres_arrays.hpp"

namespace waihu {

/// A statement with the name it is prepared under. Names are unique within persistence/.
struct statement {
  const char* name;
  const char* sql;
};

/// What an error of the database means for the one who got it.
struct store_fault {
  enum class kind : std::uint8_t {
    broken,     ///< The connection is gone.
    transient,  ///< Rolled back by the server for a passing reason; the same again may succeed.
    refused,    ///< A rule, a trigger or the data; the same again fails again.
  };
  kind what{kind::refused};
  failure why;  ///< Never holds SQL text, parameters or credentials.
};

/// Classifies the exception in flight. `connection_open`: the connection's state after it.
store_fault classify_store_error(const std::exception& error, bool connection_open);

/// The libpq connection string of `options`: the url's settings with ours merged in. A secret. invalid_argument when
/// the url cannot be parsed (the message does not repeat it).
result<std::string> connection_string(const config::store_options& options);

/// A process that is frozen, or cut off, in the middle of a transaction holds what it has locked: shards that others
/// must take, the turn of the events that every commit waits for. The server gives up on it after so long; a
/// transaction of ours hardly rests between two statements, and one that was ended is repeated.
inline constexpr std::chrono::milliseconds longest_rest{2'000};
/// The same for the time in which a transaction that holds nothing others wait for thinks about what it has read.
inline constexpr std::chrono::milliseconds longest_thought{60'000};

class postgres_session;

/// A transaction under way, or a read without one.
class postgres_work {
 public:
  postgres_work(postgres_session& session, pqxx::transaction_base& tx) : session_{session}, tx_{tx} {}

  /// Runs a prepared statement. Throws pqxx errors; they never leave `postgres_session::transact`.
  template <class... Args>
  pqxx::result run(const statement& s, Args&&... args);

  /// For statements that cannot be prepared.
  pqxx::transaction_base& raw() noexcept { return tx_; }
  /// Identity of the transaction, by which its fate can be asked after a lost COMMIT. Every writing transaction asks
  /// for it before it changes anything, and leaves its mark with it (migration 0014).
  void learn_transaction_id();
  /// The same without a mark, while there may be no table for it: what is lost with a crash of the server is taken for
  /// done at times, so that the asker must look again himself.
  void learn_transaction_id_unmarked();
  /// Until its end, or until told otherwise, this transaction may be silent for so long between two statements.
  void rest_at_most(std::chrono::milliseconds longest);
  const std::string& transaction_id() const noexcept { return transaction_id_; }
  /// 0 = none was left.
  std::int64_t mark() const noexcept { return mark_; }

 private:
  postgres_session& session_;
  pqxx::transaction_base& tx_;
  std::string transaction_id_;
  std::int64_t mark_{};
};

/// Not thread-safe.
class postgres_session {
 public:
  explicit postgres_session(config::store_options options);

  /// What the statements are, and so what a lost connection or COMMIT means.
  enum class mode : std::uint8_t {
    read,      ///< Changes and locks nothing: repeated. Each statement by itself, without BEGIN and COMMIT: at "read
               ///< committed" each sees its own moment anyway, and two of three ways to the server and back are saved.
    snapshot,  ///< Changes nothing: repeated. In a transaction, for whoever sets or locks something for its time.
    write,     ///< The transaction's fate is asked before anything is repeated.
  };

  /// Runs `body(postgres_work&) -> result<T>` in one transaction and commits when it answers a value. Repeats within
  /// `write_tries` what was surely rolled back (connection lost before COMMIT, serialization, deadlock, lock time-out);
  /// after a COMMIT without answer it asks the server what became of the transaction and answers lost only when even
  /// that cannot be learnt. `body` may run several times and must not keep anything from an earlier run.
  template <class T, class Body>
  result<T> transact(mode how, Body&& body);

  /// Connects if need be; one try. unavailable when it fails. Waits out the back-off of earlier failures first.
  result<void> ensure_open();
  /// Grows by one with every new connection, so that a holder of a session-level lock notices that it was lost.
  std::uint64_t generation() const noexcept { return generation_; }
  pqxx::connection& connection() noexcept { return *connection_; }
  void drop() noexcept;
  void prepare(const statement& s);
  const config::store_options& options() const noexcept { return options_; }
  /// Nobody else's, in any process.
  const std::string& name() const noexcept { return name_; }
  /// Greater than all before.
  std::int64_t next_mark() noexcept { return ++last_mark_; }

 private:
  enum class fate : std::uint8_t { committed, aborted, unknown };
  fate ask_fate(const std::string& transaction_id, std::int64_t mark);
  void back_off(int attempt) const;
  /// What operators must know: lines store.* of docs/operations.md.
  void note_loss();
  void note_fault(const store_fault& fault, int attempt);
  static void note_duration(std::chrono::steady_clock::duration took, mode how);
  bool is_open() const noexcept { return connection_ && connection_->is_open(); }

  config::store_options options_;
  std::unique_ptr<pqxx::connection> connection_;
  std::unique_ptr<pqxx::quiet_errorhandler> silence_;
  std::unordered_set<std::string> prepared_;
  std::uint64_t generation_{};
  std::string name_;
  std::int64_t last_mark_{};
  std::chrono::milliseconds connect_delay_{};
  std::chrono::steady_clock::time_point next_connect_{};
  std::optional<std::chrono::steady_clock::time_point> lost_since_;
};

template <class... Args>
pqxx::result postgres_work::run(const statement& s, Args&&... args) {
  session_.prepare(s);
  return tx_.exec_prepared(s.name, std::forward<Args>(args)...);
}

template <class T, class Body>
result<T> postgres_session::transact(mode how, Body&& body) {
  const auto give_up = std::chrono::steady_clock::now() + options_.connect_timeout + options_.reconnect_max;
  failure last{errc::unavailable, "the store is unreachable", {}, 0};
  for (int attempt = 1; attempt <= options_.write_tries; ++attempt) {
    if (attempt > 1) {
      if (std::chrono::steady_clock::now() >= give_up) break;
      back_off(attempt);
    }
    if (auto open = ensure_open(); !open) {
      last = std::move(open.error());
      continue;
    }
    std::optional<result<T>> made;
    std::string transaction_id;
    std::int64_t mark = 0;
    bool committing = false;
    store_fault fault;
    const auto began = std::chrono::steady_clock::now();
    const auto run_in = [&](pqxx::transaction_base& tx) {
      postgres_work work{*this, tx};
      made.emplace(body(work));
      if (!*made) return tx.abort();
      transaction_id = work.transaction_id();
      mark = work.mark();
      committing = true;
      tx.commit();
      note_duration(std::chrono::steady_clock::now() - began, how);
    };
    try {
      if (how == mode::read) {
        pqxx::nontransaction tx{*connection_};
        run_in(tx);
      } else {
        pqxx::work tx{*connection_};
        run_in(tx);
      }
      return std::move(*made);
    } catch (const std::exception& error) {
      fault = classify_store_error(error, is_open());
    }
    note_fault(fault, attempt);
    last = std::move(fault.why);
    if (fault.what == store_fault::kind::refused) return tl::unexpected<failure>(std::move(last));
    if (fault.what == store_fault::kind::broken) drop();
    if (fault.what == store_fault::kind::broken && committing && how == mode::write) {
      const auto became = transaction_id.empty() ? fate::unknown : ask_fate(transaction_id, mark);
      if (became == fate::committed) return std::move(*made);
      if (became == fate::unknown) return fail(errc::lost, "the connection to the store broke during commit");
    }
  }
  return tl::unexpected<failure>(std::move(last));
}

}  // namespace waihu
