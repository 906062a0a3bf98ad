// What fuzz targets share: a promise that ends the program when it is broken, and small cuts of the input. Knows
// nothing of what is under test.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

/// The entry that libFuzzer and replay_main.cpp call with one input. Always answers 0.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace waihu::fuzz {

/// Ends the program with the promise's text unless it was kept; the fuzzer then keeps the input.
inline void promise(bool kept, const char* text) {
  if (kept) return;
  std::fprintf(stderr, "BROKEN PROMISE: %s\n", text);
  std::abort();
}

/// The input as text; never null.
inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return size == 0 ? std::string_view{""} : std::string_view{reinterpret_cast<const char*>(data), size};
}

/// What stands before the first `mark`, and what stands behind it (empty when there is none).
inline std::pair<std::string_view, std::string_view> cut_at(std::string_view text, std::string_view mark) {
  const auto at = text.find(mark);
  if (at == std::string_view::npos) return {text, text.substr(text.size())};
  return {text.substr(0, at), text.substr(at + mark.size())};
}

/// Takes the first byte off; 0 from an empty text.
inline unsigned take_byte(std::string_view& text) {
  if (text.empty()) return 0;
  const auto first = static_cast<unsigned char>(text.front());
  text.remove_prefix(1);
  return first;
}

}  // namespace waihu::fuzz
