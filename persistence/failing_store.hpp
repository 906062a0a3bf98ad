// A store that fails on purpose at the N-th operation, either before it was carried out or after (the answer is lost).
// Wraps any store; for tests of everything that must survive a failing store.
#pragma once

#include <atomic>
#include <memory>

#include "persistence/store.hpp"

namespace waihu {

/// When and how to fail. Shared by all sessions of one factory; thread-safe.
struct failure_plan {
  enum class moment {
    before,  ///< Nothing is done; use errc::unavailable.
    after,   ///< It is done, the answer is lost; use errc::lost.
  };
  std::atomic<int> fail_at{0};  ///< Number of the operation to fail, from 1; 0 = never.
  std::atomic<int> count{0};    ///< Operations so far.
  errc code{errc::unavailable};
  moment when{moment::before};
  int repeat{1};  ///< So many operations fail in a row, from `fail_at` on.
};

/// Wraps one session.
std::unique_ptr<store> make_failing_store(std::unique_ptr<store> inner, std::shared_ptr<failure_plan> plan);
/// Wraps every session of a factory.
store_factory make_failing_store_factory(store_factory inner, std::shared_ptr<failure_plan> plan);

}  // namespace waihu
