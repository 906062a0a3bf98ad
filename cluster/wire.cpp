#include "cluster/wire.hpp"

#include <array>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "messages/model/cluster.hpp"

namespace waihu::cluster {

namespace {

// --- the fields of each record, in the order in which they travel; one list for both directions --------------------

template <class X, class Record>
concept like = std::same_as<std::remove_const_t<X>, Record>;

void fields(auto& a, like<start_call_task> auto& x) { a(x.organization_id, x.task, x.budget); }
void fields(auto& a, like<started_call_task> auto& x) {
  a(x.task, x.task_name, x.job_group_id, x.call_job_ids, x.leads_count, x.start_time);
}
void fields(auto& a, like<suspend_resume_task> auto& x) { a(x.organization_id, x.task, x.suspend); }
void fields(auto& a, like<suspended_resumed_task> auto& x) { a(x.task, x.job_group_id, x.type); }
void fields(auto& a, like<describe_task> auto& x) { a(x.organization_id, x.task); }
void fields(auto& a, like<task_counters> auto& x) {
  a(x.total, x.scheduling, x.executing, x.completed, x.failed, x.has_job_id, x.has_status, x.has_follow, x.connected,
    x.not_connected, x.follow_due, x.interested, x.not_interested, x.unable, x.pending, x.parked, x.queued,
    x.dispatching, x.tracking);
}
void fields(auto& a, like<described_task> auto& x) {
  a(x.type, x.job_group_id, x.counters, x.updated_time, x.last_error, x.task_name);
}
void fields(auto& a, like<refresh_jobs> auto& x) { a(x.task, x.rows, x.max_age, x.budget); }
void fields(auto& a, like<live_job> auto& x) {
  a(x.row, x.status, x.status_word, x.call_job_id, x.call_task_id, x.attempt_status, x.calling_number, x.called_number,
    x.planed_ms, x.actual_ms);
}
void fields(auto& a, like<refreshed_jobs> auto& x) { a(x.jobs, x.changed, x.stale, x.error, x.error_count); }
void fields(auto& a, like<make_follow_up> auto& x) { a(x.organization_id, x.task, x.row, x.force, x.dry_run); }
void fields(auto& a, like<made_follow_up> auto& x) {
  a(x.follow, x.leads_id, x.leads_name, x.leads_phone, x.leads_remark, x.is_interested, x.next_follow_time,
    x.create_time);
}
void fields(auto& a, like<fetch_recording> auto& x) { a(x.organization_id, x.task, x.row); }
void fields(auto& a, like<wait_reason> auto& x) { a(x.kind, x.jobs, x.until); }
void fields(auto& a, like<diagnose_task> auto& x) { a(x.organization_id, x.task); }
void fields(auto& a, like<diagnosed_task> auto& x) {
  a(x.processing, x.quarantined, x.owner_node, x.epoch, x.live_jobs, x.live_follow_ups, x.open_batches, x.reasons,
    x.last_error);
}
void fields(auto& a, like<explain_job> auto& x) { a(x.organization_id, x.task, x.row); }
void fields(auto& a, like<explained_job> auto& x) { a(x.phase, x.status, x.reasons, x.next_look); }
void fields(auto& a, like<switch_automation> auto& x) { a(x.organization_id, x.running, x.by); }
void fields(auto& a, like<automation_view> auto& x) { a(x.organization_id); }
void fields(auto& a, like<automation_state> auto& x) {
  a(x.running, x.node, x.live_jobs, x.polling_jobs, x.waiting_jobs, x.last_sweep, x.next_sweep);
}
void fields(auto&, like<sweep_now> auto&) {}
void fields(auto& a, like<event_record> auto& x) {
  a(x.id, x.organization_id, x.task, x.job, x.kind, x.from, x.to, x.at, x.data_json);
}
void fields(auto& a, like<tell_progress_elsewhere> auto& x) { a(x.event); }
void fields(auto& a, like<start_run> auto& x) { a(x.organization_id, x.task, x.batch_size, x.pause, x.skip_recording); }
void fields(auto& a, like<await_case_calls> auto& x) { a(x.organization_id, x.task, x.rows, x.budget); }
void fields(auto& a, like<run_record> auto& x) {
  a(x.id, x.organization_id, x.task, x.batch_size, x.pause, x.skip_recording, x.status, x.total_jobs, x.processed_jobs,
    x.behind, x.error, x.created_at, x.updated_at);
}
void fields(auto& a, like<failure> auto& x) { a(x.code, x.message, x.vendor_code, x.retry_after_ms); }

// --- what values may be --------------------------------------------------------------------------------------------

/// The words of an enumeration lie between these numbers; identities may be any number.
template <class E>
constexpr std::pair<std::int64_t, std::int64_t> range_of() {
  if constexpr (std::same_as<E, errc>) return {1, static_cast<std::int64_t>(errc::internal)};
  else if constexpr (std::same_as<E, task_type>) return {0, 5};  // 0: not told
  else if constexpr (std::same_as<E, call_status>) return {0, static_cast<std::int64_t>(call_status::other)};
  else if constexpr (std::same_as<E, job_phase>) return {0, static_cast<std::int64_t>(job_phase::parked)};
  else if constexpr (std::same_as<E, interest>) return {0, 2};
  else if constexpr (std::same_as<E, wait_kind>) return {0, static_cast<std::int64_t>(wait_kinds) - 1};
  else if constexpr (std::same_as<E, run_status>) return {0, static_cast<std::int64_t>(run_status::failed)};
  else {
    static_assert(std::same_as<std::underlying_type_t<E>, std::int64_t>, "an enumeration without its range");
    return {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
  }
}

/// Longer budgets and pauses are nobody's; sums of them stay far from overflow.
constexpr milliseconds longest_duration{std::chrono::hours{24 * 366}};
/// The years 1 to 9999, which every calendar shows.
constexpr std::int64_t first_instant_ms = -62'135'596'800'000;
constexpr std::int64_t last_instant_ms = 253'402'300'799'999;

// --- the two directions --------------------------------------------------------------------------------------------

class writer {
 public:
  void operator()(const auto&... each) { (write(each), ...); }
  std::string done() { return std::move(bytes_); }

 private:
  template <std::unsigned_integral T>
  void put(T number) {
    for (std::size_t i = 0; i < sizeof(T); ++i) bytes_.push_back(static_cast<char>((number >> (8 * i)) & 0xFFU));
  }
  void put_length(std::size_t length) { put(static_cast<std::uint32_t>(length)); }

  template <class T>
  void write(const T& x) {
    if constexpr (std::same_as<T, bool>) put(static_cast<std::uint8_t>(x ? 1 : 0));
    else if constexpr (std::is_enum_v<T>) write(static_cast<std::underlying_type_t<T>>(x));
    else if constexpr (std::integral<T>) put(static_cast<std::make_unsigned_t<T>>(x));
    else fields(*this, x);
  }
  void write(const std::string& x) {
    put_length(x.size());
    bytes_ += x;
  }
  void write(milliseconds x) { write(static_cast<std::int64_t>(x.count())); }
  void write(wall_time x) { write(to_epoch_ms(x)); }
  template <class T>
  void write(const std::optional<T>& x) {
    write(x.has_value());
    if (x) write(*x);
  }
  template <class T>
  void write(const std::vector<T>& x) {
    put_length(x.size());
    for (const auto& each : x) write(each);
  }

  std::string bytes_;
};

/// Once something was wrong everything read is empty, and `is_whole` is false.
class reader {
 public:
  explicit reader(std::string_view bytes) : rest_(bytes) {}

  void operator()(auto&... each) { (read(each), ...); }
  /// Everything was understood, and nothing is left over.
  [[nodiscard]] bool is_whole() const noexcept { return good_ && rest_.empty(); }
  [[nodiscard]] bool is_good() const noexcept { return good_; }

 private:
  void spoil() {
    good_ = false;
    rest_ = {};
  }
  template <std::unsigned_integral T>
  T get() {
    if (rest_.size() < sizeof(T)) {
      spoil();
      return T{};
    }
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
      number |= std::uint64_t{static_cast<unsigned char>(rest_[i])} << (8 * i);
    rest_.remove_prefix(sizeof(T));
    return static_cast<T>(number);
  }
  /// Each item takes a byte at least, so that no length promises more than there is.
  std::size_t get_length() {
    const auto length = std::size_t{get<std::uint32_t>()};
    if (length <= rest_.size()) return length;
    spoil();
    return 0;
  }
  std::int64_t get_between(std::int64_t least, std::int64_t most) {
    const auto number = static_cast<std::int64_t>(get<std::uint64_t>());
    if (number >= least && number <= most) return number;
    spoil();
    return 0;
  }

  template <class T>
  void read(T& x) {
    if constexpr (std::same_as<T, bool>) {
      const auto word = get<std::uint8_t>();
      if (word > 1) spoil();
      x = good_ && word == 1;
    } else if constexpr (std::is_enum_v<T>) {
      std::underlying_type_t<T> number{};
      read(number);
      constexpr auto range = range_of<T>();
      if (static_cast<std::int64_t>(number) < range.first || static_cast<std::int64_t>(number) > range.second) spoil();
      if (good_) x = static_cast<T>(number);
    } else if constexpr (std::integral<T>) {
      x = static_cast<T>(get<std::make_unsigned_t<T>>());
    } else {
      fields(*this, x);
    }
  }
  void read(std::string& x) {
    const auto length = get_length();
    x.assign(rest_.substr(0, length));
    rest_.remove_prefix(length);
  }
  void read(milliseconds& x) { x = milliseconds{get_between(-longest_duration.count(), longest_duration.count())}; }
  void read(wall_time& x) {
    const auto ms = get_between(first_instant_ms, last_instant_ms);
    x = from_epoch_ms(ms);
  }
  template <class T>
  void read(std::optional<T>& x) {
    bool is_there = false;
    read(is_there);
    x.reset();
    if (is_there) read(x.emplace());
  }
  template <class T>
  void read(std::vector<T>& x) {
    x.clear();
    for (auto left = get_length(); left > 0 && good_; --left) read(x.emplace_back());
  }

  std::string_view rest_;
  bool good_{true};
};

constexpr auto protocol = static_cast<std::uint16_t>(cluster_protocol);

auto not_understood(const char* what) {
  return fail(errc::malformed, std::string(what) + " of another node is not understood");
}

/// Reads a question of the kind whose number was read.
template <std::size_t... I>
result<remote_question> read_question(reader& in, std::size_t kind, std::index_sequence<I...>) {
  remote_question question;
  (void)((kind == I && (in(question.emplace<I>()), true)) || ...);
  if (!in.is_whole()) return not_understood("a question");
  return question;
}

}  // namespace

result<std::string> encode_question(const remote_question& question) {
  writer out;
  out(protocol, static_cast<std::uint8_t>(question.index()));
  std::visit([&](const auto& q) { out(q); }, question);
  auto bytes = out.done();
  if (bytes.size() > largest_message) return fail(errc::invalid_argument, "the question is too long for another node");
  return bytes;
}

result<remote_question> decode_question(std::string_view bytes) {
  if (bytes.size() > largest_message) return not_understood("a question");
  reader in(bytes);
  std::uint16_t version = 0;
  std::uint8_t kind = 0;
  in(version, kind);
  constexpr auto kinds = std::variant_size_v<remote_question>;
  if (!in.is_good() || version != protocol || kind >= kinds) return not_understood("a question");
  return read_question(in, kind, std::make_index_sequence<kinds>{});
}

std::string encode_failure(const failure& why) {
  writer out;
  out(protocol, false, why);
  auto bytes = out.done();
  if (bytes.size() <= largest_message) return bytes;
  return encode_failure({why.code, "the reason is too long to be told", {}, why.retry_after_ms});
}

std::string encode_answer(const remote_question& question, const result<std::any>& answer) {
  if (!answer) return encode_failure(answer.error());
  writer out;
  out(protocol, true, static_cast<std::uint8_t>(question.index()));
  const bool is_known = std::visit(
      [&]<class Q>(const Q&) {
        const auto* value = std::any_cast<answer_of_t<Q>>(&*answer);
        if (value != nullptr) out(*value);
        return value != nullptr;
      },
      question);
  if (!is_known) return encode_failure({errc::internal, "the answer is not what was asked for", {}, 0});
  auto bytes = out.done();
  if (bytes.size() > largest_message)
    return encode_failure({errc::lost, "the answer is too long for another node", {}, 0});
  return bytes;
}

result<std::any> decode_answer(const remote_question& question, std::string_view bytes) {
  if (bytes.size() > largest_message) return not_understood("an answer");
  reader in(bytes);
  std::uint16_t version = 0;
  bool is_value = false;
  in(version, is_value);
  if (!in.is_good() || version != protocol) return not_understood("an answer");
  if (!is_value) {
    failure why;
    in(why);
    if (!in.is_whole()) return not_understood("an answer");
    return tl::unexpected<failure>(std::move(why));
  }
  std::uint8_t kind = 0;
  in(kind);
  if (!in.is_good() || kind != question.index()) return not_understood("an answer");
  return std::visit(
      [&]<class Q>(const Q&) -> result<std::any> {
        answer_of_t<Q> value{};
        in(value);
        if (!in.is_whole()) return not_understood("an answer");
        return std::any(std::move(value));
      },
      question);
}

}  // namespace waihu::cluster
