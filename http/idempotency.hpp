// Idempotency-Key for requests that create: http-api.md section 5.
#pragma once

#include "http/application.hpp"

namespace waihu::http {

/// Runs `create` unless the request's Idempotency-Key was seen within 24 h by this organisation and path: then the
/// first success again, 409 (code 1001) for another body or while the first is still under way. Failures are forgotten,
/// so that they may be tried again.
async<response> once_per_key(call& c, async<response> (*create)(call&));

}  // namespace waihu::http
