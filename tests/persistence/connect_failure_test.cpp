// What a connection that is not made is told with: our words and the cure, never the server's.
#include "persistence/connect_failure.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "persistence/postgres_session.hpp"
#include "tests/persistence/postgres_fixture.hpp"
#include "tests/persistence/store_under_test.hpp"

namespace waihu::testing {
namespace {

/// What one try to connect comes to.
std::string refusal(const config::store_options& options) {
  postgres_session session{options};
  const auto open = session.ensure_open();
  EXPECT_EQ(code_of(open), errc::unavailable);
  return open ? "" : open.error().message;
}

config::store_options with(config::store_options options, const std::string& part, const std::string& instead) {
  const auto place = options.url.find(part);
  EXPECT_NE(place, std::string::npos) << part;
  options.url.replace(place, part.size(), instead);
  return options;
}

/// A server that answers every request for TLS with "N" until it ends.
class server_without_tls {
 public:
  server_without_tls() : listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 4), 0);
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] {
      for (int peer = 0; (peer = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(peer)) {
        std::array<char, 8> request{};
        if (::recv(peer, request.data(), request.size(), MSG_WAITALL) == 8) ::send(peer, "N", 1, MSG_NOSIGNAL);
        ::recv(peer, request.data(), 1, 0);  // until the client leaves
      }
    });
  }
  ~server_without_tls() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  server_without_tls(const server_without_tls&) = delete;
  server_without_tls& operator=(const server_without_tls&) = delete;
  int port() const { return port_; }

 private:
  int listener_;
  int port_{};
  std::thread thread_;
};

TEST(ConnectFailure, WrongUserAndWrongPasswordAreNamedAndNothingOfThemIsRepeated) {
  private_cluster cluster;
  const auto stranger = refusal(with(cluster.options(), "postgres@", "stranger_7@"));
  EXPECT_NE(stranger.find("user or the password"), std::string::npos) << stranger;
  EXPECT_EQ(stranger.find("stranger_7"), std::string::npos) << stranger;
  ask_sql(cluster.options(), "create role caller login password 'right'");
  ask_sql(cluster.options(),
          "do $$ begin execute format('copy (select ''local all caller scram-sha-256'') to %L',"
          " current_setting('hba_file')); end $$");
  ask_sql(cluster.options(), "select pg_reload_conf()");
  // The postmaster takes the new rules a moment later.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  std::string wrong;
  while (wrong.find("user or the password") == std::string::npos && std::chrono::steady_clock::now() < deadline) {
    postgres_session session{with(cluster.options(), "postgres@", "caller:wrong_7@")};
    const auto open = session.ensure_open();
    wrong = open ? "" : open.error().message;
  }
  EXPECT_NE(wrong.find("user or the password"), std::string::npos) << wrong;
  EXPECT_EQ(wrong.find("wrong_7"), std::string::npos) << wrong;
  const auto nobody = refusal(cluster.options());
  EXPECT_NE(nobody.find("pg_hba.conf"), std::string::npos) << nobody;
}

TEST(ConnectFailure, AMissingDatabaseIsNamed) {
  const auto why = refusal(with(blank_database(), "@/", "@/nowhere_7"));
  EXPECT_NE(why.find("no such database"), std::string::npos) << why;
  EXPECT_EQ(why.find("nowhere_7"), std::string::npos) << why;
}

TEST(ConnectFailure, ExhaustedConnectionsAreNamed) {
  const auto options = blank_database();
  ask_sql(options, "create role crowded login connection limit 0");
  const auto why = refusal(with(options, "postgres@", "crowded@"));
  EXPECT_NE(why.find("max_connections"), std::string::npos) << why;
}

TEST(ConnectFailure, AServerWithoutTlsIsNamed) {
  const server_without_tls server;
  config::store_options options;
  options.url = "postgresql://u@127.0.0.1:" + std::to_string(server.port()) + "/d";
  options.sslmode = "require";
  const auto why = refusal(options);
  EXPECT_NE(why.find("store.sslmode"), std::string::npos) << why;
}

TEST(ConnectFailure, AServerThatIsNotThereIsUnreachable) {
  config::store_options options;
  options.url = "postgresql://u@127.0.0.1:1/d";
  EXPECT_NE(refusal(options).find("the store is unreachable"), std::string::npos);
}

TEST(ConnectFailure, WordsOfOtherLanguagesGetTheGeneralText) {
  EXPECT_EQ(connect_failure_text("FATAL:  用户 \"x\" Password 认证失败"),
            connect_failure_text("could not connect to server: Connection refused"));
  EXPECT_NE(connect_failure_text("FATAL:  the database system is starting up").find("by itself"),
            std::string_view::npos);
  EXPECT_NE(connect_failure_text("could not translate host name \"db\" to address").find("host in store.url"),
            std::string_view::npos);
}

}  // namespace
}  // namespace waihu::testing
