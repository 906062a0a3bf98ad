// config/check: which settings are there, as booleans, for administrators. Never a value.
#include "http/handlers.hpp"
#include "http/json_writer.hpp"

namespace waihu::http {

async<response> check_config(call& c) {
  bool is_complete = true;
  for (const auto& one : c.s.settings) is_complete = is_complete && (one.is_set || !one.is_needed);
  envelope e(200, is_complete ? "配置完整" : "配置不完整");
  auto& w = e.data();
  w.StartObject();
  field(w, "is_configured", is_complete);
  key(w, "missing_configs");
  w.StartArray();
  for (const auto& one : c.s.settings)
    if (one.is_needed && !one.is_set) text_value(w, one.key);
  w.EndArray();
  key(w, "configs");
  w.StartObject();
  for (const auto& one : c.s.settings) field(w, one.key, one.is_set);
  w.EndObject();
  w.EndObject();
  co_return e.done();
}

}  // namespace waihu::http
