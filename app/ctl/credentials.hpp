// Where waihuctl keeps its token and where a password comes from. Never the command line.
#pragma once

#include <string>

#include "messages/model/failure.hpp"
#include "telemetry/secret.hpp"

namespace waihu::ctl {

/// $XDG_CONFIG_HOME/waihu/token, or ~/.config/waihu/token.
std::string default_token_file();

/// $WAIHU_TOKEN, else what the file holds. not_found when there is neither; unauthorized when the file is open to
/// others than its owner.
result<telemetry::secret_string> read_token(const std::string& file);

/// Stores a token, readable by its owner only; missing folders are made likewise. The old file is replaced at once.
result<void> write_token(const std::string& file, const telemetry::secret_string& token);

/// A password: from `file` when given, else $WAIHU_PASSWORD, else asked for on the terminal without echo, else one line
/// of standard input. At most 1,024 bytes. invalid_argument when empty.
result<telemetry::secret_string> read_password(const std::string& file, const std::string& prompt);

}  // namespace waihu::ctl
