// TLS of the connection pool, with certificates made by openssl when the test runs.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "provider/http_client.hpp"
#include "tests/provider/io_fixture.hpp"
#include "tests/provider/scripted_server.hpp"

namespace waihu::provider {
namespace {

using testing::outcome_of;
using testing::peer;
using testing::running_io;
using testing::scripted_server;

/// A folder with a certificate authority and a server certificate for `name`, removed at the end.
class own_authority {
 public:
  explicit own_authority(const std::string& name) {
    std::string pattern = (std::filesystem::temp_directory_path() / "waihu-tls-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    const auto in_folder = [this](const char* file) { return folder_ + "/" + file; };
    run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=waihu-test-ca"
        " -keyout " +
        in_folder("ca.key") + " -out " + in_folder("ca.pem"));
    run("openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=" + name +
        " -addext"
        " subjectAltName=DNS:" +
        name + " -keyout " + in_folder("server.key") + " -out " + in_folder("server.csr"));
    run("openssl x509 -req -days 2 -copy_extensions copy -CAcreateserial -CA " + in_folder("ca.pem") + " -CAkey " +
        in_folder("ca.key") + " -in " + in_folder("server.csr") + " -out " + in_folder("server.pem"));
  }
  ~own_authority() { std::filesystem::remove_all(folder_); }
  std::string ca() const { return folder_ + "/ca.pem"; }
  std::string certificate() const { return folder_ + "/server.pem"; }
  std::string key() const { return folder_ + "/server.key"; }

 private:
  static void run(const std::string& command) {
    ASSERT_EQ(std::system((command + " >/dev/null 2>&1").c_str()), 0) << command;
  }
  std::string folder_;
};

result<http_answer> get_over_tls(const scripted_server& server, const std::string& ca_file) {
  running_io io;
  http_client_options options;
  options.ca_file = ca_file;
  const auto client = http_client::make(io.io, parse_endpoint(server.url()).value(), options).value();
  result<http_answer> last = fail(errc::internal, "not sent");
  for (int i = 0; i < 2; ++i) {
    last = outcome_of<http_answer>([&](auto done) {
      http_request request;
      request.target = "/";
      client->send(std::move(request), milliseconds{10'000}, std::move(done));
    });
  }
  return last;
}

void answer_hello(peer& p, const signing::received_request&) { p.answer(200, "hello"); }

TEST(HttpTls, TalksToAServerOfAPrivateAuthorityNamedInCaFile) {
  const own_authority authority("localhost");
  scripted_server server(scripted_server::for_each_request(answer_hello), authority.certificate(), authority.key());
  const auto answer = get_over_tls(server, authority.ca());
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "hello");
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpTls, RefusesAServerOfAnUnknownAuthority) {
  const own_authority authority("localhost");
  scripted_server server(scripted_server::for_each_request(answer_hello), authority.certificate(), authority.key());
  const auto answer = get_over_tls(server, "");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, errc::unavailable);
}

TEST(HttpTls, RefusesACertificateForAnotherName) {
  const own_authority authority("other.example.com");
  scripted_server server(scripted_server::for_each_request(answer_hello), authority.certificate(), authority.key());
  const auto answer = get_over_tls(server, authority.ca());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, errc::unavailable);
}

TEST(HttpTls, CallsAResetInsideATlsConnectionLost) {
  const own_authority authority("localhost");
  scripted_server server(
      [](peer& p) {
        p.read_request();
        p.reset();
      },
      authority.certificate(), authority.key());
  const auto answer = get_over_tls(server, authority.ca());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, errc::lost);
}

TEST(HttpTls, RefusesACaFileThatCannotBeRead) {
  running_io io;
  http_client_options options;
  options.ca_file = "/nonexistent/ca.pem";
  const auto made = http_client::make(io.io, parse_endpoint("https://localhost").value(), options);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, errc::invalid_argument);
}

}  // namespace
}  // namespace waihu::provider
