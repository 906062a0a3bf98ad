// What follows from the matches of the tables within one clause.
#include "provider/interest_rules.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "provider/interest_tables.hpp"

namespace waihu::provider {
namespace {

constexpr double question_weight = 0.62;
constexpr double denied_wish = -1.7;
constexpr double taken_back = 0.3;
constexpr double abuse_weight = -3;

bool matches(const pattern_table& table, std::string_view text) {
  return std::any_of(table.begin(), table.end(),
                     [&](const weighed_pattern& one) { return one.pattern.find(text, true).has_value(); });
}

/// As `matches`, but "不再考虑" is none.
bool matches_undenied(const pattern_table& table, std::string_view text) {
  return std::any_of(table.begin(), table.end(), [&](const weighed_pattern& one) {
    const auto at = one.pattern.find(text, true);
    return at && !is_negated(text, *at);
  });
}

double worst_refusal(std::string_view text) {
  double worst = 0;
  for (const auto& [pattern, weight] : refusals())
    if (weight < worst && pattern.find(text, true)) worst = weight;
  return worst;
}

/// "没" before what one asks for tells what is so ("没加微信"); before a wish it denies the wish.
bool is_refused(std::string_view text, std::size_t at) {
  const auto before = text.substr(0, at);
  return is_negated(text, at) && !before.ends_with("没") && !before.ends_with("没有");
}

double best_attraction(std::string_view text) {
  double best = 0;
  double worst = 0;
  for (const auto& [pattern, weight] : wishes()) {
    const auto at = pattern.find(text, false);
    if (!at) continue;
    if (is_negated(text, *at)) worst = denied_wish;
    else best = std::max(best, weight);
  }
  for (const auto& [pattern, weight] : requests()) {
    const auto at = pattern.find(text, false);
    if (!at) continue;
    if (!is_negated(text, *at)) best = std::max(best, weight);
    else if (is_refused(text, *at)) worst = std::min(worst, denied_wish);
  }
  return worst < 0 ? worst : best;
}

bool is_made_of(std::string_view text, std::initializer_list<std::string_view> words) {
  static constexpr auto fillers = std::to_array<std::string_view>(
      {"的",   "啊",   "呀", "吧", "呢",   "哦", "嘛", "了", "谢谢", "就",   "这样", "那",   "也",   "嗯",   "呃",
       "哎",   "唉",   "我", "们", "这个", "你", "来", "都", "先",   "还是", "真",   "一下", "倒",   "是",   "暂时",
       "现在", "目前", "呗", "哈", "啦",   "挺", "咯", "谢", "诶",   "唔",   "额",   "肯定", "当然", "其实", "应该"});
  bool has_word = false;
  while (!text.empty()) {
    const auto starts = [&](std::string_view word) { return text.starts_with(word); };
    std::size_t size = 0;
    for (const auto word : words)
      if (starts(word)) size = std::max(size, word.size());
    has_word = has_word || size > 0;
    if (size == 0)
      for (const auto word : fillers)
        if (starts(word)) size = std::max(size, word.size());
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return has_word;
}

double bare_no(question asked) {
  switch (asked) {
    case question::offer:
    case question::proposal: return -1.8;
    case question::time: return -1.0;
    case question::refusal: return 0.3;
    default: return 0;
  }
}

double bare_answer(std::string_view text, question asked) {
  if (is_made_of(text, {"不用",   "不了",     "不要",   "不",     "没",     "没有",   "不需要", "不行",
                        "不想",   "不感兴趣", "不可以", "不了解", "不方便", "不愿意", "不同意", "不考虑",
                        "不参加", "不去",     "不打算", "不必",   "没兴趣", "不成"})) {
    const auto no = bare_no(asked);
    const bool is_turned_down = contains_one(text, {"不用", "不要", "不了"}) && asked != question::fact;
    return no == 0 && is_turned_down ? -1.2 : no;
  }
  const bool is_yes = is_made_of(
      text,
      {"可以", "好",     "行",     "对", "有", "想", "要", "能",     "会",   "方便", "成",     "没问题", "当然", "愿意",
       "需要", "参加",   "感兴趣", "ok", "OK", "中", "妥", "没毛病", "必须", "考虑", "有兴趣", "了解",   "同意", "接受",
       "欢迎", "没意见", "好嘞",   "去", "试", "报", "加", "约",     "发",   "登记", "做",     "买",     "学"});
  const bool is_weak_yes = !is_yes && is_made_of(text, {"嗯", "是", "对", "嗯嗯", "哦好"});
  if (!is_yes && !is_weak_yes) return 0;
  switch (asked) {
    case question::offer: return is_yes ? 1.4 : 0.6;
    case question::proposal: return is_yes ? 1.4 : 0.9;
    case question::time: return 0.6;
    case question::refusal: return contains_one(text, {"想", "要", "需要", "有", "会", "愿意"}) ? 1.0 : -1.5;
    default: return 0;
  }
}

/// The verb of the robot's question, said back: "要搬家吗" - "要搬的", "不搬", "搬了", "搬什么家".
double echoed_answer(std::string_view text, question asked, std::string_view robot_line) {
  constexpr std::size_t letter = 3;
  static constexpr std::string_view verbs =
      "有要做种报买换装学考租卖洗搬办找参续约加发签听试留登订定贷借投练请养补开存交做送来去";
  static constexpr std::string_view lasting = "有要找来去想约";
  if (asked != question::offer && asked != question::proposal) return 0;
  for (bool is_cut = true; is_cut;) {
    is_cut = false;
    for (const std::string_view lead :
         {"我们", "我家", "我", "那", "嗯", "哦", "对", "是", "还", "也", "就", "当然", "肯定"})
      if (text.starts_with(lead)) text.remove_prefix(lead.size()), is_cut = true;
  }
  const auto is_echo = [&](std::string_view one) {
    return one.size() == letter && verbs.find(one) != std::string_view::npos &&
           robot_line.find(one) != std::string_view::npos;
  };
  const auto what = text.find("什么");
  if (what != std::string_view::npos && what >= letter && text.size() >= what + 3 * letter) {
    const auto word =
        std::string{text.substr(what - letter, letter)} + std::string{text.substr(what + 2 * letter, letter)};
    if (robot_line.find(word) != std::string_view::npos) return -1.7;
  }
  const bool is_denied = text.starts_with("不");
  if (is_denied) text.remove_prefix(letter);
  if (text.size() < letter || !is_echo(text.substr(0, letter))) return 0;
  if (is_denied) return -1.6;
  const bool is_done = lasting.find(text.substr(0, letter)) == std::string_view::npos && text.find("了") == letter;
  return is_done ? -1.4 : 1.2;
}

/// "给我派辆车": whatever it is, something is to be done for them.
bool asks_for_service(std::string_view text) {
  for (const std::string_view word : {"给我", "帮我", "替我", "给我们", "帮我们"}) {
    const auto at = text.find(word);
    if (at == std::string_view::npos || is_negated(text, at)) continue;
    const auto rest = text.substr(at + word.size());
    if (rest.size() >= 3 && !contains_one(rest, {"过", "打", "电话", "滚", "妈", "爸", "停", "闭"})) return true;
  }
  return false;
}

/// A question about the offer: about its price, place, terms.
bool asks_about_offer(const plain_clause& clause) {
  constexpr std::size_t three_letters = 9;
  const auto core = without_particles(clause.text);
  const bool ends_open = core.size() >= three_letters && core.ends_with("不") && !core.starts_with("不") &&
                         !core.ends_with("也不") && !core.ends_with("都不") && !core.ends_with("不不");
  return (clause.asks_either || ends_open || matches(questions(), clause.text)) && !matches(distrusts(), clause.text);
}

/// The last sentence of the line that asks; the line where none does.
std::string_view asking_sentence(std::string_view line) {
  static constexpr auto marks = std::to_array<std::string_view>({"。", "！", "；", "!"});
  static constexpr auto asking =
      std::to_array<std::string_view>({"吗", "？", "?", "要不要", "是否", "好不好", "行不行", "可不可以", "怎么样",
                                       "是不是", "有没有", "能不能", "方不方便", "需不需要", "如何", "呢"});
  std::string_view found;
  for (auto rest = line; !rest.empty();) {
    auto end = rest.size();
    std::size_t skip = 0;
    for (const auto mark : marks)
      if (const auto at = rest.find(mark); at < end) end = at, skip = mark.size();
    const auto sentence = rest.substr(0, end);
    if (contains_any(sentence, asking)) found = sentence;
    rest.remove_prefix(std::min(rest.size(), end + std::max<std::size_t>(skip, 1)));
  }
  return found;
}

bool proposes(std::string_view text) {
  return contains_one(text, {"给您",     "帮您",     "为您",     "发您", "约您",     "替您",       "邀请您",
                             "联系您",   "跟您联系", "与您联系", "加您", "加个微信", "加一下微信", "您回电",
                             "登记一下", "留个名额", "留一个",   "先约", "帮孩子",   "给孩子",     "安排"});
}

question classify_statement(std::string_view line) {
  if (contains_one(line, {"打扰", "再见", "祝您", "感谢您的接听", "考虑好了", "有需要", "随时联系", "欢迎随时"}))
    return question::closing;
  if (contains_one(line, {"介绍", "推荐", "通知您"})) return question::none;
  return proposes(line) ? question::proposal : question::none;
}

bool speaks_of_offer(std::string_view text) {
  return contains_one(text,
                      {"感兴趣",   "兴趣", "需要", "需求", "考虑", "了解", "微信", "预约", "试驾",   "到店",   "安排",
                       "发给您",   "发您", "资料", "参加", "报名", "试听", "体验", "量房", "申请",   "办理",   "联系您",
                       "给您回电", "愿意", "同意", "调解", "接受", "打算", "意向", "登记", "留一个", "协商",   "上门",
                       "过来",     "看房", "参观", "想",   "给您", "帮您", "加盟", "计划", "来看看", "试一下", "试试"});
}

}  // namespace

question classify_question(std::string_view robot_line) {
  const auto asked = asking_sentence(robot_line);
  if (asked.empty()) return classify_statement(robot_line);
  if (contains_one(asked, {"还有其他", "还有什么", "其他问题", "别的问题", "还有疑问"})) return question::closing;
  const auto plain = make_plain(asked).text;
  if (contains_one(plain, {"不需要", "不考虑", "不感兴趣", "没兴趣", "不想", "不计划", "不用", "没有需要", "没有需求",
                           "不参加"}) &&
      contains_one(asked, {"是吗", "是吧", "对吗", "对吧", "是不是", "了吗"}))
    return question::refusal;
  if (contains_one(asked, {"什么时候", "几点", "哪天", "什么时间", "何时", "上午还是", "还是下午", "还是周",
                           "给您打电话", "打给您", "再给您打", "再联系您"}))
    return question::time;
  if (contains_one(asked, {"多少", "几月", "几年级", "多大", "哪一步", "哪种", "哪个", "名下", "公积金", "社保",
                           "用过吗", "听说过", "学过", "做过", "收到", "营业执照"}) &&
      !contains_one(asked, {"需要给您", "帮您", "需要吗", "感兴趣"}))
    return question::fact;
  if (speaks_of_offer(asked)) return proposes(asked) ? question::proposal : question::offer;
  if (contains_one(asked, {"请问是", "您是", "方便接听", "方便通话", "方便说话", "现在方便", "在吗", "是家长", "本人",
                           "在听", "听到", "听见", "占用"}))
    return speaks_of_offer(robot_line) && contains_one(asked, {"您看", "可以吗", "怎么样"}) ? question::offer
                                                                                            : question::identity;
  return question::offer;
}

clause_judgement judge_clause(std::string_view clause, question asked, std::string_view robot_line) {
  clause_judgement out;
  const auto plain = make_plain(clause);
  const std::string_view text = plain.text;
  out.is_machine = matches(machines(), text);
  if (out.is_machine) return out;
  out.is_abuse = matches(abuses(), text);
  out.is_wrong_person = matches(wrong_persons(), text);
  out.is_busy = matches(inconveniences(), text);
  if (out.is_abuse || out.is_wrong_person) {
    out.weight = out.is_abuse ? abuse_weight : -2;
    return out;
  }
  if (plain.takes_back) {
    out.weight = taken_back;
    return out;
  }
  const bool is_asking = asks_about_offer(plain);
  const bool ends_asking = without_particles(text).ends_with("吗") && !contains_one(text, {"行吗", "好吗", "可以吗"});
  const auto echo = echoed_answer(text, asked, robot_line);
  auto refusal = std::min(worst_refusal(text), echo);
  // "不用抵押吗", "都有什么" ask; "别再打了行吗" does not.
  if (ends_asking || (is_asking && refusal > -1.45)) refusal = 0;
  // "今天不行", "没空" speak of the moment.
  if (out.is_busy && refusal > -1.7) refusal = 0;
  const bool calls_back = matches(call_backs(), text);
  if (refusal > -1.9) {
    out.is_hesitation = matches_undenied(hesitations(), text);
    out.is_postponement = !out.is_hesitation && !calls_back && matches_undenied(postponements(), text);
  }
  if (out.is_hesitation || (out.is_postponement && refusal == 0)) return out;
  if (refusal < 0) {
    out.weight = refusal;
    return out;
  }
  out.weight = best_attraction(text);
  if (ends_asking && out.weight < 0) out.weight = 0;
  if (out.weight == 0 && !is_asking && !calls_back) out.weight = asks_for_service(text) ? 1.2 : 0;
  if (out.weight == 0 && !out.is_busy) out.weight = bare_answer(clause, asked);
  if (out.weight == 0 && !out.is_busy) out.weight = bare_answer(text, asked);
  if (out.weight == 0 && !is_asking && !out.is_busy) out.weight = echo;
  if (out.weight == 0 && is_asking && !out.is_busy) {
    out.weight = question_weight;
    out.is_question = true;
  }
  out.is_doubt = out.weight <= question_weight && matches(doubts(), text);
  if (out.is_doubt) out.weight = 0;
  return out;
}

bool is_filler(std::string_view clause) {
  return is_made_of(clause, {"喂",   "嗯",     "啊",     "哦", "噢", "你好", "您好", "哪位",     "谁啊", "谁",
                             "什么", "听不清", "听不见", "呃", "唉", "哎",   "在吗", "能听到吗", "说话", "嗯嗯"}) &&
         !contains_one(clause, {"现在", "还是", "肯定", "当然"});
}

}  // namespace waihu::provider
