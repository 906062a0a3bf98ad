// How the reasons of waiting (state-machines.md section 8) read in answers.
#pragma once

#include <vector>

#include "http/json_writer.hpp"
#include "http/zone_clock.hpp"
#include "messages/http_messages.hpp"

namespace waihu::http {

/// A member of that name: `[{reason, text, jobs, until}]`.
void write_wait_reasons(json_writer& w, const zone_clock& zone, std::string_view name,
                        const std::vector<wait_reason>& reasons);

}  // namespace waihu::http
