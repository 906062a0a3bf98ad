// The schema's history: numbered SQL files embedded in the binary, applied in order under an advisory lock and recorded
// with their checksum. Forward only. Knows no store.
#pragma once

#include <string>
#include <vector>

#include "config/options.hpp"
#include "messages/model/failure.hpp"

namespace waihu {

/// One numbered file of persistence/migrations.
struct migration {
  int number{};          ///< From 1, without gaps.
  std::string name;      ///< File name without ending, e.g. "0001_accounts_and_leads".
  std::string checksum;  ///< SHA-256 of the file, 64 hex digits.
  std::string sql;
};

/// The migrations this build knows, ascending.
std::vector<migration> embedded_migrations();

/// Where a database's schema stands against the known migrations.
struct schema_status {
  int applied{};        ///< Greatest number recorded; 0 = empty database.
  int known{};          ///< Greatest number this build knows.
  bool is_current{};    ///< Both equal and every checksum right.
  bool fsync_off{};     ///< The server does not wait for its disk: fit for tests only; the daemon warns.
  std::string problem;  ///< For people; empty when there is none (a schema that is merely behind is none).
  std::string server;   ///< Server version, e.g. "15.20".
};

/// Applies what is missing, one transaction for each file; two migrators wait for each other. Answer: how many were
/// applied. conflict when an applied file was changed, the history has a gap, or the schema is newer than `known`;
/// unavailable when the server cannot be reached; internal (message names the file) when a file fails.
result<int> migrate(const config::store_options& options, const std::vector<migration>& known);
/// The same with the embedded migrations.
result<int> migrate(const config::store_options& options);

/// Looks without changing anything. conflict as above; a schema that is behind is reported in the status.
result<schema_status> check_schema(const config::store_options& options, const std::vector<migration>& known);
/// The same against the embedded migrations.
result<schema_status> check_schema(const config::store_options& options);

}  // namespace waihu
