// Normal form of clauses and the search for patterns.
#include "provider/clause_pattern.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace waihu::provider {
namespace {

using replacement = std::pair<std::string_view, std::string_view>;

// The first row that fits at a place wins. What holds a 不 or 没 without denying is rewritten without it.
constexpr auto replacements = std::to_array<replacement>({
    // Regional words.
    {"没得商量", "没商量"},
    {"没得谈", "没谈"},
    {"没得", "没有"},
    {"木有", "没有"},
    {"冇", "没"},
    {"唔使", "不用"},
    {"唔", "不"},
    {"不使了", "不用了"},
    {"不消", "不用"},
    {"甭", "不用"},
    {"莫打", "别打"},
    {"莫再", "别再"},
    {"莫要", "不要"},
    {"不得行", "不行"},
    {"要得", "可以"},
    {"得行", "可以"},
    {"咋个", "怎么"},
    {"咋样", "怎么样"},
    {"咋", "怎么"},
    {"啷个", "怎么"},
    {"啥子", "什么"},
    {"啥", "什么"},
    {"嘛子", "什么"},
    {"几多钱", "多少钱"},
    {"几钿", "多少钱"},
    {"几多", "多少"},
    {"俺们", "我们"},
    {"俺", "我"},
    {"咱们", "我们"},
    {"咱", "我"},
    {"侬", "你"},
    {"您", "你"},
    {"晓得", "知道"},
    {"瞅瞅", "看看"},
    {"瞧瞧", "看看"},
    {"忒", "太"},
    {"蛮", "挺"},
    {"娃儿", "孩子"},
    {"娃", "孩子"},
    {"小孩", "孩子"},
    {"佢", "他"},
    {"睇", "看"},
    {"俾", "给"},
    // Idioms that deny nothing, or something else than they seem to.
    {"早就想", "很想"},
    {"早想", "很想"},
    {"早该", "很该"},
    {"算咯", "算了"},
    {"走不脱", "在忙"},
    {"瞅", "看"},
    {"瞧", "看"},
    {"打算", "计划"},
    {"好几", "多"},
    {"差不多", "大约"},
    {"不错", "好"},
    {"没问题", "可以"},
    {"没意见", "同意"},
    {"没事", ""},
    {"没关系", ""},
    {"不好意思", ""},
    {"对不起", ""},
    {"不客气", ""},
    {"不要紧", ""},
    {"不要钱", "免费"},
    {"不得不", "必须"},
    {"不能不", "必须"},
    {"不可能", "绝不会"},
    {"说不定", "也许"},
    {"不知道", "未知"},
    {"不晓得", "未知"},
    {"不清楚", "未知"},
    {"不光", ""},
    {"不但", ""},
    {"不仅", ""},
    {"不止", ""},
    {"不只", ""},
    {"不管", ""},
    {"不论", ""},
    {"不过", ""},
    {"不如", ""},
    {"不久", "近来"},
    {"不少", "多"},
    {"不贵", "实惠"},
    {"不远", "近"},
    {"不妨", ""},
    {"等不及", "想要"},
    {"不见不散", "我一定来"},
    {"忍不住", ""},
    {"恨不得", "很想"},
    {"没想到", "居然"},
    {"没用过", ""},
    {"没听过", "未知"},
    {"没听说", "未知"},
    {"别忘", "记得"},
    {"别的", "其他"},
    {"别家", "其他家"},
    {"别人", "其他人"},
    {"别处", "其他地"},
    {"特别", "很"},
    {"级别", "等级"},
    {"区别", "差异"},
    {"不然", ""},
    {"要不要", "要"},
    {"要不你", "你"},
    {"要不我", "我"},
    {"走不开", "在忙"},
    {"抽不开", "在忙"},
    {"脱不开", "在忙"},
    {"听不清", "听"},
    {"听不见", "听"},
    {"听不到", "听"},
    {"再说一遍", ""},
    {"再说一次", ""},
    {"再说一下", ""},
    {"没说的", "可以"},
    {"巴不得", "很想"},
    {"求之不得", "很想"},
});

// What is done with an offer: "@deal" in a pattern.
constexpr std::string_view deal_verbs =
    "买/卖/租/换/装/做/办/学/报/考/贷/借/投/存/开通/续/签/种/洗/约/订/定/搞/弄/整/练/治/养/加盟/代理/合作/参加/入手/"
    "申请/出售/出租/送/请/补/体检/保养/改";

constexpr auto take_backs = std::to_array<std::string_view>(
    {"不是不", "不是没", "不是说不", "不是说没", "并非不", "并非没", "不是说我不", "不代表不"});

constexpr auto negators = std::to_array<std::string_view>({"不太", "不是很", "不怎么", "没什么", "没有", "不是", "不用",
                                                           "不要", "不想", "不会", "不", "没", "别", "无", "勿"});

constexpr auto particles = std::to_array<std::string_view>(
    {"吧", "啊", "呀", "呢",   "哦",   "嘛",   "了",   "的", "咯", "呗", "哈", "嘞", "喔", "哇",
     "啦", "噻", "撒", "谢谢", "好吧", "行吧", "谢了", "哟", "诶", "欸", "你", "嗯", "先", "就是"});

std::size_t length_of(char first) {
  const auto lead = static_cast<unsigned char>(first);
  return lead < 0xC0U ? 1 : lead < 0xE0U ? 2 : lead < 0xF0U ? 3 : 4;
}

std::vector<std::string_view> letters_of(std::string_view text) {
  std::vector<std::string_view> out;
  for (std::size_t at = 0; at < text.size();) {
    const auto size = std::min(length_of(text[at]), text.size() - at);
    out.push_back(text.substr(at, size));
    at += size;
  }
  return out;
}

bool denies(std::string_view letter) { return letter == "不" || letter == "没"; }

/// "能不能去" becomes "能去", "可不可以" "可以"; "不用不用" stays.
std::string join_alternatives(std::string_view clause, bool& asks_either) {
  const auto letters = letters_of(clause);
  std::string out;
  for (std::size_t i = 0; i < letters.size(); ++i) {
    const bool is_either = i + 2 < letters.size() && denies(letters[i + 1]) && letters[i] == letters[i + 2] &&
                           !denies(letters[i]) && (i == 0 || !denies(letters[i - 1]));
    if (is_either) {
      asks_either = true;
      i += 2;
    }
    out += letters[i];
  }
  return out;
}

std::string_view next_word(std::string_view& text, char mark) {
  const auto end = text.find(mark);
  const auto word = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  return word;
}

}  // namespace

