// The journal of looks: by it benchmarks say how late a client's polling is.
#include "provider/simulator/look_journal.hpp"

#include <gtest/gtest.h>

namespace waihu::simulator {
namespace {

TEST(LookJournal, CountsJobsOnceAndLooksEachTime) {
  look_journal journal;
  journal.note(7, 1'000);
  journal.note(7, 2'000);
  journal.note(3, 2'000);
  EXPECT_EQ(journal.looks(), 3U);
  EXPECT_EQ(journal.jobs(), 2U);
  EXPECT_EQ(journal.interval_ms(1.0), 1'000);
}

TEST(LookJournal, ShowsTheLateOnesInTheTail) {
  look_journal journal;
  for (std::uint32_t job = 0; job < 100; ++job) {
    journal.note(job, 0);
    journal.note(job, job < 98 ? 10'000 : 10'700);
  }
  EXPECT_EQ(journal.interval_ms(0.5), 10'000);
  EXPECT_EQ(journal.interval_ms(0.98), 10'000);
  EXPECT_EQ(journal.interval_ms(0.99), 10'700);
  journal.note(0, 500'000);
  EXPECT_EQ(journal.interval_ms(1.0), 60'000) << "a minute and more are one";
  journal.begin();
  EXPECT_EQ(journal.jobs(), 0U);
  EXPECT_EQ(journal.interval_ms(0.99), 0);
}

}  // namespace
}  // namespace waihu::simulator
