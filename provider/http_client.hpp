// A pool of keep-alive HTTP/1.1 connections to one service, plain or TLS, on an io_context that the caller runs. It
// tells apart what surely did not arrive from what may have; it never repeats a request and knows no service's rules.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "messages/model/failure.hpp"
#include "messages/model/time.hpp"
#include "provider/endpoint.hpp"
#include "provider/signing.hpp"

namespace boost::asio {
class io_context;
}

namespace waihu::provider {

using signing::header_list;

/// Limits of a pool.
struct http_client_options {
  std::string ca_file;                        ///< Extra CA bundle (PEM); "" = only the system's.
  int connections{8};                         ///< Connections open at once, 1..1024.
  int queue_limit{1024};                      ///< Requests waiting for a connection; beyond it errc::overloaded.
  milliseconds connect_timeout{5'000};        ///< Resolve, connect and TLS handshake together.
  milliseconds idle_limit{20'000};            ///< A connection idle for longer is not used again.
  std::int64_t answer_limit_bytes{16 << 20};  ///< Longer bodies are refused; headers are limited to 64 KiB.
};

/// A request; `headers` without Host, Content-Length and Connection is completed by the client.
struct http_request {
  std::string method{"POST"};
  std::string target;   ///< Encoded path and query.
  header_list headers;  ///< A Host among them is used, else the endpoint's.
  std::string body;
  /// Asked just before the first byte is written, wherever given: false ends the request with errc::unavailable.
  std::function<bool()> may_leave;
};

/// A whole answer, whatever its status.
struct http_answer {
  int status{};
  header_list headers;
  std::string body;
};

/// The pool. Thread-safe. Failures: invalid_argument (a control character in target or header), overloaded (queue
/// full), unavailable (not resolved, refused, TLS or certificate refused, or the deadline passed before the first byte
/// was written), timed_out (deadline passed afterwards), lost (connection ended or broke after writing began, or the
/// answer was not HTTP), malformed (answer over the limit), cancelled (closed).
class http_client {
 public:
  /// Loads the CA file. Fails with invalid_argument when it cannot be read. `io` must outlive the client.
  static result<std::shared_ptr<http_client>> make(boost::asio::io_context& io, endpoint where,
                                                   http_client_options options);
  ~http_client();
  http_client(const http_client&) = delete;
  http_client& operator=(const http_client&) = delete;

  /// Sends once. `deadline` covers waiting, resolving, connecting, writing and reading. `done` is called exactly once,
  /// on a thread of the io_context (or where the io_context is destroyed, with errc::cancelled).
  void send(http_request request, milliseconds deadline, completion<http_answer> done);

  /// Ends every waiting and running request with errc::cancelled and refuses new ones. Asynchronous, idempotent.
  void close();

  const endpoint& where() const noexcept;

 private:
  struct impl;
  explicit http_client(std::shared_ptr<impl> pool);
  std::shared_ptr<impl> impl_;
};

}  // namespace waihu::provider
