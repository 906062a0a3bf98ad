// The certificate and key with which the public listener shows itself, loaded and ready for handshakes. Knows no
// sockets; shows nothing of OpenSSL.
#pragma once

#include <memory>
#include <string>

#include "messages/model/failure.hpp"
#include "messages/model/time.hpp"

namespace boost::asio::ssl {
class context;
}

namespace waihu::http {

/// TLS 1.2 and 1.3 with forward secrecy and authenticated ciphers only; ALPN offers http/1.1 and nothing else.
/// Immutable once loaded; any number of connections and threads may share one.
class tls_identity {
 public:
  /// Loads a pair of PEM files, the certificate with its chain. invalid_argument, with file and cure: a file cannot be
  /// read or is no PEM, the key needs a passphrase, key and certificate do not belong together.
  static result<std::shared_ptr<const tls_identity>> load(const std::string& certificate_file,
                                                          const std::string& key_file);
  ~tls_identity();
  tls_identity(const tls_identity&) = delete;
  tls_identity& operator=(const tls_identity&) = delete;

  [[nodiscard]] boost::asio::ssl::context& context() const noexcept { return *context_; }
  /// Until when the certificate says it is good.
  [[nodiscard]] wall_time good_until() const noexcept { return good_until_; }

 private:
  explicit tls_identity(std::unique_ptr<boost::asio::ssl::context> context);
  std::unique_ptr<boost::asio::ssl::context> context_;
  wall_time good_until_{};
};

}  // namespace waihu::http
