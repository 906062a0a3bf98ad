// Histograms, counts by result, the page that shows them, and what the system tells of the process.
#include "telemetry/instruments.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "telemetry/exposition.hpp"
#include "telemetry/process_figures.hpp"

namespace waihu::telemetry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::array<double, 3> three{1, 2, 5};

TEST(Histogram, CountsAValueInTheFirstBucketThatHoldsIt) {
  histogram h(three);
  for (const auto v : {0.0, 1.0, 1.5, 2.0, 4.9, 5.0, 5.1, 100.0}) h.observe(v);
  EXPECT_THAT(h.read().counts, ElementsAre(2, 2, 2, 2));
  EXPECT_DOUBLE_EQ(h.read().sum, 119.5);
}

TEST(Histogram, TakesDurationsAsSecondsAndNegativeOnesAsNone) {
  histogram h(three);
  h.observe(std::chrono::milliseconds(1'500));
  h.observe(std::chrono::milliseconds(-3'000));
  EXPECT_THAT(h.read().counts, ElementsAre(1, 1, 0, 0));
  EXPECT_DOUBLE_EQ(h.read().sum, 1.5);
}

TEST(Histogram, LosesNothingWhenManyThreadsObserve) {
  histogram h(three);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&h] {
      for (int i = 0; i < 10'000; ++i) h.observe(2.0);
    });
  for (auto& t : threads) t.join();
  EXPECT_THAT(h.read().counts, ElementsAre(0, 40'000, 0, 0));
  EXPECT_DOUBLE_EQ(h.read().sum, 80'000);
}

TEST(ResultCounts, KeepEveryCodeApartAndHaveAWordForEach) {
  result_counts counts;
  counts.add(result<int>(7));
  counts.add(result<int>(fail(errc::timed_out, "late")));
  counts.failed(errc::timed_out);
  EXPECT_EQ(counts.at(0), 1U);
  EXPECT_EQ(counts.at(static_cast<std::size_t>(errc::timed_out)), 2U);
  EXPECT_EQ(result_counts::word(0), "ok");
  for (std::size_t i = 1; i < result_counts::size; ++i) EXPECT_NE(result_counts::word(i), "unknown") << i;
}

TEST(Exposition, WritesFamiliesAsThePrometheusTextFormatWantsThem) {
  histogram h(three);
  h.observe(1.5);
  h.observe(7.0);
  exposition page;
  page.counter("waihu_x_total", "How many x.").value(3, {{"kind", "a"}}).value(0, {{"kind", "b"}});
  page.gauge("waihu_y", "Now.").value(-2.5);
  page.histogram("waihu_z_seconds", "How long.").value(h, {{"op", "q"}});
  EXPECT_EQ(page.text(),
            "# HELP waihu_x_total How many x.\n# TYPE waihu_x_total counter\n"
            "waihu_x_total{kind=\"a\"} 3\nwaihu_x_total{kind=\"b\"} 0\n"
            "# HELP waihu_y Now.\n# TYPE waihu_y gauge\nwaihu_y -2.5\n"
            "# HELP waihu_z_seconds How long.\n# TYPE waihu_z_seconds histogram\n"
            "waihu_z_seconds_count{op=\"q\"} 2\nwaihu_z_seconds_sum{op=\"q\"} 8.5\n"
            "waihu_z_seconds_bucket{op=\"q\",le=\"1\"} 0\nwaihu_z_seconds_bucket{op=\"q\",le=\"2\"} 1\n"
            "waihu_z_seconds_bucket{op=\"q\",le=\"5\"} 1\nwaihu_z_seconds_bucket{op=\"q\",le=\"+Inf\"} 2\n");
}

TEST(Exposition, EscapesWhatWouldBreakALine) {
  exposition page;
  page.gauge("waihu_y", "Now.").value(1, {{"kind", "a\"b\\c\nd"}});
  EXPECT_THAT(page.text(), HasSubstr(R"(waihu_y{kind="a\"b\\c\nd"} 1)"));
}

TEST(Exposition, ShowsEveryResultFromTheBeginning) {
  result_counts counts;
  exposition page;
  page.counter("waihu_r_total", "Results.").values(counts, {{"operation", "o"}});
  const auto text = page.text();
  for (std::size_t i = 0; i < result_counts::size; ++i)
    EXPECT_THAT(text,
                HasSubstr("waihu_r_total{operation=\"o\",result=\"" + std::string(result_counts::word(i)) + "\"} 0"));
}

TEST(ProcessFigures, TellWhatThisProcessReallyUses) {
  const auto before = read_process_figures();
  ASSERT_TRUE(before.cpu_seconds && before.resident_bytes && before.open_files && before.start_time_seconds);
  const auto now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  EXPECT_NEAR(*before.start_time_seconds, now, 600);
  EXPECT_GT(*before.resident_bytes, 1U << 20U);
  EXPECT_GE(before.threads.value(), 1U);
  std::vector<int> held;
  for (int i = 0; i < 5; ++i) held.push_back(::dup(2));
  EXPECT_EQ(read_process_figures().open_files.value(), *before.open_files + 5);
  for (const auto fd : held) ::close(fd);
  std::vector<char> big(64U << 20U, 'x');
  EXPECT_GE(*read_process_figures().resident_bytes, *before.resident_bytes + (60U << 20U));
  EXPECT_EQ(big.back(), 'x');
}

}  // namespace
}  // namespace waihu::telemetry
