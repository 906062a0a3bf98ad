// The store on PostgreSQL 15. The only header through which others see it; no pqxx here.
#pragma once

#include <chrono>

#include "config/options.hpp"
#include "persistence/store.hpp"

namespace waihu {

/// Lease of a claim without renewal, database clock (state-machines.md section 6).
inline constexpr std::chrono::milliseconds default_lease_time{10'000};

/// Sessions on the database of `options`. Making a session never fails and does not connect; the first call does. The
/// schema must be current (persistence/migrate.hpp). Session on which `claim_shards` was called: keep it and call
/// `renew_claim` on it; its connection holds the claim's advisory lock.
store_factory make_postgres_store_factory(config::store_options options,
                                          std::chrono::milliseconds lease_time = default_lease_time);

}  // namespace waihu
