// The one vocabulary of failures, and `result`, which every fallible function of Waihu returns. What a failure means
// over HTTP is decided in http/, what to do about it in the machines.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace waihu {

/// What went wrong, seen from the caller who must react.
enum class errc : std::uint8_t {
  invalid_argument = 1,  ///< The request itself is wrong; sending it again changes nothing.
  not_found,             ///< No such row, job, group, or it belongs to another organisation.
  conflict,              ///< A unique rule or a guard refused: someone else was first, or the state has moved on.
  stale_epoch,           ///< The writer no longer owns the shard. Its actor must stop.
  illegal_transition,    ///< A state machine or its database trigger refuses this move.
  unauthorized,          ///< Credentials or signature refused.
  throttled,             ///< Rate limit of the other side; `retry_after` may say when.
  unavailable,           ///< The other side is down or unreachable; surely NOT executed.
  timed_out,             ///< No answer in time; the other side MAY have executed it.
  lost,                  ///< Connection or answer lost after sending, 5xx, or not JSON; MAY have been executed.
  overloaded,            ///< Our own bounded queue is full; nothing was done.
  rejected,              ///< The other side understood and refused for a business reason; surely not executed.
  cancelled,             ///< We are shutting down or the requester went away.
  malformed,             ///< An answer could not be understood (bad JSON, wrong shape).
  internal,              ///< A defect on our side.
};

/// Stable lower-case name of a code, for logs and metrics ("timed_out").
std::string_view to_string(errc code) noexcept;

/// Why something failed.
struct failure {
  errc code{errc::internal};      ///< What the caller may react to.
  std::string message;            ///< For people; never holds a secret, SQL text or a full phone number.
  std::string vendor_code;        ///< The other side's own code ("Throttling.User", SQLSTATE), empty when none.
  std::int64_t retry_after_ms{};  ///< How long the other side asked us to wait, ms; 0 = it did not say.

  friend bool operator==(const failure&, const failure&) = default;
};

/// True where a request that failed so may have been carried out all the same. Such a write is reconciled, never
/// blindly repeated (state-machines.md section 5: "a time-out never proves that a write did not happen").
constexpr bool may_have_happened(errc code) noexcept {
  return code == errc::timed_out || code == errc::lost || code == errc::malformed || code == errc::internal;
}

/// True where asking again later can help.
constexpr bool is_transient(errc code) noexcept {
  return code == errc::throttled || code == errc::unavailable || code == errc::timed_out || code == errc::lost ||
         code == errc::overloaded;
}

/// Value or failure.
template <class T>
using result = tl::expected<T, failure>;

/// Called exactly once with the outcome of an asynchronous call.
template <class T>
using completion = std::function<void(result<T>)>;

/// Shorthand for returning a failure from a function that returns `result`.
inline tl::unexpected<failure> fail(errc code, std::string message, std::string vendor_code = {}) {
  return tl::unexpected<failure>(failure{code, std::move(message), std::move(vendor_code), 0});
}

}  // namespace waihu
