#include "http/reasons.hpp"

#include "http/row_view.hpp"

namespace waihu::http {

void write_wait_reasons(json_writer& w, const zone_clock& zone, std::string_view name,
                        const std::vector<wait_reason>& reasons) {
  key(w, name);
  w.StartArray();
  for (const auto& r : reasons) {
    w.StartObject();
    field(w, "reason", to_string(r.kind));
    field(w, "text", text_of(r.kind));
    field(w, "jobs", r.jobs);
    write_time_or_null(w, zone, "until", r.until);
    w.EndObject();
  }
  w.EndArray();
}

}  // namespace waihu::http
