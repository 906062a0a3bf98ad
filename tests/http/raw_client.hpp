// A plain blocking HTTP client over a POSIX socket, so that tests see the bytes that are really sent.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/http/exchange_log.hpp"

namespace waihu::test {

/// A parsed JSON answer. Paths are JSON pointers ("/data/errors/0/field").
class json_view {
 public:
  explicit json_view(const std::string& text);
  bool is_valid() const;
  bool has(const std::string& path) const;
  bool is_null(const std::string& path) const;
  /// "<absent>" or "<not a string>" otherwise.
  std::string text(const std::string& path) const;
  /// -999999 when it is no integer.
  std::int64_t number(const std::string& path) const;
  bool flag(const std::string& path) const;
  /// Length of an array; -1 otherwise.
  int size(const std::string& path) const;
  std::vector<std::string> keys(const std::string& path) const;

 private:
  struct tree;
  std::shared_ptr<tree> tree_;
};

/// One answer as it came.
struct reply {
  int status{};                                ///< 0: none came (closed or timed out).
  std::map<std::string, std::string> headers;  ///< Lower-case names; several of one name joined by ", ".
  std::string body;
  std::string header(const std::string& name) const;
  json_view json() const { return json_view(body); }
};

/// How a client opens TLS.
struct tls_wish {
  int least_version{0};     ///< 0 = the library's default, else TLS1_2_VERSION and the like.
  int most_version{0};      ///< The same.
  std::string protocols{};  ///< ALPN as on the wire ("\x08http/1.1"); empty = not offered.
  std::string ciphers{};    ///< Of TLS 1.2; empty = the library's default.
  std::string trusted{};    ///< PEM file of the authority that the server must be certified by; empty = not looked at.
};

/// One connection.
class raw_client {
 public:
  explicit raw_client(std::uint16_t port, std::chrono::milliseconds patience = std::chrono::seconds{20});
  ~raw_client();
  raw_client(const raw_client&) = delete;
  raw_client& operator=(const raw_client&) = delete;

  /// Shakes hands; from then on everything travels inside TLS. False when the server refuses.
  bool start_tls(const tls_wish& wish = {});
  /// What the handshake settled: "TLSv1.3", the chosen protocol, serial number of the certificate.
  std::string tls_version() const;
  std::string tls_protocol() const;
  std::string tls_serial() const;

  /// False when the other side has closed.
  bool send(std::string_view bytes);
  /// Reads one whole answer (by Content-Length or chunks). `is_head`: no body follows.
  reply read(bool is_head = false);
  /// Reads only the head; the body stays unread.
  reply read_head();
  /// Reads decoded body bytes of a chunked answer until `wanted` has been seen; what was read so far is kept in
  /// `stream()`. False on close or time-out.
  bool read_until(const std::string& wanted);
  const std::string& stream() const { return stream_; }
  /// The next bytes after a head, whatever they are; shorter on close or time-out.
  std::string read_bytes(std::size_t n);
  /// True when the other side closes within the patience.
  bool is_closed_by_server();
  void close();
  /// Shrinks our receive buffer, so that an unread answer blocks the server soon. Call before any traffic.
  int handle() const { return handle_; }

 private:
  struct tls_state;
  bool fill();
  long receive(char* into, std::size_t size);
  bool read_chunk(std::string& out);
  reply read_whole(bool is_head);
  int handle_{-1};
  std::unique_ptr<tls_state> tls_;
  exchange_log log_;
  reply stream_head_;  ///< Of an answer without end whose body is read piece by piece.
  std::string buffer_;
  std::string stream_;
};

/// Builds a request.
std::string make_request(const std::string& method, const std::string& target,
                         const std::vector<std::pair<std::string, std::string>>& headers = {},
                         const std::string& body = {});

}  // namespace waihu::test
