#include "config/presence.hpp"

namespace waihu::config {

std::vector<setting_presence> presence_of(const options& o) {
  const bool asks_model = o.analyst.kind == "openai";
  const bool wants_key = asks_model && (o.analyst.dialect == "dashscope" || o.analyst.dialect == "openai");
  return {
      {"auth.jwt_secret", !o.auth.jwt_secret.empty(), true},
      {"store.url", !o.store.url.empty(), true},
      {"provider.endpoint", !o.provider.endpoint.empty(), true},
      {"provider.instance_id", !o.provider.instance_id.empty(), true},
      {"provider.access_key_id", !o.provider.access_key_id.empty(), true},
      {"provider.access_key_secret", !o.provider.access_key_secret.empty(), true},
      {"provider.security_token", !o.provider.security_token.empty(), false},
      {"analyst.base_url", !o.analyst.base_url.empty(), asks_model},
      {"analyst.api_key", !o.analyst.api_key.empty(), wants_key},
      {"analyst.model", !o.analyst.model.empty(), asks_model},
  };
}

}  // namespace waihu::config
