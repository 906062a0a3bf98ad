// The schema's history: applied once, never changed, never ahead of the program.
#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "persistence/migrate.hpp"
#include "tests/persistence/postgres_fixture.hpp"

namespace waihu::testing {
namespace {

class Migrations : public ::testing::Test {
 protected:
  void TearDown() override { drop_database(database_); }
  config::store_options database_{blank_database()};
};

TEST_F(Migrations, AreAppliedInOrderOnceAndRecordedWithTheirChecksum) {
  const auto known = embedded_migrations();
  ASSERT_FALSE(known.empty());
  for (std::size_t i = 0; i < known.size(); ++i) EXPECT_EQ(known[i].number, static_cast<int>(i) + 1);
  auto status = check_schema(database_);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->applied, 0);
  EXPECT_FALSE(status->is_current);
  EXPECT_TRUE(status->fsync_off);
  const auto first = migrate(database_);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(*first, static_cast<int>(known.size()));
  EXPECT_EQ(*migrate(database_), 0);
  status = check_schema(database_);
  ASSERT_TRUE(status);
  EXPECT_TRUE(status->is_current);
  EXPECT_EQ(status->applied, known.back().number);
  const auto checksums = ask_sql(database_, "select checksum from schema_migrations order by number");
  ASSERT_EQ(checksums.size(), known.size());
  for (std::size_t i = 0; i < known.size(); ++i) {
    EXPECT_EQ(checksums[i], known[i].checksum);
    EXPECT_EQ(
        ask_sql(database_, "select encode(sha256(convert_to($waihu$" + known[i].sql + "$waihu$, 'UTF8')), 'hex')")[0],
        known[i].checksum)
        << "the embedded text is the file";
  }
}

TEST_F(Migrations, RefuseAFileThatWasChangedAfterItHadBeenApplied) {
  ASSERT_TRUE(migrate(database_));
  auto changed = embedded_migrations();
  changed[1].checksum = std::string(64, '0');
  for (const auto& r : {migrate(database_, changed).map([](int) { return true; }),
                        check_schema(database_, changed).map([](const auto&) { return true; })}) {
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error().code, errc::conflict);
    EXPECT_NE(r.error().message.find(changed[1].name), std::string::npos) << r.error().message;
  }
}

TEST_F(Migrations, RefuseASchemaNewerThanTheProgramKnows) {
  ASSERT_TRUE(migrate(database_));
  auto older = embedded_migrations();
  older.pop_back();
  const auto r = migrate(database_, older);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::conflict);
  EXPECT_NE(r.error().message.find("newer"), std::string::npos);
  EXPECT_EQ(check_schema(database_, older).error().code, errc::conflict);
}

TEST_F(Migrations, LeaveNothingOfAFileThatFails) {
  auto broken = embedded_migrations();
  broken.push_back(
      {broken.back().number + 1, "0099_broken", std::string(64, 'a'), "create table half_made (id int); select 1/0;"});
  const auto r = migrate(database_, broken);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::internal);
  EXPECT_NE(r.error().message.find("0099_broken"), std::string::npos);
  EXPECT_EQ(ask_sql(database_, "select to_regclass('half_made')")[0], "NULL");
  EXPECT_TRUE(check_schema(database_)->is_current);
}

TEST_F(Migrations, TwoMigratorsAtOnceApplyEachFileOnce) {
  std::array<result<int>, 4> applied{0, 0, 0, 0};
  std::array<std::thread, 4> threads;
  for (std::size_t i = 0; i < threads.size(); ++i)
    threads[i] = std::thread{[&, i] { applied[i] = migrate(database_); }};
  for (auto& t : threads) t.join();
  int sum = 0;
  for (const auto& a : applied) {
    ASSERT_TRUE(a) << a.error().message << a.error().vendor_code;
    sum += *a;
  }
  EXPECT_EQ(sum, static_cast<int>(embedded_migrations().size()));
}

TEST_F(Migrations, MakeThePartitionsOfTheComingMonthsAtEveryStart) {
  ASSERT_TRUE(migrate(database_));
  const auto partitions = [&] {
    return ask_sql(database_, "select count(*) from pg_inherits where inhparent = 'task_events'::regclass")[0];
  };
  EXPECT_EQ(partitions(), "4") << "three months and the default";
  ask_sql(database_,
          "do $$ begin execute (select 'drop table ' || max(inhrelid::regclass::text) from pg_inherits"
          " where inhparent = 'task_events'::regclass and inhrelid <> 'task_events_other'::regclass); end $$");
  EXPECT_EQ(partitions(), "3");
  ASSERT_TRUE(migrate(database_));
  EXPECT_EQ(partitions(), "4");
}

}  // namespace
}  // namespace waihu::testing
