// The least that makes a configuration complete.
#pragma once

#include "config/load.hpp"

namespace waihu::config {

/// Every required key in the environment, so that a test sees only the fault it plants.
inline load_request complete_request() {
  load_request r;
  r.environment = {{"WAIHU_AUTH_JWT_SECRET", "0123456789abcdef0123456789abcdef"},
                   {"WAIHU_STORE_URL", "postgresql://waihu@localhost/waihu"},
                   {"WAIHU_PROVIDER_INSTANCE_ID", "instance"},
                   {"WAIHU_PROVIDER_ACCESS_KEY_ID", "id"},
                   {"WAIHU_PROVIDER_ACCESS_KEY_SECRET", "top-secret-value"}};
  return r;
}

}  // namespace waihu::config
