// What an OutboundBot answer means before its content is looked at: success, or which of our failures. The whole
// classification of errors is here (docs/provider.md has the table).
#pragma once

#include <rapidjson/document.h>

#include <string>
#include <string_view>
#include <vector>

#include "messages/model/failure.hpp"
#include "provider/http_client.hpp"

namespace waihu::provider {

/// Takes texts that must not leave the process out of messages for people.
class text_cleaner {
 public:
  /// `secrets` are replaced wherever they stand; empty ones are ignored.
  explicit text_cleaner(std::vector<std::string> secrets);
  /// At most 200 bytes of valid UTF-8, without secrets, control characters, URLs' queries and digits of telephone
  /// numbers.
  std::string clean(std::string_view text) const;

 private:
  std::vector<std::string> secrets_;
};

/// Parses a good answer into `out`. A failure names the operation, the HTTP status, the vendor's code and request id.
result<bool> read_answer(std::string_view operation, const http_answer& answer, const text_cleaner& cleaner,
                         rapidjson::Document& out);

/// A request with this nonce has arrived before.
inline constexpr std::string_view nonce_used_code = "SignatureNonceUsed";

/// Our failure code for a vendor code that came with an HTTP status.
errc classify(int http_status, std::string_view vendor_code) noexcept;

}  // namespace waihu::provider
