// Where a remote service is: a base URL taken apart and checked.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "messages/model/failure.hpp"

namespace waihu::provider {

/// An http or https address.
struct endpoint {
  bool is_tls{};
  std::string host;         ///< Name or address, without brackets.
  std::uint16_t port{};     ///< 80 or 443 where the URL says nothing.
  std::string host_header;  ///< For the Host header: with the port where it is not the scheme's own.
  std::string base_path;    ///< Without a trailing '/'; "" for none.
};

/// Reads `http[s]://host[:port][/path]`. Refuses user names, queries, fragments, blanks and control characters with
/// errc::invalid_argument.
result<endpoint> parse_endpoint(std::string_view url);

}  // namespace waihu::provider
