#include "http/account_rules.hpp"

#include <sodium.h>

#include <string_view>

namespace waihu::http {

std::string fresh_organization_id() {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  std::string id(8, 'A');
  for (auto& ch : id) ch = letters[randombytes_uniform(static_cast<std::uint32_t>(letters.size()))];
  return id;
}

}  // namespace waihu::http
