#include "messages/model/call_status.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace waihu {

namespace {

struct status_row {
  call_status status;
  std::string_view word;
  std::string_view text;
};

constexpr std::array<status_row, 9> statuses{{
    {call_status::none, "", "未开始"},
    {call_status::scheduling, "Scheduling", "拨号中"},
    {call_status::executing, "Executing", "通话中"},
    {call_status::paused, "Paused", "已暂停"},
    {call_status::drafted, "Drafted", "草稿"},
    {call_status::succeeded, "Succeeded", "已完成"},
    {call_status::failed, "Failed", "失败"},
    {call_status::cancelled, "Cancelled", "已取消"},
    {call_status::other, "Unknown", "未知"},
}};

constexpr std::array<std::string_view, 6> phases{"queued", "dispatching", "tracking", "settled", "closed", "parked"};
constexpr std::array<std::string_view, 3> parked_reasons{"", "timeout", "unreachable"};
constexpr std::array<std::string_view, 7> dispositions{"unknown",     "connected", "machine",    "not_reached",
                                                       "not_dialled", "failed",    "in_progress"};
constexpr std::array<std::string_view, 8> outcomes{"",       "connected", "machine", "not_reached", "not_dialled",
                                                   "failed", "cancelled", "unplaced"};
constexpr std::array<std::string_view, 8> outcome_texts{"",       "已接通",   "机器接听", "未接通",
                                                        "未外呼", "呼叫失败", "已取消",   "未执行外呼"};

// state-machines.md section 9; the job counts as worth another round unless the number itself is dead.
constexpr std::array<attempt_word, 33> attempts{{
    {"Executing", disposition::in_progress, "通话中", true},
    {"Succeeded", disposition::connected, "已接通", true},
    {"SucceededFinish", disposition::connected, "已接通-正常完结", true},
    {"SucceededClientHangUp", disposition::connected, "已接通-用户挂机", true},
    {"SucceededClientHangUpAfterNoAnswer", disposition::connected, "已接通-未应答后用户挂机", true},
    {"SucceededChatbotHangUpAfterNoAnswer", disposition::connected, "已接通-未应答后机器人挂机", true},
    {"SucceededChatbotHangUpAfterSilence", disposition::connected, "已接通-静默后机器人挂机", true},
    {"SucceededTransferByIntent", disposition::connected, "已接通-转人工", true},
    {"SucceededTransferAfterNoAnswer", disposition::connected, "已接通-未应答后转人工", true},
    {"SucceededInoInterAction", disposition::connected, "已接通-用户无交互", true},
    {"SucceededError", disposition::connected, "已接通-系统异常", true},
    {"SucceededSpecialInterceptVoiceAssistant", disposition::machine, "已接通-语音助手", true},
    {"SucceededSpecialInterceptExtensionNumberTransfer", disposition::machine, "已接通-分机", true},
    {"SucceededSpecialInterceptCustomSpecialIntercept", disposition::machine, "已接通-拦截", true},
    {"NoAnswer", disposition::not_reached, "无人接听", true},
    {"Busy", disposition::not_reached, "占线", true},
    {"NotConnected", disposition::not_reached, "无法接通", true},
    {"PoweredOff", disposition::not_reached, "关机", true},
    {"OutOfService", disposition::not_reached, "停机", false},
    {"InArrears", disposition::not_reached, "欠费", false},
    {"NotExist", disposition::not_reached, "空号", false},
    {"EmptyNumber", disposition::not_dialled, "空号不外呼", false},
    {"PerDayCallCountLimit", disposition::not_dialled, "超出每日上限", true},
    {"ContactBlockList", disposition::not_dialled, "黑名单", false},
    {"CallerNotRegistered", disposition::not_dialled, "主叫未注册", true},
    {"CallingNumberNotExist", disposition::not_dialled, "主叫不存在", true},
    {"VerificationCancelled", disposition::not_dialled, "呼叫前验证取消", true},
    {"OutOfServiceNoCall", disposition::not_dialled, "停机不外呼", false},
    {"InArrearsNoCall", disposition::not_dialled, "欠费不外呼", false},
    {"Terminated", disposition::not_dialled, "被终止", true},
    {"Cancelled", disposition::not_dialled, "任务停止", true},
    {"HighRiskSipCode", disposition::not_dialled, "高风险拦截", true},
    {"Failed", disposition::failed, "呼叫失败", true},
}};

template <std::size_t N>
std::size_t index_of(const std::array<std::string_view, N>& words, std::string_view word) noexcept {
  return static_cast<std::size_t>(std::find(words.begin(), words.end(), word) - words.begin());
}

}  // namespace

