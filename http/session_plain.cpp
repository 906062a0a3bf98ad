// Connections without TLS, and the choice between the two.
#include "http/beast_session.hpp"

namespace waihu::http {

std::shared_ptr<session> run_session(accepted_connection from, std::function<void()> on_end) {
  if (from.identity) return run_tls_session(std::move(from), std::move(on_end));
  auto s =
      std::make_shared<beast_session<plain_transport>>(std::move(from.app), std::move(on_end), std::move(from.socket));
  s->begin(from.is_refused);
  return s;
}

}  // namespace waihu::http
