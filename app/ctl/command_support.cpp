#include "app/ctl/command_support.hpp"

#include <iostream>

#include "app/ctl/credentials.hpp"
#include "app/ctl/display_text.hpp"

namespace waihu::ctl {

int report(const failure& why) {
  std::cerr << "waihuctl: " << printable(why.message) << '\n';
  switch (why.code) {
    case errc::not_found:
    case errc::unauthorized: std::cerr << "  log in with: waihuctl login USER\n"; return not_allowed;
    case errc::invalid_argument: return bad_usage;
    case errc::unavailable:
    case errc::timed_out:
    case errc::lost:
    case errc::malformed: std::cerr << "  `waihuctl doctor` looks for the cause\n"; return not_reached;
    default: return refused;
  }
}

int report(const api_answer& refusal) {
  std::cerr << "waihuctl: refused (HTTP " << refusal.http_status << ", code " << refusal.code()
            << "): " << printable(refusal.message()) << '\n';
  return refusal.http_status == 503 ? not_reached : refusal.http_status == 403 ? not_allowed : refused;
}

int report_store(const failure& why) {
  std::cerr << "waihuctl: " << printable(why.message) << '\n';
  return is_transient(why.code) ? not_reached : refused;
}

result<server_address> address_of(const global_options& g) { return server_address::parse(g.url); }

result<api_client> open_api(const global_options& g) {
  auto address = address_of(g);
  if (!address) return tl::unexpected<failure>(std::move(address.error()));
  auto token = read_token(g.token_file);
  if (!token) return tl::unexpected<failure>(std::move(token.error()));
  return api_client(std::move(*address), std::move(*token), milliseconds{g.timeout_s * 1000});
}

int with_answer(const result<api_answer>& answer, const std::function<int(const api_answer&)>& use) {
  if (!answer) return report(answer.error());
  if (!answer->is_success()) return report(*answer);
  return use(*answer);
}

}  // namespace waihu::ctl