call_status parse_call_status(std::string_view word) noexcept {
  for (const auto& row : statuses)
    if (row.word == word && row.status != call_status::other) return row.status;
  return call_status::other;
}

std::string_view to_string(call_status status) noexcept { return statuses[static_cast<std::size_t>(status)].word; }
std::string_view chinese_text(call_status status) noexcept { return statuses[static_cast<std::size_t>(status)].text; }

std::string_view to_string(job_phase phase) noexcept { return phases[static_cast<std::size_t>(phase)]; }

std::optional<job_phase> parse_job_phase(std::string_view word) noexcept {
  const auto i = index_of(phases, word);
  if (i == phases.size()) return std::nullopt;
  return static_cast<job_phase>(i);
}

std::string_view to_string(parked_reason reason) noexcept { return parked_reasons[static_cast<std::size_t>(reason)]; }

parked_reason parse_parked_reason(std::string_view word) noexcept {
  const auto i = index_of(parked_reasons, word);
  return i == parked_reasons.size() ? parked_reason::none : static_cast<parked_reason>(i);
}

std::string_view to_string(disposition d) noexcept { return dispositions[static_cast<std::size_t>(d)]; }

attempt_word classify_attempt(std::string_view provider_code) noexcept {
  for (const auto& row : attempts)
    if (row.word == provider_code) return row;
  if (provider_code.starts_with("Succeeded")) return {provider_code, disposition::connected, "已接通", true};
  return {provider_code, disposition::unknown, "", true};
}

std::string_view to_string(job_outcome outcome) noexcept { return outcomes[static_cast<std::size_t>(outcome)]; }

job_outcome parse_job_outcome(std::string_view word) noexcept {
  const auto i = index_of(outcomes, word);
  return i == outcomes.size() ? job_outcome::none : static_cast<job_outcome>(i);
}

std::string_view chinese_text(job_outcome outcome) noexcept { return outcome_texts[static_cast<std::size_t>(outcome)]; }

job_outcome outcome_of(call_status status, std::string_view last_attempt_code) noexcept {
  if (status == call_status::cancelled) return job_outcome::cancelled;
  if (!is_terminal(status)) return job_outcome::none;
  switch (classify_attempt(last_attempt_code).meaning) {
    case disposition::connected: return job_outcome::connected;
    case disposition::machine: return job_outcome::machine;
    case disposition::not_reached: return job_outcome::not_reached;
    case disposition::not_dialled: return job_outcome::not_dialled;
    default: return status == call_status::succeeded ? job_outcome::connected : job_outcome::failed;
  }
}

std::string_view to_string(task_type type) noexcept {
  switch (type) {
    case task_type::created: return "created";
    case task_type::calling: return "calling";
    case task_type::calls_complete: return "calls_complete";
    case task_type::follow_up_complete: return "follow_up_complete";
    case task_type::suspended: return "suspended";
  }
  return "unknown";
}

interest parse_interest(std::string_view word) noexcept {
  while (!word.empty() && std::isspace(static_cast<unsigned char>(word.front())) != 0) word.remove_prefix(1);
  while (!word.empty() && std::isspace(static_cast<unsigned char>(word.back())) != 0) word.remove_suffix(1);
  for (const auto* yes : {"1", "true", "True", "有意", "有意向"})
    if (word == yes) return interest::interested;
  for (const auto* no : {"2", "false", "False", "无意", "无意向", "没意向", "没有意向"})
    if (word == no) return interest::not_interested;
  return interest::undecided;
}

progress_bucket bucket_of(call_status status) noexcept {
  switch (status) {
    case call_status::none:
    case call_status::drafted:
    case call_status::paused: return progress_bucket::scheduling;
    case call_status::scheduling:
    case call_status::executing:
    case call_status::other: return progress_bucket::executing;
    case call_status::succeeded: return progress_bucket::completed;
    case call_status::failed:
    case call_status::cancelled: return progress_bucket::failed;
  }
  return progress_bucket::executing;
}

}  // namespace waihu
