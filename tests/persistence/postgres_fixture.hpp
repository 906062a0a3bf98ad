// A private PostgreSQL for the tests of one process, started at first use and deleted at exit. Every call of
// `fresh_database` gives an empty migrated database, cloned from a template. When the server cannot be started the
// test fails; it is never skipped.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/options.hpp"

namespace waihu::testing {

/// Options for a new, migrated, empty database of its own: short reconnect delays, the rest as shipped. Throws
/// std::runtime_error when the server cannot be started, which fails the test.
config::store_options fresh_database();

/// The same without any schema, for tests of the migrations.
config::store_options blank_database();

/// Drops a database made by the two functions above. Sessions still on it are ended.
void drop_database(const config::store_options& options);

/// Runs SQL past the store on a connection of its own. Answer: SQLSTATE of the error; "" when it went well.
std::string run_sql(const config::store_options& options, const std::string& sql);

/// First column of every row; NULL as "NULL". Throws std::runtime_error on an error.
std::vector<std::string> ask_sql(const config::store_options& options, const std::string& sql);

/// Ends every other session of the database. Answer: how many there were.
int end_sessions(const config::store_options& options);

/// Listens on a channel.
class notification_listener {
 public:
  notification_listener(const config::store_options& options, const std::string& channel);
  ~notification_listener();
  notification_listener(const notification_listener&) = delete;
  notification_listener& operator=(const notification_listener&) = delete;

  /// Payload of the next notification; waits up to 5 s, then "" .
  std::string next();
  /// Notifications that have arrived and were not taken.
  int pending();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

/// A second cluster that a test may stop, restart and kill. Deleted with the object.
class private_cluster {
 public:
  private_cluster();
  ~private_cluster();
  private_cluster(const private_cluster&) = delete;
  private_cluster& operator=(const private_cluster&) = delete;

  /// Options for its (unmigrated) default database.
  config::store_options options() const;
  void stop();
  void start();
  void restart_immediate();
  void kill9();

 private:
  std::string folder_, url_;
};

}  // namespace waihu::testing
