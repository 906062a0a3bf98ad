#include "messages/model/failure.hpp"

namespace waihu {

std::string_view to_string(errc code) noexcept {
  switch (code) {
    case errc::invalid_argument: return "invalid_argument";
    case errc::not_found: return "not_found";
    case errc::conflict: return "conflict";
    case errc::stale_epoch: return "stale_epoch";
    case errc::illegal_transition: return "illegal_transition";
    case errc::unauthorized: return "unauthorized";
    case errc::throttled: return "throttled";
    case errc::unavailable: return "unavailable";
    case errc::timed_out: return "timed_out";
    case errc::lost: return "lost";
    case errc::overloaded: return "overloaded";
    case errc::rejected: return "rejected";
    case errc::cancelled: return "cancelled";
    case errc::malformed: return "malformed";
    case errc::internal: return "internal";
  }
  return "unknown";
}

}  // namespace waihu
