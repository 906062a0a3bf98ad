#include "telemetry/log.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

namespace waihu::telemetry {
namespace {

/// Logs into a file of its own and reads it back.
class LogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() / ("waihu_log_test_" + std::to_string(::getpid()) + "_" +
                                                      ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove(path_);
  }
  void TearDown() override {
    stop_logging();
    ASSERT_TRUE(setup_logging({}));
    stop_logging();
    std::filesystem::remove(path_);
  }

  result<void> start(std::string level = "info", std::vector<std::string> components = {},
                     std::string format = "text") {
    config::log_options options;
    options.file = path_.string();
    options.level = std::move(level);
    options.components = std::move(components);
    options.format = std::move(format);
    return setup_logging(options);
  }

  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> all;
    std::ifstream in(path_);
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }

  bool wait_for_lines(std::size_t n) const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (lines().size() < n) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }

  std::filesystem::path path_;
};

TEST_F(LogTest, HoldsEveryLineOnceStopped) {
  ASSERT_TRUE(start());
  for (int i = 0; i < 5000; ++i) log_event(log_level::info, "c", "c.counted", {{"i", i}});
  stop_logging();
  const auto all = lines();
  ASSERT_EQ(all.size(), 5000U);
  EXPECT_NE(all.back().find("c.counted i=4999"), std::string::npos);
}

TEST_F(LogTest, FlushesAnErrorWithoutBeingAsked) {
  ASSERT_TRUE(start());
  log_event(log_level::error, "c", "c.broke");
  EXPECT_TRUE(wait_for_lines(1));
}

TEST_F(LogTest, WritesOnlyWhatTheLevelAllows) {
  ASSERT_TRUE(start("warn"));
  log_event(log_level::info, "c", "c.info");
  log_event(log_level::warn, "c", "c.warn");
  stop_logging();
  ASSERT_EQ(lines().size(), 1U);
  EXPECT_NE(lines()[0].find("c.warn"), std::string::npos);
}

TEST_F(LogTest, GivesComponentsLevelsOfTheirOwn) {
  ASSERT_TRUE(start("warn", {"loud=debug", "mute=off"}));
  EXPECT_TRUE(log_enabled(log_level::debug, "loud"));
  EXPECT_FALSE(log_enabled(log_level::trace, "loud"));
  EXPECT_FALSE(log_enabled(log_level::error, "mute"));
  EXPECT_FALSE(log_enabled(log_level::info, "other"));
  EXPECT_TRUE(log_enabled(log_level::warn, "other"));
}

TEST_F(LogTest, ChangesLevelsWhileRunning) {
  ASSERT_TRUE(start("info"));
  EXPECT_FALSE(log_enabled(log_level::debug, "store"));
  set_log_level("store", log_level::debug);
  EXPECT_TRUE(log_enabled(log_level::debug, "store"));
  EXPECT_FALSE(log_enabled(log_level::debug, "http"));
  set_log_level("", log_level::error);
  EXPECT_FALSE(log_enabled(log_level::warn, "http"));
  EXPECT_TRUE(log_enabled(log_level::debug, "store"));
  config::log_options again;
  again.level = "warn";
  again.components = {"http=debug"};
  ASSERT_TRUE(set_log_levels(again));
  EXPECT_TRUE(log_enabled(log_level::debug, "http"));
  EXPECT_FALSE(log_enabled(log_level::info, "store")) << "a component that is not named any more";
  EXPECT_TRUE(log_enabled(log_level::warn, "store"));
  again.components = {"http=loud"};
  EXPECT_EQ(set_log_levels(again).error().code, errc::invalid_argument);
  EXPECT_TRUE(log_enabled(log_level::debug, "http")) << "what cannot be read changes nothing";
}

TEST_F(LogTest, RefusesAnUnknownLevelFormatComponentOrFile) {
  EXPECT_EQ(start("loud").error().code, errc::invalid_argument);
  EXPECT_EQ(start("info", {"store"}).error().code, errc::invalid_argument);
  EXPECT_EQ(start("info", {"=debug"}).error().code, errc::invalid_argument);
  EXPECT_EQ(start("info", {}, "xml").error().code, errc::invalid_argument);
  path_ = "/proc/no/such/folder/log";
  EXPECT_EQ(start().error().code, errc::unavailable);
}

TEST_F(LogTest, WritesARepeatedFailureOnce) {
  ASSERT_TRUE(start("info", {}, "json"));
  for (int i = 0; i < 1000; ++i) {
    log_repeated(log_level::warn, "p", "p.failed", "endpoint-a", {{"i", i}});
    log_repeated(log_level::warn, "p", "p.failed", "endpoint-b", {{"i", i}});
  }
  stop_logging();
  EXPECT_EQ(lines().size(), 2U);
}

TEST_F(LogTest, KeepsLinesWholeWhenManyThreadsWriteAndLevelsChange) {
  ASSERT_TRUE(start());
  std::vector<std::thread> writers;
  for (int t = 0; t < 4; ++t)
    writers.emplace_back([t] {
      for (int i = 0; i < 500; ++i) {
        log_event(log_level::info, "c", "c.wrote", {{"thread", t}, {"i", i}, {"name", "外呼"}});
        if (i % 50 == 0) set_log_level("other", i % 100 == 0 ? log_level::debug : log_level::error);
      }
    });
  for (auto& w : writers) w.join();
  stop_logging();
  const auto all = lines();
  EXPECT_EQ(all.size(), 2000U);
  for (const auto& line : all) EXPECT_TRUE(line.ends_with("name=\"外呼\"") || line.ends_with("name=外呼")) << line;
}

}  // namespace
}  // namespace waihu::telemetry
