// Rules that make the simulator misbehave: which request they hit and what then happens to it. Deterministic by seed.
// Knows neither sockets nor calls; the server and the operations carry the orders out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "messages/model/failure.hpp"
#include "provider/simulator/dice.hpp"

namespace waihu::simulator {

/// What a rule does. `fault_names` holds the wire names in this order.
enum class fault_effect : std::uint8_t {
  lose_answer_after_accept,  ///< Carried out, then the connection is closed without an answer.
  hang_after_accept,         ///< Carried out; the answer comes `ms` later.
  hang_before,               ///< Not carried out; the connection is closed after `ms`.
  reset,                     ///< TCP reset, not carried out (with `after_accept`: carried out).
  error,                     ///< JSON error `status`, `code`, `message`.
  throttle,                  ///< Throttling.User (HTTP `status`, default 400), header x-acs-retry-after.
  html_503,                  ///< HTTP 503 with an HTML body.
  not_json_200,              ///< HTTP 200 with a body that is not JSON.
  success_false,             ///< HTTP 200 with Success:false and `code`.
  delay,                     ///< Waits `ms`, then carries out and answers: the request happens late.
  status_backwards,          ///< Reads show jobs one step further back than they are.
  duplicate_answer,          ///< Lists carry every element twice.
  drop_job_ids,              ///< AssignJobs accepts only a `share` of its elements.
  hide_job_ids,              ///< AssignJobs accepts all, but names only a `share` of the ids.
  ordered_job_ids,           ///< JobsId in the order of the request (otherwise shuffled).
  mask_phones,               ///< 138****0001 in answers.
  no_reference_ids,          ///< Empty ReferenceId in answers.
  hold,                      ///< Waits for POST /sim/release, then carries out and answers.
  outage,                    ///< For `ms` every request is refused by closing.
  half_answer,               ///< Carried out, then half of the answer's bytes and the connection is closed.
  llm_content,               ///< Chat completions: this `message` as the content.
  llm_fenced,                ///< Chat completions: the JSON inside a code fence.
  llm_thinking,              ///< Chat completions: a <think> part before the JSON.
  llm_truncated,             ///< Chat completions: cut off, finish_reason "length".
  llm_null_content,          ///< Chat completions: content is null.
  llm_obeys_injection,       ///< Chat completions: the model does what the person called told it.
  llm_gullible,              ///< Chat completions: the model obeys commands, and `message`, outside the fenced data.
  llm_trailing_text,         ///< Chat completions: words and braces behind the JSON.
  llm_empty_choices,         ///< Chat completions: no choices.
  llm_content_filter,        ///< Chat completions: finish_reason "content_filter".
};
inline constexpr std::size_t fault_count = 30;

/// One rule as posted.
struct fault_rule {
  std::uint64_t id{};
  std::string action;  ///< Operation, "ChatCompletions", "Recording", or "*" for all but ChatCompletions.
  fault_effect effect{fault_effect::error};
  std::uint64_t nth{};        ///< Only the n-th matching request; 0 = any.
  std::uint64_t every{};      ///< Each k-th matching request; 0 = any.
  std::uint64_t from_call{};  ///< From the n-th matching request on; 0 = any.
  std::uint64_t count{};      ///< At most so many hits; 0 = no limit.
  double probability{1.0};    ///< Share of the requests that pass the other conditions.
  bool conditional{};         ///< A `when` was given.
  std::int64_t ms{};
  std::int64_t retry_after_ms{};
  int status{};
  double share{0.5};
  bool after_accept{};  ///< For replacing answers, reset and hold: the request is carried out all the same.
  std::string code, message;
  std::uint64_t seen{}, hits{};
};

/// What the rules want done with one request.
struct fault_orders {
  enum class fate : std::uint8_t { answer, half, close, reset };
  enum class replacement : std::uint8_t { none, api_error, throttled, html, not_json, unsuccessful };
  bool skip{};  ///< Do not carry it out.
  bool hold_before{}, hold_after{};
  std::int64_t wait_before_ms{}, wait_after_ms{};
  fate end{fate::answer};
  replacement instead{replacement::none};
  int status{};
  std::int64_t retry_after_ms{};
  std::string code, message;
  bool status_backwards{}, duplicate_answer{}, ordered_job_ids{}, mask_phones{}, no_reference_ids{};
  std::optional<double> accepted_share, shown_share;
  std::optional<std::string> llm_content;
  bool llm_fenced{}, llm_thinking{}, llm_truncated{}, llm_null_content{}, llm_obeys{};
  bool llm_gullible{}, llm_trailing_text{}, llm_empty_choices{}, llm_content_filter{};
  std::string llm_command;  ///< What a gullible model obeys besides the usual commands; "" for nothing.
  std::string effects;      ///< Names of what hit, for the request log.
};

/// The wire name of an effect.
std::string_view fault_name(fault_effect effect) noexcept;

/// The rules in force.
class fault_book {
 public:
  explicit fault_book(std::uint64_t seed) noexcept : seed_(seed) {}

  /// Adds the rules of a JSON list (or of one object). Nothing is added when one is wrong. Outages without a `when`
  /// begin at once.
  result<std::vector<std::uint64_t>> add(std::string_view json, std::int64_t now_ms);
  void clear();
  /// Judges one request: the first rule about the transport that fires wins; changes of the answer add up.
  fault_orders judge(std::string_view action, std::int64_t now_ms);
  const std::vector<fault_rule>& rules() const noexcept { return rules_; }
  /// Rules with their hit counts.
  std::string to_json() const;

 private:
  std::uint64_t seed_;
  std::uint64_t next_id_{1};
  std::vector<fault_rule> rules_;
  std::int64_t outage_until_ms_{};  // Real time.
};

}  // namespace waihu::simulator
