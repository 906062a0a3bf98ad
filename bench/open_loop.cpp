// Asks one endpoint at a fixed rate whatever the answers take, as many clients do that know nothing of each other, and
// tells what came back: an overloaded server must refuse quickly and go on serving the rest. wrk waits for each answer
// before it asks again, so it never overloads anybody. Used by overload.py. One line of JSON on stdout.
//   open-loop PORT RATE SECONDS CONNECTIONS < REQUEST     a whole HTTP/1.1 request, sent as it is
// RATE 0: every connection asks again as soon as it was answered.
#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using steady = std::chrono::steady_clock;
using milliseconds = std::chrono::duration<double, std::milli>;

struct outcome {
  std::vector<double> served;   ///< ms from the request's turn to its answer, status 2xx.
  std::vector<double> refused;  ///< ms from sending to a 503 that says when to come again.
  std::size_t mute_refusals{};  ///< 503 without Retry-After.
  std::size_t others{};         ///< Any other status.
  std::size_t broken{};         ///< Connections that failed, and were opened again.
  std::size_t sent{};
  std::size_t in_time{};  ///< Served before the end.
};

/// What the load must know of an answer; it shares the machine with the server, so it reads no more. The server's own
/// spelling of names is relied upon.
struct answer_head {
  int status{};
  std::size_t size{};  ///< Of head and body.
  bool says_when{};    ///< Retry-After.
  bool ends_connection{};

  /// 0 = status until a whole head is there.
  static answer_head read(std::string_view bytes) {
    answer_head h;
    const auto end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) return h;
    const auto head = bytes.substr(0, end + 2);
    std::from_chars(head.data() + 9, head.data() + 12, h.status);
    constexpr std::string_view length = "\r\nContent-Length: ";
    std::size_t body = 0;
    if (const auto at = head.find(length); at != std::string_view::npos)
      std::from_chars(head.data() + at + length.size(), head.data() + head.size(), body);
    h.size = end + 4 + body;
    h.says_when = head.find("\r\nRetry-After: ") != std::string_view::npos;
    h.ends_connection = head.find("\r\nConnection: close") != std::string_view::npos;
    return h;
  }
};

struct load {
  std::string request;
  std::array<char, 64 * 1024> bodies;  ///< Where all bodies go; nobody reads them.
  double per_second{};
  steady::time_point begin;
  steady::time_point end;
  std::size_t next_turn{};
  outcome seen;

  /// When the next request is to be sent; each turn is given once.
  steady::time_point take_turn() {
    if (per_second <= 0) return steady::now();
    const auto at = std::chrono::duration<double>(static_cast<double>(next_turn++) / per_second);
    return begin + std::chrono::duration_cast<steady::duration>(at);
  }
};

asio::awaitable<void> ask(load& l, std::uint16_t port) {
  constexpr auto quiet = asio::as_tuple(asio::use_awaitable);
  const auto where = co_await asio::this_coro::executor;
  tcp::socket socket(where);
  std::array<char, 1024> front;  // holds a head and what of the body came with it
  asio::steady_timer until(where);
  for (;;) {
    const auto turn = l.take_turn();
    if (turn >= l.end) co_return;
    until.expires_at(turn);
    if (turn > steady::now()) co_await until.async_wait(quiet);
    if (steady::now() >= l.end) co_return;
    if (!socket.is_open()) {
      const auto [unconnected] = co_await socket.async_connect({asio::ip::address_v4::loopback(), port}, quiet);
      if (unconnected) {
        ++l.seen.broken;
        socket.close();
        continue;
      }
      socket.set_option(tcp::no_delay(true));
    }
    const auto sent = steady::now();
    ++l.seen.sent;
    const auto [unsent, bytes] = co_await asio::async_write(socket, asio::buffer(l.request), quiet);
    answer_head answer;
    std::size_t filled = 0;
    bool is_broken = static_cast<bool>(unsent);
    while (!is_broken && (answer.status == 0 || filled < answer.size)) {
      const std::array into{asio::buffer(front) + filled, asio::buffer(l.bodies)};
      const auto [unread, size] = co_await socket.async_read_some(into, quiet);
      filled += size;
      const auto here = std::min(filled, front.size());
      if (answer.status == 0) answer = answer_head::read({front.data(), here});
      is_broken = unread || (answer.status == 0 && here == front.size());
    }
    if (is_broken) {
      ++l.seen.broken;
      socket.close();
      continue;
    }
    const auto now = steady::now();
    const auto status = answer.status;
    if (status < 300 && now < l.end) ++l.seen.in_time;
    if (status < 300) l.seen.served.push_back(milliseconds(now - (l.per_second > 0 ? turn : sent)).count());
    else if (status != 503) ++l.seen.others;
    else if (!answer.says_when) ++l.seen.mute_refusals;
    else l.seen.refused.push_back(milliseconds(now - sent).count());
    if (answer.ends_connection) socket.close();
  }
}

/// Median, 99 of 100, longest.
std::array<double, 3> spread(std::vector<double>& all) {
  if (all.empty()) return {};
  std::sort(all.begin(), all.end());
  return {all[all.size() / 2], all[all.size() * 99 / 100], all.back()};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: open-loop PORT RATE SECONDS CONNECTIONS < REQUEST\n");
    return 2;
  }
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  const double seconds = std::atof(argv[3]);
  load l;
  l.per_second = std::atof(argv[2]);
  l.request.assign(std::istreambuf_iterator<char>(std::cin), {});
  asio::io_context io(1);
  l.begin = steady::now();
  l.end = l.begin + std::chrono::duration_cast<steady::duration>(std::chrono::duration<double>(seconds));
  for (int i = std::atoi(argv[4]); i > 0; --i) asio::co_spawn(io, ask(l, port), asio::detached);
  io.run_until(l.end + std::chrono::seconds(10));
  const auto lasted = std::chrono::duration<double>(l.end - l.begin).count();
  const auto turns = static_cast<std::size_t>(l.per_second * lasted);
  const auto never_sent = turns > l.seen.sent ? turns - l.seen.sent : 0;  // no connection was free
  const auto served = spread(l.seen.served);
  const auto refused = spread(l.seen.refused);
  std::printf(R"({"served": %zu, "served_per_s": %.0f, "served_ms": [%.2f, %.2f, %.2f], "refused": %zu, "refused_ms": )"
              R"([%.2f, %.2f, %.2f], "mute_refusals": %zu, "others": %zu, "broken": %zu, "never_sent": %zu})"
              "\n",
              l.seen.served.size(), static_cast<double>(l.seen.in_time) / lasted, served[0], served[1], served[2],
              l.seen.refused.size(), refused[0], refused[1], refused[2], l.seen.mute_refusals, l.seen.others,
              l.seen.broken, never_sent);
}
