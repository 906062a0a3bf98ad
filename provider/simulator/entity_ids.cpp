#include "provider/simulator/entity_ids.hpp"

namespace waihu::simulator {

namespace {

constexpr std::uint64_t low_mask = (1ULL << 62U) - 1;
constexpr std::uint64_t factor = 0x9e3779b97f4a7c15ULL;
constexpr std::uint64_t offset = 0x5bd1e995ULL;  // So that the first ids look like the others.

constexpr std::uint64_t inverse_of(std::uint64_t odd) noexcept {
  std::uint64_t x = odd;
  for (int i = 0; i < 6; ++i) x *= 2 - odd * x;  // Newton's step doubles the number of right bits.
  return x;
}
constexpr std::uint64_t factor_inverse = inverse_of(factor);
static_assert(factor * factor_inverse == 1);

}  // namespace

std::string make_uuid(std::uint64_t fingerprint, std::uint64_t index) {
  static constexpr char digits[] = "0123456789abcdef";
  const std::uint64_t high = (fingerprint & ~0xf000ULL) | 0x4000ULL;
  const std::uint64_t low = (((index + offset) * factor) & low_mask) | (1ULL << 63U);
  std::string text(36, '-');
  std::size_t at = 0;
  for (unsigned nibble = 0; nibble < 32; ++nibble) {
    if (at == 8 || at == 13 || at == 18 || at == 23) ++at;
    const auto half = nibble < 16 ? high : low;
    text[at++] = digits[(half >> (60U - 4U * (nibble % 16))) & 0xfU];
  }
  return text;
}

std::optional<std::uint64_t> index_of_uuid(std::string_view uuid) noexcept {
  if (uuid.size() != 36) return std::nullopt;
  std::uint64_t low = 0;
  for (const char c : uuid.substr(19)) {
    if (c == '-') continue;
    const auto digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) return std::nullopt;
    low = (low << 4U) | static_cast<std::uint64_t>(digit);
  }
  const auto index = (low * factor_inverse - offset) & low_mask;
  if (index > 0xffffffffULL) return std::nullopt;
  return index;
}

}  // namespace waihu::simulator
