// The closed list of reasons why a task or a call waits (state-machines.md section 8), with the words that clients get
// and the sentences that operators read. Which one holds is decided where the work is decided, never here.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace waihu {

enum class wait_kind : std::uint8_t {
  not_started,               ///< The task has not been started.
  organization_stopped,      ///< auto-task is off for the organisation.
  suspended,                 ///< The task is suspended.
  switch_reconciling,        ///< Whether the provider suspended is being found out.
  quarantined,               ///< Its actor crashed again and again.
  restarting,                ///< Its actor crashed or the store could not be read; it is loaded again.
  concurrency_full,          ///< As many of the organisation's calls are at the provider as may be.
  account_concurrency_full,  ///< The same for the provider account.
  rate_limited,              ///< Calls per second of organisation or account.
  provider_tripped,          ///< The provider failed too often and is left alone for a while.
  retry_back_off,            ///< A batch failed and is tried again later.
  submitting,                ///< Ready to go; the batch is on its way.
  reconciling,               ///< Whether the provider has the call is being found out.
  provider_queue,            ///< The provider has it and has not dialled yet (its own window, its own queue).
  provider_paused,           ///< The provider holds it as paused or drafted.
  in_call,                   ///< The provider is dialling or talking.
  awaiting_conversation,     ///< The call is over, its text is not there yet.
  awaiting_analysis,         ///< Its text is being read.
  parked_timeout,            ///< No news for too long; the sweep asks again.
  parked_unreachable,        ///< Looks failed too often; the sweep asks again.
};

/// How many kinds there are.
inline constexpr std::size_t wait_kinds = 20;

/// The word in answers, e.g. "concurrency_full".
std::string_view to_string(wait_kind kind) noexcept;
/// The Chinese sentence for operators.
std::string_view text_of(wait_kind kind) noexcept;

}  // namespace waihu
