// The one rule of what counts as a telephone number that may be called and how it is written. Knows no store.
#pragma once

#include <string>
#include <string_view>

namespace waihu {

/// Digits only, without country prefix: spaces (also full-width), dashes, parentheses and dots are dropped, then one
/// leading `+86`, `0086` or `86` when what follows is a plausible number. Anything else is kept as it is, so that
/// `is_plausible_phone` refuses it.
std::string normalise_phone(std::string_view written);

/// True for a normalised number that may be called: a mobile 1[3-9] with 9 more digits, a land line 0 with 9 to 11 more
/// digits, or a 400/800 number of 10 digits.
bool is_plausible_phone(std::string_view normalised) noexcept;

}  // namespace waihu
