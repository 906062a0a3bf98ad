// A real server on a loopback socket that does exactly what a test tells it, byte by byte: partial answers, resets,
// silence. Plain or TLS. Each connection is served on a thread of its own by the script.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "provider/signing.hpp"

namespace waihu::testing {

/// One accepted connection, used by the script with blocking calls.
class peer {
 public:
  peer(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context* tls);
  /// The next request with its body; nothing when the client has gone. Handshakes first where TLS is on.
  std::optional<signing::received_request> read_request();
  /// False when the client has gone.
  bool write(std::string_view bytes);
  /// A whole JSON answer of that status.
  bool answer(int status, std::string_view body, std::string_view more_headers = {});
  /// Ends with RST instead of FIN.
  void reset();
  void close();
  /// Blocks until the client closes.
  void wait_for_close();
  /// Number of this connection, from 1.
  int number{};

 private:
  friend class scripted_server;
  std::size_t receive(char* into, std::size_t size);
  boost::asio::ip::tcp::socket socket_;
  std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> stream_;
  bool is_ready_{};
  std::string pending_;
};

class scripted_server {
 public:
  using script = std::function<void(peer&)>;
  /// Serves every connection with `run`. With a certificate and key (PEM files) it speaks TLS.
  explicit scripted_server(script run, const std::string& certificate_file = {}, const std::string& key_file = {});
  ~scripted_server();
  std::string url() const;
  std::uint16_t port() const noexcept { return port_; }
  int connections() const noexcept { return accepted_; }
  /// Calls `handle` for every request of every connection.
  static script for_each_request(std::function<void(peer&, const signing::received_request&)> handle);

 private:
  void accept_all();
  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::unique_ptr<boost::asio::ssl::context> tls_;
  script run_;
  std::uint16_t port_{};
  std::atomic<int> accepted_{0};
  std::mutex mutex_;
  bool is_closing_{};
  std::vector<std::shared_ptr<peer>> peers_;
  std::vector<std::thread> threads_;
  std::thread acceptor_thread_;
};

}  // namespace waihu::testing
