// Questions between nodes and their answers, as bytes. A message begins with the protocol's number; numbers are little
// endian and of fixed width, texts and lists begin with their length. Bytes come from outside: whatever they are,
// reading them ends in a value or a failure, and takes no more memory than a few times their length. Knows no sockets.
#pragma once

#include <any>
#include <cstddef>
#include <string>
#include <string_view>

#include "messages/interfaces.hpp"

namespace waihu::cluster {

/// Longest message, bytes, either way.
inline constexpr std::size_t largest_message = 8U * 1024U * 1024U;

/// invalid_argument: longer than `largest_message`.
result<std::string> encode_question(const remote_question& question);
/// malformed: not a whole question of this protocol.
result<remote_question> decode_question(std::string_view bytes);

/// `answer` holds the value that the question's answer has (messages/interfaces.hpp, remote_question), or the failure.
/// What cannot be sent becomes a failure that can: internal (the value has another type), lost (it is too long).
std::string encode_answer(const remote_question& question, const result<std::any>& answer);
/// The answer of the other node, its failure, or malformed: these bytes do not answer this question.
result<std::any> decode_answer(const remote_question& question, std::string_view bytes);

/// A failure as the answer to whatever was asked.
std::string encode_failure(const failure& why);

/// What a question's answer holds.
template <class Question>
struct answer_of;
template <>
struct answer_of<start_call_task> : std::type_identity<started_call_task> {};
template <>
struct answer_of<suspend_resume_task> : std::type_identity<suspended_resumed_task> {};
template <>
struct answer_of<refresh_jobs> : std::type_identity<refreshed_jobs> {};
template <>
struct answer_of<make_follow_up> : std::type_identity<made_follow_up> {};
template <>
struct answer_of<diagnose_task> : std::type_identity<diagnosed_task> {};
template <>
struct answer_of<fetch_recording> : std::type_identity<std::string> {};
template <>
struct answer_of<explain_job> : std::type_identity<explained_job> {};
template <>
struct answer_of<describe_task> : std::type_identity<described_task> {};
template <>
struct answer_of<start_run> : std::type_identity<run_record> {};
template <>
struct answer_of<await_case_calls> : std::type_identity<bool> {};
template <>
struct answer_of<switch_automation> : std::type_identity<automation_state> {};
template <>
struct answer_of<automation_view> : std::type_identity<automation_state> {};
template <>
struct answer_of<sweep_now> : std::type_identity<bool> {};

template <>
struct answer_of<tell_progress_elsewhere> : std::type_identity<bool> {};

template <class Question>
using answer_of_t = typename answer_of<Question>::type;

}  // namespace waihu::cluster
