// Text as a terminal shows it: how wide it is, cut and padded to a width, without anything that could steer the
// terminal. Knows no API.
#pragma once

#include <string>
#include <string_view>

namespace waihu::ctl {

/// Columns that UTF-8 text takes: 2 for wide East Asian characters, 0 for combining ones, 1 else (also for each byte
/// that is not UTF-8).
int display_width(std::string_view text) noexcept;

/// The text on one line and harmless: control characters become spaces, broken bytes a replacement character.
std::string printable(std::string_view text);

/// Cut to at most `width` columns, the last one an ellipsis when something was cut.
std::string cut_to_width(std::string_view text, int width);

/// Spaces appended up to `width` columns; longer text is left as it is.
std::string pad_to_width(std::string text, int width);

}  // namespace waihu::ctl
