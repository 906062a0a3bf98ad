#include "actors/exceptions.hpp"

#include "telemetry/log.hpp"

namespace waihu {

std::string what_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "unknown exception";
  }
}

caf::error log_exception(const char* part, const std::exception_ptr& thrown) {
  telemetry::log_event(telemetry::log_level::error, "engine", "engine.exception",
                       {{"part", part}, {"what", what_of(thrown)}});
  return caf::sec::runtime_error;
}

}  // namespace waihu
