// The connection pool against a server that misbehaves on purpose.
#include "provider/http_client.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "tests/provider/io_fixture.hpp"
#include "tests/provider/scripted_server.hpp"

namespace waihu::provider {
namespace {

using std::chrono::seconds;
using testing::outcome_of;
using testing::peer;
using testing::running_io;
using testing::scripted_server;

constexpr milliseconds long_deadline{10'000};

std::shared_ptr<http_client> client_of(running_io& io, const std::string& url, http_client_options options = {}) {
  return http_client::make(io.io, parse_endpoint(url).value(), std::move(options)).value();
}

result<http_answer> post(const std::shared_ptr<http_client>& client, milliseconds deadline = long_deadline,
                         std::string body = {}) {
  return outcome_of<http_answer>([&](auto done) {
    http_request request;
    request.target = "/?a=1";
    request.body = std::move(body);
    client->send(std::move(request), deadline, std::move(done));
  });
}

errc code_of(const result<http_answer>& outcome) {
  EXPECT_FALSE(outcome.has_value());
  return outcome ? errc::internal : outcome.error().code;
}

/// A port on which surely nobody listens: bound, never listened on.
struct closed_port {
  closed_port() : socket(io, {boost::asio::ip::address_v4::loopback(), 0}) {}
  std::string url() const { return "http://127.0.0.1:" + std::to_string(socket.local_endpoint().port()); }
  boost::asio::io_context io;
  boost::asio::ip::tcp::socket socket;
};

TEST(HttpClient, ReusesOneConnectionForOneRequestAfterAnother) {
  running_io io;
  scripted_server server(scripted_server::for_each_request(
      [](peer& p, const auto& request) { p.answer(200, request.method + request.target + request.body); }));
  const auto client = client_of(io, server.url());
  for (int i = 0; i < 5; ++i) {
    const auto answer = post(client, long_deadline, "b" + std::to_string(i));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, "POST/?a=1b" + std::to_string(i));
    EXPECT_EQ(answer->status, 200);
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, PutsAnAnswerTogetherThatComesByteByByte) {
  running_io io;
  scripted_server server(scripted_server::for_each_request([](peer& p, const auto&) {
    const std::string whole = "HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 5\r\n\r\nhello";
    for (const char c : whole) p.write(std::string(1, c));
  }));
  const auto answer = post(client_of(io, server.url()));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "hello");
  EXPECT_EQ(signing::find_header(answer->headers, "x-a"), "b");
}

TEST(HttpClient, ReadsChunkedAnswersAndSkipsInterimOnes) {
  running_io io;
  scripted_server server(scripted_server::for_each_request([](peer& p, const auto&) {
    p.write("HTTP/1.1 100 Continue\r\n\r\n");
    p.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n");
    p.write("2\r\nlo\r\n0\r\n\r\n");
  }));
  const auto client = client_of(io, server.url());
  for (int i = 0; i < 2; ++i) {
    const auto answer = post(client);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, "hello");
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, DoesNotReuseAConnectionThatTheServerClosesAfterTheAnswer) {
  running_io io;
  scripted_server server([](peer& p) {
    if (p.read_request()) p.answer(200, "x", "Connection: close\r\n");
  });
  const auto client = client_of(io, server.url());
  EXPECT_TRUE(post(client));
  EXPECT_TRUE(post(client));
  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpClient, NoticesAnIdleConnectionThatTheServerHasClosedAndTakesANewOne) {
  running_io io;
  std::promise<void> closed;
  scripted_server server([&](peer& p) {
    while (p.read_request()) {
      p.answer(200, "x");
      if (p.number == 1) {
        p.reset();
        closed.set_value();
        return;
      }
    }
  });
  const auto client = client_of(io, server.url());
  EXPECT_TRUE(post(client));
  closed.get_future().wait();
  const auto answer = post(client);
  EXPECT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpClient, NeverRepeatsARequestThatAReusedConnectionLost) {
  running_io io;
  std::atomic<int> seen{0};
  scripted_server server([&](peer& p) {
    while (p.read_request()) {
      if (++seen == 1) {
        p.answer(200, "x");
      } else {
        p.reset();  // after the request was read: it may well have been carried out
        return;
      }
    }
  });
  const auto client = client_of(io, server.url());
  EXPECT_TRUE(post(client));
  EXPECT_EQ(code_of(post(client)), errc::lost);
  EXPECT_EQ(seen, 2);
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, CallsAResetAfterSendingLost) {
  running_io io;
  scripted_server server([](peer& p) {
    p.read_request();
    p.reset();
  });
  EXPECT_EQ(code_of(post(client_of(io, server.url()))), errc::lost);
}

TEST(HttpClient, CallsAnAnswerCutOffInTheMiddleLost) {
  running_io io;
  scripted_server server([](peer& p) {
    p.read_request();
    p.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
  });
  EXPECT_EQ(code_of(post(client_of(io, server.url()))), errc::lost);
}

TEST(HttpClient, CallsAnAnswerThatIsNotHttpLost) {
  running_io io;
  scripted_server server([](peer& p) {
    p.read_request();
    p.write("220 mail.example.com ESMTP\r\n\r\n");
  });
  EXPECT_EQ(code_of(post(client_of(io, server.url()))), errc::lost);
}

TEST(HttpClient, CallsSilenceAfterSendingTimedOutAndEndsTheConnection) {
  running_io io;
  std::promise<void> gone;
  scripted_server server([&](peer& p) {
    p.read_request();
    p.wait_for_close();
    gone.set_value();
  });
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(code_of(post(client_of(io, server.url()), milliseconds{150})), errc::timed_out);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds{5});
  EXPECT_EQ(gone.get_future().wait_for(seconds{10}), std::future_status::ready);
}

TEST(HttpClient, CallsADeadlineDuringTheHandshakeUnavailable) {
  running_io io;
  scripted_server server([](peer& p) { p.wait_for_close(); });  // plain: never answers the ClientHello
  const auto url = "https://127.0.0.1:" + std::to_string(server.port());
  EXPECT_EQ(code_of(post(client_of(io, url), milliseconds{150})), errc::unavailable);
  http_client_options options;
  options.connect_timeout = milliseconds{100};
  EXPECT_EQ(code_of(post(client_of(io, url, options))), errc::unavailable);
}

TEST(HttpClient, CallsARefusedConnectionUnavailable) {
  running_io io;
  const closed_port nobody;
  EXPECT_EQ(code_of(post(client_of(io, nobody.url()))), errc::unavailable);
}

TEST(HttpClient, CallsANameThatDoesNotResolveUnavailable) {
  running_io io;
  EXPECT_EQ(code_of(post(client_of(io, "http://no-such-host.invalid"), milliseconds{15'000})), errc::unavailable);
}

TEST(HttpClient, RefusesAnAnswerOverTheLimit) {
  running_io io;
  scripted_server server(scripted_server::for_each_request([](peer& p, const auto& request) {
    if (request.body == "chunked") {
      p.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7D1\r\n" + std::string(2001, 'x') + "\r\n");
    } else if (request.body == "headers") {
      p.write("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n");
    } else {
      p.answer(200, std::string(2001, 'x'));
    }
  }));
  http_client_options options;
  options.answer_limit_bytes = 2000;
  const auto client = client_of(io, server.url(), options);
  EXPECT_EQ(code_of(post(client)), errc::malformed);
  EXPECT_EQ(code_of(post(client, long_deadline, "chunked")), errc::malformed);
  EXPECT_EQ(code_of(post(client, long_deadline, "headers")), errc::malformed);
}

TEST(HttpClient, KeepsToItsConnectionsAndQueueAndSendsTheRestAway) {
  running_io io;
  std::promise<void> go;
  const auto gate = go.get_future().share();
  scripted_server server(scripted_server::for_each_request([gate](peer& p, const auto&) {
    gate.wait();
    p.answer(200, "x");
  }));
  http_client_options options;
  options.connections = 2;
  options.queue_limit = 3;
  const auto client = client_of(io, server.url(), options);
  std::vector<std::future<errc>> outcomes;
  for (int i = 0; i < 8; ++i) {
    auto promise = std::make_shared<std::promise<errc>>();
    outcomes.push_back(promise->get_future());
    http_request request;
    request.target = "/";
    client->send(std::move(request), long_deadline, [promise](result<http_answer> outcome) {
      promise->set_value(outcome ? errc{} : outcome.error().code);
    });
  }
  for (int i = 5; i < 8; ++i) EXPECT_EQ(outcomes[static_cast<std::size_t>(i)].get(), errc::overloaded);
  go.set_value();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(outcomes[static_cast<std::size_t>(i)].get(), errc{});
  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpClient, EndsAWaitingRequestAtItsDeadlineAsUnavailable) {
  running_io io;
  std::promise<void> go;
  const auto gate = go.get_future().share();
  scripted_server server(scripted_server::for_each_request([gate](peer& p, const auto&) {
    gate.wait();
    p.answer(200, "x");
  }));
  http_client_options options;
  options.connections = 1;
  const auto client = client_of(io, server.url(), options);
  auto first = std::make_shared<std::promise<bool>>();
  http_request request;
  request.target = "/";
  client->send(std::move(request), long_deadline, [first](auto outcome) { first->set_value(outcome.has_value()); });
  EXPECT_EQ(code_of(post(client, milliseconds{100})), errc::unavailable);
  go.set_value();
  EXPECT_TRUE(first->get_future().get());
  EXPECT_TRUE(post(client));
}

TEST(HttpClient, CancelsEverythingExactlyOnceWhenClosed) {
  running_io io;
  std::promise<void> arrived;
  scripted_server server([&](peer& p) {
    p.read_request();
    arrived.set_value();
    p.wait_for_close();
  });
  http_client_options options;
  options.connections = 1;
  const auto client = client_of(io, server.url(), options);
  std::vector<std::future<errc>> outcomes;
  for (int i = 0; i < 3; ++i) {
    auto promise = std::make_shared<std::promise<errc>>();
    outcomes.push_back(promise->get_future());
    http_request request;
    request.target = "/";
    client->send(std::move(request), long_deadline,
                 [promise](result<http_answer> outcome) { promise->set_value(outcome.error().code); });
  }
  arrived.get_future().wait();
  client->close();
  client->close();
  for (auto& outcome : outcomes) EXPECT_EQ(outcome.get(), errc::cancelled);
  EXPECT_EQ(code_of(post(client)), errc::cancelled);
}

TEST(HttpClient, CompletesEveryRequestEvenWhenTheIoContextDies) {
  std::atomic<int> cancelled{0};
  const closed_port nobody;
  {
    boost::asio::io_context io;
    {
      const auto client = http_client::make(io, parse_endpoint(nobody.url()).value(), {}).value();
      for (int i = 0; i < 20; ++i) {
        http_request request;
        request.target = "/";
        client->send(std::move(request), long_deadline, [&](result<http_answer> outcome) {
          if (!outcome && outcome.error().code == errc::cancelled) ++cancelled;
        });
      }
      for (int i = 0; i < 6; ++i) io.poll_one();
    }
  }
  EXPECT_EQ(cancelled, 20);
}

TEST(HttpClient, RefusesToSendControlCharacters) {
  running_io io;
  const closed_port nobody;
  const auto client = client_of(io, nobody.url());
  for (const auto* target : {"/a\r\nX: y", "/a b", ""}) {
    const auto outcome = outcome_of<http_answer>([&](auto done) {
      http_request request;
      request.target = target;
      client->send(std::move(request), long_deadline, std::move(done));
    });
    EXPECT_EQ(code_of(outcome), errc::invalid_argument);
  }
  const auto outcome = outcome_of<http_answer>([&](auto done) {
    http_request request;
    request.target = "/";
    request.headers.emplace_back("a", "b\r\nc: d");
    client->send(std::move(request), long_deadline, std::move(done));
  });
  EXPECT_EQ(code_of(outcome), errc::invalid_argument);
}

TEST(Endpoint, ReadsAddressesAndRefusesTheRest) {
  const auto tls = parse_endpoint("https://a.example.com").value();
  EXPECT_TRUE(tls.is_tls);
  EXPECT_EQ(tls.port, 443);
  EXPECT_EQ(tls.host_header, "a.example.com");
  const auto plain = parse_endpoint("http://[::1]:8080/v1/").value();
  EXPECT_EQ(plain.host, "::1");
  EXPECT_EQ(plain.port, 8080);
  EXPECT_EQ(plain.host_header, "[::1]:8080");
  EXPECT_EQ(plain.base_path, "/v1");
  EXPECT_EQ(parse_endpoint("https://a:443/x").value().host_header, "a");
  for (const auto* bad : {"", "a.example.com", "ftp://a", "http://", "http://a:0", "http://a:x", "http://a:99999",
                          "http://u:p@a", "http://a?b", "http://a b", "http://[::1", "http://a\n"})
    EXPECT_FALSE(parse_endpoint(bad)) << bad;
}

}  // namespace
}  // namespace waihu::provider
