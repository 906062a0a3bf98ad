// When each job was looked at by ListJobs, so that a client's polling can be judged from outside: how many jobs it has
// looked at, and the times between two looks of the same job.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace waihu::simulator {

class look_journal {
 public:
  /// Forgets everything.
  void begin();
  void note(std::uint32_t job, std::int64_t now_ms);

  std::uint64_t looks() const noexcept { return looks_; }
  /// Jobs looked at since `begin`.
  std::uint64_t jobs() const noexcept { return jobs_; }
  /// The shortest time, in ms, that this share (0..1) of the times between two looks of a job does not exceed; 0 when
  /// there is none. Times of a minute and more count as a minute.
  std::int64_t interval_ms(double share) const;

 private:
  static constexpr std::int64_t bucket_ms = 10;
  static constexpr std::size_t buckets = 6'001;
  std::vector<std::int64_t> last_;
  std::array<std::uint64_t, buckets> intervals_{};
  std::uint64_t looks_{}, jobs_{}, counted_{};
};

}  // namespace waihu::simulator
