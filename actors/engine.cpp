#include "actors/engine.hpp"

namespace waihu {

failure from_caf(const caf::error& error) {
  if (error.category() == caf::atom("system")) {
    switch (static_cast<caf::sec>(error.code())) {
      case caf::sec::request_timeout: return {errc::timed_out, "no answer in time inside the daemon", {}, 0};
      // The receiver may have acted before it died: never take this for "surely not done".
      case caf::sec::request_receiver_down: return {errc::lost, "the addressed actor is gone", {}, 0};
      default: break;
    }
  }
  return {errc::internal, "internal request failed", {}, 0};
}

}  // namespace waihu
