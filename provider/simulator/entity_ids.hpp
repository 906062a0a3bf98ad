// UUID texts for groups, jobs and dials that carry the index of what they name, so that finding it needs no table. The
// upper half is a fingerprint: an id of another run, seed or entity is not taken for one of ours.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace waihu::simulator {

/// UUID version 4 text of an index (< 2^32) with a fingerprint.
std::string make_uuid(std::uint64_t fingerprint, std::uint64_t index);

/// The index in a UUID that `make_uuid` made.
std::optional<std::uint64_t> index_of_uuid(std::string_view uuid) noexcept;

}  // namespace waihu::simulator
