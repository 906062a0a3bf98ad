// The operations of OutboundBot 2019-12-26 that the simulator plays: parameters in, envelope out. Knows the world of
// calls and JSON; knows neither sockets nor signatures.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "provider/percent_coding.hpp"
#include "provider/simulator/call_world.hpp"
#include "provider/simulator/faults.hpp"
#include "provider/simulator/http_answer.hpp"
#include "provider/simulator/json_writing.hpp"

namespace waihu::simulator {

/// Greatest number of elements in AssignJobs and ids elsewhere (REFERENCE.md sections 3.2, 3.3).
inline constexpr std::size_t most_per_call = 99;
/// Greatest page the simulator gives; the real maximum is not documented.
inline constexpr std::int64_t most_per_page = 100;

/// One operation to be carried out.
struct api_request {
  std::string action;
  signing::parameters parameters;  ///< Business parameters of query and form.
  std::string request_id;
  std::string host;            ///< As the client called us; stands in links.
  std::int64_t real_now_ms{};  ///< Real time: the validity of recording links counts in it.
};

/// An answer and what the request log says of it.
struct api_answer {
  http_answer http;
  std::string code{"OK"};
  std::uint64_t items{};  ///< Jobs accepted, or elements answered.
};

/// What is not a property of the world.
struct bot_options {
  std::string instance_id;  ///< Only this instance exists; empty: any.
  std::string link_secret;  ///< Signs recording links.
  std::int64_t recording_ttl_s{3'600};
  std::vector<std::string> calling_numbers{"05710000001", "05710000002"};
};

/// Error of the gateway's shape (REFERENCE.md section 4).
api_answer api_error(const api_request& request, int status, std::string_view code, std::string_view message);

/// The operations over one world. Not thread-safe.
class outbound_bot {
 public:
  outbound_bot(call_world& world, bot_options options);

  /// True when the operation exists.
  static bool knows(std::string_view action) noexcept;
  /// Carries out one operation at the world's present time.
  api_answer perform(const api_request& request, const fault_orders& orders);
  /// Notes who is named in an AssignJobs that is answered with `code`, or not at all, without being carried out.
  void turn_away(const api_request& request, std::string_view code);
  /// A recording by its pre-signed target; 403 when the link is wrong or past its Expires.
  http_answer recording(std::string_view target, std::int64_t real_now_ms) const;

 private:
  struct context {
    const api_request& request;
    const fault_orders& orders;
  };
  using operation = api_answer (outbound_bot::*)(const context&);
  static const std::unordered_map<std::string_view, operation>& operations();

  api_answer create_job_group(const context& c);
  api_answer list_job_groups(const context& c);
  api_answer describe_job_group(const context& c);
  api_answer delete_job_group(const context& c);
  api_answer assign_jobs(const context& c);
  api_answer assign_jobs_async(const context& c);
  api_answer async_result(const context& c);
  api_answer list_jobs(const context& c);
  api_answer describe_job(const context& c);
  api_answer list_jobs_by_group(const context& c);
  api_answer query_jobs_with_result(const context& c);
  api_answer suspend_jobs(const context& c);
  api_answer resume_jobs(const context& c);
  api_answer cancel_jobs(const context& c);
  api_answer download_recording(const context& c);
  api_answer list_scripts(const context& c);
  api_answer list_outbound_call_numbers(const context& c);

  struct assignment {
    std::uint32_t group{};
    std::vector<std::string> job_ids;
    api_answer refusal;
    bool refused{};
  };
  assignment assign(const context& c, const std::vector<std::string>& elements);
  template <class OnGroup, class OnJob>
  api_answer control(const context& c, OnGroup on_group, OnJob on_job);
  std::string link_signature(std::string_view path, std::string_view expires) const;

  call_world& world_;
  bot_options options_;
  struct async_assignment {
    std::int64_t valid_from_ms{};
    std::string group_id;
    std::vector<std::string> job_ids;
  };
  std::unordered_map<std::string, async_assignment> async_;
  std::deque<std::string> async_order_;
};

namespace wire {

/// The value of a parameter, "" when it is absent.
std::string_view value_of(const api_request& request, std::string_view name);
/// The values `name.1`, `name.2`, ... by number; a single `name` that holds a JSON list of texts counts too.
std::vector<std::string> values_of(const api_request& request, std::string_view name);
/// A whole number; `otherwise` when it is absent, nothing when it is no number.
std::optional<std::int64_t> number_of(const api_request& request, std::string_view name, std::int64_t otherwise);
/// A page's number and size; size 0 marks parameters that are to be refused.
struct page_span {
  std::int64_t number{1}, size{};
  std::size_t first() const noexcept { return static_cast<std::size_t>((number - 1) * size); }
};
page_span page_of(const api_request& request, std::int64_t default_size);
api_answer missing(const api_request& request, std::string_view name);
api_answer invalid(const api_request& request, std::string_view name);
api_answer does_not_exist(const api_request& request, std::string_view what);

/// An answer in the making: envelope first, then the operation's members.
class envelope {
 public:
  explicit envelope(const api_request& request);
  json_out& out() noexcept { return writer_; }
  api_answer close(std::uint64_t items = 0);

 private:
  rapidjson::StringBuffer buffer_;
  json_out writer_;
};

/// A job as ListJobs (`in_full` false) or DescribeJob (true) shows it; `with_tasks` false for ListJobsByGroup.
void put_job(json_out& w, const call_world& world, std::uint32_t job, const fault_orders& orders, bool with_tasks,
             bool in_full, std::string_view instance_id);
/// A row of QueryJobsWithResult.
void put_result_row(json_out& w, const call_world& world, std::uint32_t job, const fault_orders& orders);
/// The stage that answers show.
std::string_view shown_stage(job_stage stage, const fault_orders& orders) noexcept;
std::string shown_phone(std::string_view phone, const fault_orders& orders);
/// Members of a group that CreateJobGroup, DescribeJobGroup and ListJobGroups share.
void put_group_members(json_out& w, const call_world& world, const group_entry& group);
void put_strategy(json_out& w, const group_entry& group);

}  // namespace wire

}  // namespace waihu::simulator
