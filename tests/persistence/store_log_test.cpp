// The lines by which operators learn how the store fares (docs/operations.md).
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <pqxx/pqxx>
#include <sstream>

#include "persistence/migrate.hpp"
#include "persistence/postgres_store.hpp"
#include "telemetry/log.hpp"
#include "tests/persistence/postgres_fixture.hpp"
#include "tests/persistence/store_under_test.hpp"

namespace waihu::testing {
namespace {

using namespace std::chrono_literals;

class StoreLog : public ::testing::Test {
 protected:
  void SetUp() override {
    config::log_options options;
    options.file = file_.string();
    ASSERT_TRUE(telemetry::setup_logging(options));
  }
  void TearDown() override {
    ASSERT_TRUE(telemetry::setup_logging({}));
    std::filesystem::remove(file_);
  }

  /// Everything logged so far.
  std::string lines() {
    telemetry::stop_logging();
    std::ostringstream all;
    all << std::ifstream(file_).rdbuf();
    return all.str();
  }

  std::filesystem::path file_ =
      std::filesystem::temp_directory_path() / ("waihu_store_log_" + std::to_string(::getpid()));
};

std::size_t times(const std::string& text, std::string_view word) {
  std::size_t n = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + word.size())) ++n;
  return n;
}

TEST_F(StoreLog, ALostConnectionIsToldOnceAndItsReturnWithTheTimeBetween) {
  private_cluster cluster;
  auto options = cluster.options();
  options.write_tries = 2;
  ASSERT_TRUE(migrate(options));
  const auto s = make_postgres_store_factory(options)();
  ASSERT_TRUE(s->run(query::last_event{}));
  cluster.stop();
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(s->run(query::last_event{}));
  cluster.start();
  ASSERT_TRUE(s->run(query::last_event{}));
  const auto text = lines();
  EXPECT_EQ(times(text, "store.connection_lost"), 1U) << text;
  EXPECT_EQ(times(text, "store.connected_again"), 1U) << text;
  EXPECT_NE(text.find("away_ms="), std::string::npos) << text;
}

TEST_F(StoreLog, WhatHoldsAWriteUpIsNamedWithItsSqlstate) {
  private_cluster cluster;
  auto options = cluster.options();
  options.write_tries = 2;
  options.lock_timeout = 50ms;
  ASSERT_TRUE(migrate(options));
  const auto s = make_postgres_store_factory(options)();
  pqxx::connection other{options.url};
  pqxx::work lock{other};
  lock.exec("lock table shards, organizations in access exclusive mode");
  EXPECT_FALSE(s->run(query::claim_shards{"n", "h:1"}));
  lock.abort();
  options.lock_timeout = 10'000ms;
  options.statement_timeout = 50ms;
  const auto hurried = make_postgres_store_factory(options)();
  pqxx::work again{other};
  again.exec("lock table shards, organizations in access exclusive mode");
  EXPECT_FALSE(hurried->run(query::claim_shards{"n", "h:1"}));
  again.abort();
  const auto text = lines();
  EXPECT_NE(text.find("store.held_up"), std::string::npos) << text;
  EXPECT_NE(text.find("55P03"), std::string::npos) << text;
  EXPECT_NE(text.find("store.timed_out"), std::string::npos) << text;
  EXPECT_EQ(text.find("store.slow"), std::string::npos) << text;
}

TEST_F(StoreLog, ATransactionOfMoreThanASecondIsCalledSlow) {
  private_cluster cluster;
  const auto options = cluster.options();
  ASSERT_TRUE(migrate(options));
  // The database itself makes the write slow: a trigger that waits.
  pqxx::connection other{options.url};
  pqxx::work tx{other};
  tx.exec(
      "create function dawdle() returns trigger language plpgsql as"
      " $$ begin perform pg_sleep(1.1); return new; end $$");
  tx.exec("create trigger dawdle before insert on organizations for each statement execute function dawdle()");
  tx.commit();
  const auto s = make_postgres_store_factory(options)();
  ASSERT_TRUE(s->run(query::create_organization{"One", "o1"}));
  const auto text = lines();
  EXPECT_NE(text.find("store.slow"), std::string::npos) << text;
}

}  // namespace
}  // namespace waihu::testing