bool contains_any(std::string_view text, std::span<const std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

bool contains_one(std::string_view text, std::initializer_list<std::string_view> words) {
  return contains_any(text, std::span{words.begin(), words.size()});
}

plain_clause make_plain(std::string_view clause) {
  plain_clause out;
  out.takes_back = contains_any(clause, take_backs);
  const auto joined = join_alternatives(clause, out.asks_either);
  static const letter_set beginnings = [] {
    letter_set made;
    for (const auto& one : replacements) made.add(one.first);
    return made;
  }();
  for (std::size_t at = 0; at < joined.size();) {
    const auto rest = std::string_view{joined}.substr(at);
    if (!beginnings.may_begin(rest)) {
      out.text += joined[at++];
      continue;
    }
    const auto row = std::find_if(replacements.begin(), replacements.end(),
                                  [&](const replacement& one) { return rest.starts_with(one.first); });
    if (row != replacements.end()) {
      out.text += row->second;
      at += row->first.size();
      continue;
    }
    out.text += joined[at++];
  }
  // "不加不加"
  const auto half = out.text.size() / 2;
  if (half > 3 && out.text.size() % 2 == 0 && out.text.compare(0, half, out.text, half, half) == 0)
    out.text.resize(half);
  return out;
}

bool is_negated(std::string_view text, std::size_t at) {
  constexpr std::size_t reach = 6;  // Two characters of three bytes.
  const auto before = text.substr(0, at);
  return std::any_of(negators.begin(), negators.end(), [&](std::string_view word) {
    const auto found = before.rfind(word);
    return found != std::string_view::npos && before.size() - (found + word.size()) <= reach;
  });
}

std::string_view without_particles(std::string_view text) {
  for (bool is_cut = true; is_cut;) {
    is_cut = false;
    for (const auto tail : particles) {
      if (!text.ends_with(tail)) continue;
      text.remove_suffix(tail.size());
      is_cut = true;
    }
  }
  return text;
}

clause_pattern::clause_pattern(std::string_view written) {
  while (!written.empty()) {
    auto part = next_word(written, ' ');
    if (part == "^") {
      is_at_beginning_ = true;
    } else if (part == "$") {
      is_at_end_ = true;
    } else if (!part.empty()) {
      group one;
      one.is_adjacent = part.starts_with('+');
      if (one.is_adjacent) part.remove_prefix(1);
      while (!part.empty()) {
        const auto word = next_word(part, '/');
        if (word != "@deal") {
          one.words.push_back(word);
          continue;
        }
        for (auto verbs = deal_verbs; !verbs.empty();) one.words.push_back(next_word(verbs, '/'));
      }
      for (const auto word : one.words) one.beginnings.add(word);
      groups_.push_back(std::move(one));
    }
  }
}

bool clause_pattern::follows(std::string_view text, std::size_t at, std::size_t next, bool allows_denial) const {
  if (next == groups_.size()) return !is_at_end_ || without_particles(text.substr(at)).empty();
  const auto& one = groups_[next];
  for (std::size_t gap = 0, from = at; gap <= (one.is_adjacent ? 0 : max_gap) && from < text.size(); ++gap) {
    const auto rest = text.substr(from);
    if (one.beginnings.may_begin(rest))
      for (const auto word : one.words)
        if (rest.starts_with(word) && follows(text, from + word.size(), next + 1, allows_denial)) return true;
    if (!allows_denial && (rest.starts_with("不") || rest.starts_with("没") || rest.starts_with("别"))) return false;
    from += length_of(text[from]);
  }
  return false;
}

std::optional<std::size_t> clause_pattern::find(std::string_view text, bool allows_denial) const {
  if (groups_.empty()) return std::nullopt;
  const auto& first = groups_.front();
  for (std::size_t at = 0; at < text.size(); at += length_of(text[at])) {
    const auto rest = text.substr(at);
    if (first.beginnings.may_begin(rest))
      for (const auto word : first.words)
        if (rest.starts_with(word) && follows(text, at + word.size(), 1, allows_denial)) return at;
    if (is_at_beginning_) break;
  }
  return std::nullopt;
}

}  // namespace waihu::provider
