// The rules by which single clauses of a telephone call are judged: how much interest, refusal or hesitation they
// carry. The words are in interest_tables.hpp; the balance over a conversation is the rules analyst's.
#pragma once

#include <string>
#include <string_view>

namespace waihu::provider {

/// What the robot's last line asked for, so that a bare "好的" or "不用" can be understood.
enum class question {
  none,      ///< Nothing that a yes or no would answer.
  offer,     ///< Interest, an appointment, sending material, a call by a colleague.
  proposal,  ///< The same as something concrete that is done on a yes: "帮您约周六？".
  refusal,   ///< Whether it is a no: "您是暂时不考虑对吗？".
  time,      ///< When to call or come.
  closing,   ///< Any other questions; goodbye.
  identity,  ///< Whether this is the right person, whether it is convenient to talk.
  fact,      ///< Something about the person: "您的房子多大？".
};
question classify_question(std::string_view robot_line);

/// What one clause says.
struct clause_judgement {
  double weight{};         ///< > 0 interest, < 0 refusal, about ±1 for a clear statement; 0 nothing.
  bool is_question{};      ///< The weight is only that of a question about the offer.
  bool is_hesitation{};    ///< "考虑一下": draws earlier interest back.
  bool is_postponement{};  ///< "有需要再联系": the same, but after a refusal only a courtesy.
  bool is_doubt{};         ///< "有点贵": less interest than before.
  bool is_abuse{};         ///< Insults and threats.
  bool is_busy{};          ///< "在开会": not a refusal.
  bool is_machine{};       ///< A voice assistant or mailbox speaks.
  bool is_wrong_person{};
};
/// `robot_line` is what was asked: a verb of it that comes back ("要换窗户吗" - "换") is an answer.
clause_judgement judge_clause(std::string_view clause, question asked, std::string_view robot_line = {});

/// True for 喂, 嗯, 哪位 and the like, which say nothing.
bool is_filler(std::string_view clause);

}  // namespace waihu::provider
