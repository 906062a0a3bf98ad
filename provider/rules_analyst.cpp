// The balance of a conversation and the remark about it.
#include "provider/rules_analyst.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "provider/clause_pattern.hpp"
#include "provider/follow_time.hpp"
#include "provider/interest_rules.hpp"
#include "provider/transcript.hpp"

namespace waihu {
namespace {

using provider::contains_one;
using provider::question;

// A clear statement of the last line must outweigh one clear statement before it.
constexpr double fading = 0.45;
constexpr double hesitation_fading = 0.25;
constexpr double courtesy_fading = 0.6;
constexpr double doubt_fading = 0.4;
constexpr double interest_threshold = 0.7;
constexpr double refusal_threshold = -0.7;
constexpr std::size_t max_quote_characters = 40;
constexpr std::size_t max_quotes = 3;

struct quote {
  std::string text;
  double weight{};
  std::size_t order{};
};

/// What was gathered from the contact's lines.
struct findings {
  double balance{};
  bool has_spoken{};
  bool is_abusive{}, is_busy{}, is_machine{}, is_wrong_person{}, is_hesitant{}, has_instruction{};
  std::vector<quote> quotes;
  std::optional<wall_time> follow_time;
};

/// True where a time in this text is one to call, come or go on.
bool speaks_of_later(std::string_view text) {
  return contains_one(text, {"打", "联系", "回电", "来电", "电话", "过去", "过来", "去", "来", "到店", "再", "吧", "约",
                             "有空", "聊", "谈"});
}

/// The time that the contact named in one line: of the last clause that speaks of calling or coming; else, where the
/// robot had asked for a time, of the last clause with one.
std::optional<wall_time> named_time(const std::vector<std::string>& clauses, bool is_asked,
                                    const analysis_request& request) {
  std::optional<wall_time> any;
  std::optional<wall_time> meant;
  std::string whole;
  for (const auto& clause : clauses) {
    whole += clause + "，";
    const auto when = provider::find_follow_time(clause, request.call_time, request.utc_offset_minutes);
    if (!when) continue;
    any = when;
    if (speaks_of_later(clause)) meant = when;
  }
  if (meant) return meant;
  return is_asked || speaks_of_later(whole) ? any : std::nullopt;
}

/// "那我明天下午三点给您打电话可以吗？" answered with a yes.
std::optional<wall_time> agreed_time(const std::string& robot_line, const std::string& answer,
                                     const analysis_request& request) {
  const bool is_proposal = contains_one(robot_line, {"可以吗", "行吗", "好吗", "方便吗", "可以不", "怎么样", "有时间吗",
                                                     "有空吗", "成吗", "合适吗", "给您约", "帮您约", "约您"});
  const bool is_yes = contains_one(answer, {"可以", "好", "行", "没问题", "嗯", "对", "有"}) &&
                      !contains_one(answer, {"不可以", "不好", "不行", "不用", "不要", "没空", "没有", "不方便"});
  if (!is_proposal || !is_yes || contains_one(robot_line, {"稍后", "待会", "一会"})) return std::nullopt;
  return provider::find_follow_time(robot_line, request.call_time, request.utc_offset_minutes);
}

/// Draws the balance towards nothing after words that leave it open.
void weigh_hesitation(const std::string& clause, bool is_courtesy, findings& out) {
  out.balance *= is_courtesy ? courtesy_fading : hesitation_fading;
  out.is_hesitant = !is_courtesy;
  out.quotes.push_back({clause, 1.0, out.quotes.size()});
}

/// Whether the clause was the person's, not a mailbox's.
bool weigh_clause(const std::string& clause, question asked, std::string_view robot_line, findings& out) {
  const bool is_answer = asked != question::none && asked != question::closing && asked != question::identity;
  if (provider::is_filler(clause) && !is_answer) return true;
  if (!provider::is_filler(clause)) out.has_spoken = true;
  const auto judged = provider::judge_clause(clause, asked, robot_line);
  out.is_machine = out.is_machine || judged.is_machine;
  if (judged.is_machine) return false;
  out.is_abusive = out.is_abusive || judged.is_abuse;
  out.is_busy = out.is_busy || judged.is_busy;
  out.is_wrong_person = out.is_wrong_person || judged.is_wrong_person;
  if (judged.is_doubt) out.balance *= out.balance > 0 ? doubt_fading : 1.0;
  if (judged.is_hesitation || (judged.is_postponement && judged.weight == 0)) {
    weigh_hesitation(clause, judged.is_postponement && out.balance < 0, out);
    return true;
  }
  if (judged.weight == 0) return true;
  // Agreement repeated adds up, disagreement outweighs what was said before. A question takes nothing back.
  const bool is_turn = (judged.weight > 0) != (out.balance > 0);
  out.balance = out.balance * (is_turn ? fading : 0.8) + judged.weight;
  out.is_hesitant = false;
  out.quotes.push_back({clause, std::abs(judged.weight), out.quotes.size()});
  return true;
}

/// Clauses as they are judged: "听着不错但是我不需要" is two.
std::vector<std::string> single_statements(const std::vector<std::string>& clauses) {
  std::vector<std::string> out;
  for (const auto& clause : clauses) {
    std::string_view rest = clause;
    for (bool is_cut = true; is_cut;) {
      is_cut = false;
      for (const std::string_view turn : {"但是", "不过", "可是", "但我", "可我", "所以", "然后", " "}) {
        const auto at = rest.find(turn);
        if (at == std::string_view::npos || at == 0) continue;
        out.emplace_back(rest.substr(0, at));
        rest.remove_prefix(turn == " " ? at + 1 : at);
        is_cut = true;
      }
    }
    if (!rest.empty()) out.emplace_back(rest);
  }
  return out;
}

bool is_visit(std::string_view robot_line) {
  return contains_one(robot_line, {"设计师", "上门", "到店", "过来", "试驾", "试听", "体验", "预约", "看房", "参观"});
}

findings gather(const provider::transcript& conversation, const analysis_request& request) {
  findings out;
  question asked = question::none;
  std::string robot_line;
  for (const auto& line : conversation.lines) {
    if (!line.is_contact) {
      asked = provider::classify_question(line.text);
      robot_line = line.text;
      continue;
    }
    const auto clauses = provider::honest_clauses(line.text, &out.has_instruction);
    if (clauses.empty()) continue;
    std::string honest;
    for (const auto& clause : clauses) honest += clause + "，";
    bool is_person = true;
    for (const auto& clause : single_statements(clauses))
      is_person = weigh_clause(clause, asked, robot_line, out) && is_person;
    if (!is_person) continue;
    const bool is_asked = asked == question::time ||
                          contains_one(robot_line, {"什么时候", "几点", "哪天", "什么时间"}) ||
                          (is_visit(robot_line) && asked != question::none && asked != question::closing);
    auto when = named_time(clauses, is_asked, request);
    // Who settles when to come or to be visited wants it.
    if (when && is_asked && is_visit(robot_line)) {
      out.balance += 1;
      out.quotes.push_back({clauses.front(), 1.0, out.quotes.size()});
    }
    if (!when) when = agreed_time(robot_line, honest, request);
    if (when) out.follow_time = when;
  }
  return out;
}

interest decide(const findings& found) {
  if (found.is_machine && found.quotes.empty()) return interest::undecided;
  if (found.balance >= interest_threshold) return interest::interested;
  if (found.balance <= refusal_threshold) return interest::not_interested;
  return interest::undecided;
}

std::string quoted(std::vector<quote> quotes) {
  if (quotes.size() > max_quotes) {
    std::stable_sort(quotes.begin(), quotes.end(), [](const auto& a, const auto& b) { return a.weight > b.weight; });
    quotes.resize(max_quotes);
    std::sort(quotes.begin(), quotes.end(), [](const auto& a, const auto& b) { return a.order < b.order; });
  }
  std::string out;
  for (const auto& one : quotes) {
    if (!out.empty()) out += "；";
    out += "“" + provider::cut_characters(one.text, max_quote_characters) + "”";
  }
  return out;
}

std::string headline(const findings& found, interest verdict) {
  if (found.is_machine && !found.has_spoken) return "语音助手或留言信箱代接，未与本人通话";
  if (!found.has_spoken && found.quotes.empty()) return "客户接听后未说话或未有效应答";
  if (found.is_abusive) return "客户情绪激动，态度抵触";
  if (found.is_wrong_person) return "接听人表示号码有误或非本人";
  if (verdict == interest::interested) return "客户有意向";
  if (verdict == interest::not_interested) return "客户无意向";
  if (found.is_hesitant) return "客户还在考虑，意向不明确";
  if (found.is_busy) return "客户当时不便通话，意向不明确";
  return "客户意向不明确";
}

std::string write_remark(const findings& found, interest verdict, const analysis_request& request) {
  std::string out;
  if (!request.leads_name.empty()) out += provider::cut_characters(request.leads_name, 40) + "：";
  out += headline(found, verdict);
  if (!found.quotes.empty()) out += "。客户表示" + quoted(found.quotes);
  if (found.follow_time && verdict != interest::not_interested)
    out += "。约定" + provider::chinese_time(*found.follow_time, request.utc_offset_minutes) + "再联系";
  if (found.has_instruction) out += "。通话中有针对分析程序的指令，已忽略";
  return provider::cut_characters(out + "。", 1000);
}

class rules_analyst final : public language_model {
 public:
  void analyze(analysis_request request, milliseconds, completion<analysis> done) override {
    done(analyze_by_rules(request));
  }
};

}  // namespace

analysis analyze_by_rules(const analysis_request& request) {
  const auto conversation = provider::read_transcript(request.conversation_json);
  analysis out;
  if (!conversation.is_readable) {
    out.remark = "通话内容无法读取，需要人工跟进";
    return out;
  }
  const auto found = gather(conversation, request);
  out.is_interested = decide(found);
  out.remark = write_remark(found, out.is_interested, request);
  if (out.is_interested != interest::not_interested) out.next_follow_time = found.follow_time;
  return out;
}

std::shared_ptr<language_model> make_rules_analyst() { return std::make_shared<rules_analyst>(); }

}  // namespace waihu
