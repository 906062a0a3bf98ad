#include "telemetry/secret.hpp"

namespace waihu::telemetry {

std::string mask_phone(std::string_view number) {
  if (number.size() < 6) return number.empty() ? std::string{} : std::string{"****"};
  std::string masked;
  if (number.size() < 11) {
    masked = "**";
    return masked.append(number.substr(number.size() - 2));
  }
  masked.assign(number.substr(0, 3));
  masked += "****";
  return masked.append(number.substr(number.size() - 4));
}

void secret_string::wipe() noexcept {
  // volatile keeps the compiler from dropping stores to memory that nobody reads any more
  volatile char* bytes = text_.data();
  for (std::size_t i = 0; i < text_.size(); ++i) bytes[i] = 0;
  text_.clear();
}

}  // namespace waihu::telemetry
