// Some short texts in one allocation: what is kept by the hundred thousand costs 4 bytes a text beside its characters,
// where std::string takes 32, and an allocation of its own beyond 15. Knows only the standard library.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace waihu {

/// `N` texts by number. Texts may hold any byte; together they must be shorter than 4 GiB.
template <std::size_t N>
class packed_texts {
 public:
  using texts = std::array<std::string_view, N>;

  /// All empty; takes no memory.
  packed_texts() = default;
  /// Copies. `from` may show into the pack that is assigned to.
  explicit packed_texts(const texts& from) {
    std::size_t size = 0;
    for (const auto& text : from) size += text.size();
    if (size == 0) return;
    block_ = std::make_unique_for_overwrite<char[]>(ends_size + size);
    auto end = static_cast<std::uint32_t>(ends_size);
    for (std::size_t i = 0; i < N; ++i) {
      if (!from[i].empty()) std::memcpy(&block_[end], from[i].data(), from[i].size());
      end += static_cast<std::uint32_t>(from[i].size());
      std::memcpy(&block_[i * sizeof end], &end, sizeof end);
    }
  }

  /// Valid until the pack is changed.
  [[nodiscard]] std::string_view operator[](std::size_t i) const noexcept {
    if (!block_) return {};
    const auto begin = i == 0 ? static_cast<std::uint32_t>(ends_size) : end_of(i - 1);
    return {&block_[begin], end_of(i) - begin};
  }
  [[nodiscard]] texts all() const noexcept {
    texts out;
    for (std::size_t i = 0; i < N; ++i) out[i] = (*this)[i];
    return out;
  }

 private:
  static constexpr std::size_t ends_size = N * sizeof(std::uint32_t);
  [[nodiscard]] std::uint32_t end_of(std::size_t i) const noexcept {
    std::uint32_t end{};
    std::memcpy(&end, &block_[i * sizeof end], sizeof end);
    return end;
  }

  /// The texts' ends, counted from the block's begin, then their bytes. Null = all empty.
  std::unique_ptr<char[]> block_;  // NOLINT(cppcoreguidelines-avoid-c-arrays)
};

}  // namespace waihu
