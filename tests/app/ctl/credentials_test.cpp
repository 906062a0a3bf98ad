#include "app/ctl/credentials.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>

#include "tests/config/scratch_folder.hpp"

namespace waihu::ctl {
namespace {

class CredentialsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ::unsetenv("WAIHU_TOKEN");
    ::unsetenv("WAIHU_PASSWORD");
  }
  void TearDown() override { SetUp(); }
  scratch_folder folder_;
};

TEST_F(CredentialsTest, KeepTheTokenFromOtherUsers) {
  const auto file = (folder_.path() / "new" / "token").string();
  ASSERT_TRUE(write_token(file, telemetry::secret_string("abc")));
  struct stat status {};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat((folder_.path() / "new").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
  EXPECT_EQ(read_token(file)->reveal(), "abc");
  ASSERT_TRUE(write_token(file, telemetry::secret_string("def")));
  EXPECT_EQ(read_token(file)->reveal(), "def");
}

TEST_F(CredentialsTest, RefuseATokenThatOthersCanRead) {
  const auto file = folder_.write("token", "abc\n");
  ASSERT_EQ(::chmod(file.c_str(), 0644), 0);
  EXPECT_EQ(read_token(file).error().code, errc::unauthorized);
}

TEST_F(CredentialsTest, SayWhenThereIsNoToken) {
  EXPECT_EQ(read_token((folder_.path() / "none").string()).error().code, errc::not_found);
}

TEST_F(CredentialsTest, PreferTheTokenOfTheEnvironment) {
  ::setenv("WAIHU_TOKEN", "from-environment", 1);
  EXPECT_EQ(read_token("/no/such/file")->reveal(), "from-environment");
}

TEST_F(CredentialsTest, ReadAPasswordFromAFileBeforeTheEnvironment) {
  ::setenv("WAIHU_PASSWORD", "from environment", 1);
  EXPECT_EQ(read_password("", "")->reveal(), "from environment");
  EXPECT_EQ(read_password(folder_.write("p", "from file\r\nsecond line"), "")->reveal(), "from file");
  EXPECT_EQ(read_password(folder_.write("p", "\n"), "").error().code, errc::invalid_argument);
  EXPECT_EQ(read_password("/no/such/file", "").error().code, errc::invalid_argument);
}

}  // namespace
}  // namespace waihu::ctl
