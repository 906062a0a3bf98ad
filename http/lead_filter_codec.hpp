// Reads the lead filters of http-api.md section 3 from a query, a JSON body or a task's size_desc.
#pragma once

#include "http/body_fields.hpp"
#include "http/zone_clock.hpp"
#include "messages/model/queries.hpp"

namespace waihu::http {

/// The filter that the fields describe; what is wrong becomes errors of `fields`. Time ranges come as
/// `<kind>_start`/`<kind>_end` (`;` separates ranges, `a,b` is a whole one) and as `<kind>_ranges`.
lead_filter read_lead_filter(body_fields& fields, const zone_clock& zone);

}  // namespace waihu::http
