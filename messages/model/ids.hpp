// Identities of everything Waihu keeps. Each is a distinct type, so that a job row can never be passed where a task
// is asked for. This header knows nothing of where the numbers come from.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>

namespace waihu {

/// `call_tasks.id`: one campaign. Assigned by the store, positive.
enum class task_id : std::int64_t {};
/// `leads_task_list.id`: one lead's call within a task. Assigned by the store, positive.
enum class job_row_id : std::int64_t {};
/// `dispatch_batches.id`: one AssignJobs request as written ahead. Assigned by the store, positive.
enum class batch_id : std::int64_t {};
/// `dcc_leads_follow.id`. Assigned by the store, positive.
enum class follow_id : std::int64_t {};
/// `task_events.id`: position in the outbox; later events have greater ids. 0 = before the first.
enum class event_id : std::int64_t {};
/// `users.id`. Assigned by the store, positive.
enum class user_id : std::int64_t {};
/// `auto_call_scene.id`. Assigned by the store, positive.
enum class scene_id : std::int64_t {};
/// `mediation_records.id`: one round of calling one person of a case. Assigned by the store, positive.
enum class case_call_id : std::int64_t {};
/// One of the 256 slices of work that a node may own (state-machines.md section 6). 0..255.
enum class shard_id : std::int16_t {};
/// Fencing number of a shard's lease; grows by one at each change of owner. 0 = never owned.
enum class epoch_t : std::int64_t {};

/// Number of shards; fixed for the life of an installation (state-machines.md section 6).
inline constexpr int shard_count = 256;

/// The number behind an identity, for SQL, JSON and logs.
template <class Id>
requires std::is_enum_v<Id>
constexpr std::underlying_type_t<Id> value(Id id) noexcept { return static_cast<std::underlying_type_t<Id>>(id); }

/// The shard a task belongs to. splitmix64 of the id: neighbours spread evenly and every node computes the same.
constexpr shard_id shard_of(task_id task) noexcept {
  auto x = static_cast<std::uint64_t>(value(task)) + 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
  return static_cast<shard_id>((x ^ (x >> 31U)) % shard_count);
}

/// The right of a node to change one task's rows, as carried by every write: the task and the epoch under which the
/// sender believes to own its shard. A store refuses the write when the epoch is not the shard's current one.
struct ownership {
  task_id task{};   ///< The task that the change belongs to; decides the shard.
  epoch_t epoch{};  ///< Epoch of the sender's lease on that shard.
  friend bool operator==(const ownership&, const ownership&) = default;
};

}  // namespace waihu
