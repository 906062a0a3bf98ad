// A node whose certificate, key or authority cannot be used does not start, and says which setting is wrong.
#include "cluster/certificates.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/cluster/authority.hpp"

namespace waihu {
namespace {

using cluster::check_certificates;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

struct cluster_certificates : testing::Test {
  static void SetUpTestSuite() {
    ours_ = std::make_unique<test::authority>("ours");
    theirs_ = std::make_unique<test::authority>("theirs");
    ours_->sign("node");
    theirs_->sign("node");
  }
  static void TearDownTestSuite() {
    ours_.reset();
    theirs_.reset();
  }
  static void expect_refused(const config::cluster_options& options, const std::string& setting,
                             const std::string& why) {
    const auto checked = check_certificates(options);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, errc::invalid_argument);
    EXPECT_THAT(checked.error().message, AllOf(StartsWith(setting + ": "), HasSubstr(why), HasSubstr("Cure: ")));
  }
  static inline std::unique_ptr<test::authority> ours_, theirs_;
  config::cluster_options good_{ours_->options("node")};
};

TEST_F(cluster_certificates, AGoodSetIsTakenAndItsEndIsTold) {
  const auto until = check_certificates(good_);
  ASSERT_TRUE(until) << until.error().message;
  const auto days = std::chrono::duration_cast<std::chrono::hours>(*until - wall_now()).count() / 24;
  EXPECT_GE(days, 28);
  EXPECT_LE(days, 30);
}

TEST_F(cluster_certificates, ACertificateOfAnotherAuthorityIsRefused) {
  auto options = good_;
  options.ca = theirs_->ca();
  expect_refused(options, "cluster.certificate", "was not signed by the authority in " + options.ca);
}

TEST_F(cluster_certificates, ACertificateThatHasRunOutIsRefused) {
  ours_->sign("old", "-days -1");
  expect_refused(ours_->options("old"), "cluster.certificate", "has run out");
}

TEST_F(cluster_certificates, AKeyOfAnotherCertificateIsRefused) {
  auto options = good_;
  options.key = theirs_->key("node");
  expect_refused(options, "cluster.key", "does not belong to the certificate " + options.certificate);
}

TEST_F(cluster_certificates, AKeyBehindAPassphraseIsRefused) {
  auto options = good_;
  options.key = ours_->path("locked.key");
  test::authority::openssl("pkey -aes256 -passout pass:four -in " + good_.key + " -out " + options.key);
  expect_refused(options, "cluster.key", "is protected by a passphrase");
}

TEST_F(cluster_certificates, AMissingFileIsNamedWithItsSetting) {
  for (const auto& [setting, member] : {std::pair{"cluster.certificate", &config::cluster_options::certificate},
                                        std::pair{"cluster.key", &config::cluster_options::key},
                                        std::pair{"cluster.ca", &config::cluster_options::ca}}) {
    auto options = good_;
    options.*member = ours_->path("nowhere.pem");
    expect_refused(options, setting, "nowhere.pem cannot be read");
  }
}

TEST_F(cluster_certificates, AFolderInPlaceOfAFileIsNamedWithItsSetting) {
  auto options = good_;
  options.ca = std::filesystem::temp_directory_path();
  expect_refused(options, "cluster.ca", "cannot be read");
}

TEST_F(cluster_certificates, AFileWithoutPemIsNamedWithItsSetting) {
  const auto file = ours_->path("text");
  std::ofstream(file) << "no certificate\n";
  for (const auto& [setting, member] : {std::pair{"cluster.certificate", &config::cluster_options::certificate},
                                        std::pair{"cluster.key", &config::cluster_options::key},
                                        std::pair{"cluster.ca", &config::cluster_options::ca}}) {
    auto options = good_;
    options.*member = file;
    expect_refused(options, setting, "in PEM form");
  }
}

TEST_F(cluster_certificates, WithoutFilesNothingStarts) {
  const auto checked = check_certificates({});
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message, HasSubstr("cluster.certificate is empty"));
}

TEST_F(cluster_certificates, ACertificateForServersAloneIsRefused) {
  // Each node is a client of the others, too.
  ours_->sign_with("server", "extendedKeyUsage=serverAuth");
  expect_refused(ours_->options("server"), "cluster.certificate", "servers and clients alike");
  ours_->sign_with("both", "extendedKeyUsage=serverAuth,clientAuth");
  EXPECT_TRUE(check_certificates(ours_->options("both")));
}

}  // namespace
}  // namespace waihu
