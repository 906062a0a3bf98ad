#include "actors/engine.hpp"

namespace waihu {

failure from_caf(const caf::error& error) {
  if (error.category() == caf::atom("system")) {
    switch (static_cast<caf::sec>(error.code())) {
      case caf::sec::request_timeout: return {errc::timed_out, "no answer in time inside the daemon", {}, 0};
      case caf::sec::request_receiver_down: return {errc::unavailable, "the addressed actor is gone", {}, 0};
      default: break;
    }
  }
  return {errc::internal, "internal request failed", {}, 0};
}

}  // namespace waihu
