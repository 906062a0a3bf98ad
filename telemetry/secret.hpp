// Values that must not reach a log line, an error text or an answer: secrets are never printed, phone numbers only
// masked. This header knows nothing of logging itself.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace waihu::telemetry {

/// What stands in place of a secret wherever it would be shown.
inline constexpr std::string_view hidden_text = "***";

/// A phone number fit for logs: the first three and the last four characters, `****` between them
/// ("13812345678" -> "138****5678"). Shorter than eleven characters: only the last two stay ("**78"), shorter than six
/// nothing ("****"). Works on bytes; other than digits and '+' nothing is expected, all else is treated alike.
std::string mask_phone(std::string_view number);

/// A phone number as a log field; always masked. Does not own its text.
struct phone {
  std::string_view number;
};

/// A secret. Cannot be streamed, formatted or compared by accident; as a log field it reads `***`. The text is wiped
/// when the object goes. Not thread-safe for writing.
class secret_string {
 public:
  secret_string() = default;
  explicit secret_string(std::string text) : text_(std::move(text)) {}
  secret_string(const secret_string&) = default;
  secret_string(secret_string&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }
  secret_string& operator=(const secret_string& other) {
    if (this != &other) {
      wipe();
      text_ = other.text_;
    }
    return *this;
  }
  secret_string& operator=(secret_string&& other) noexcept {
    if (this != &other) {
      wipe();
      text_ = std::move(other.text_);
      other.wipe();
    }
    return *this;
  }
  ~secret_string() { wipe(); }

  /// The secret itself, for the one place that must send or check it.
  [[nodiscard]] const std::string& reveal() const noexcept { return text_; }
  [[nodiscard]] bool empty() const noexcept { return text_.empty(); }

 private:
  void wipe() noexcept;

  std::string text_;
};

}  // namespace waihu::telemetry
