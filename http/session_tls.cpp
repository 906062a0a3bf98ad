// Connections with TLS.
#include "http/beast_session.hpp"

namespace waihu::http {

std::shared_ptr<session> run_tls_session(accepted_connection from, std::function<void()> on_end) {
  auto s = std::make_shared<beast_session<tls_transport>>(std::move(from.app), std::move(on_end),
                                                          std::move(from.socket), from.identity);
  s->begin(from.is_refused);
  return s;
}

}  // namespace waihu::http
