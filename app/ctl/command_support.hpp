// What the commands share: opening the API with the stored token, and telling failures to people and exit codes.
#pragma once

#include <functional>
#include <string>

#include "app/ctl/api_client.hpp"
#include "app/ctl/commands.hpp"

namespace waihu::ctl {

/// Prints the failure with its cure to standard error and answers the exit code for it.
int report(const failure& why);
/// The same for an answer that is an error.
int report(const api_answer& refusal);
/// The same for failures of the store, which are never a reason to log in.
int report_store(const failure& why);

/// Address and token as the global options say. Failures: see server_address::parse and read_token.
result<server_address> address_of(const global_options& g);
result<api_client> open_api(const global_options& g);

/// Calls, reports what goes wrong, and else hands the answer over.
int with_answer(const result<api_answer>& answer, const std::function<int(const api_answer&)>& use);

/// Whether the global format is `name`.
inline bool wants(const global_options& g, const char* name) { return g.format == name; }

}  // namespace waihu::ctl
