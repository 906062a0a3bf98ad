#include "app/ctl/task_progress.hpp"

#include <gtest/gtest.h>

#include "app/ctl/display_text.hpp"

namespace waihu::ctl {
namespace {

task_progress half_way() {
  task_progress p;
  p.type = 2;
  p.total = 100;
  p.waiting = 40;
  p.executing = 10;
  p.completed = 30;
  p.failed = 20;
  p.followed = 50;
  return p;
}

TEST(TaskProgress, CountsACallHalfWhenOverAndWholeWithItsFollowUp) {
  auto p = half_way();
  EXPECT_NE(progress_bar(p, 200).find(" 50%"), std::string::npos);
  p.followed = 0;
  EXPECT_NE(progress_bar(p, 200).find(" 25%"), std::string::npos);
  EXPECT_NE(progress_bar(p, 200).find("[#######-----------------------]"), std::string::npos);
}

TEST(TaskProgress, ReachesAHundredOnlyAtTheEnd) {
  auto p = half_way();
  p.type = 4;
  EXPECT_NE(progress_bar(p, 200).find("100%"), std::string::npos);
  EXPECT_NE(progress_bar(task_progress{}, 200).find("  0%"), std::string::npos) << "an empty task divides by nothing";
}

TEST(TaskProgress, StatesAreNamedAsTheGlossaryDoes) {
  EXPECT_STREQ(task_type_words(3), "calls complete");
  EXPECT_STREQ(task_type_words(4), "follow-up complete");
  EXPECT_STREQ(task_type_words(0), "?");
  EXPECT_STREQ(task_type_words(6), "?");
  auto p = half_way();
  p.type = 3;
  EXPECT_EQ(progress_line(p).find("calls complete: "), 0U);
}

TEST(TaskProgress, FitsTheTerminalAndHidesControlCharacters) {
  auto p = half_way();
  p.last_error = "\x1b[31m外呼失败";
  for (int columns = 20; columns < 150; ++columns) EXPECT_LE(display_width(progress_bar(p, columns)), columns);
  EXPECT_EQ(progress_line(p).find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace waihu::ctl
