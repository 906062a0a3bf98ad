// Phrase tables. Longer phrases are written before the shorter ones that they contain: the first match of a clause's
// region is consumed. A table row is a phrase and its weight.
#include "provider/interest_rules.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <span>

namespace waihu::provider {
namespace {

struct phrase {
  std::string_view text;
  double weight;
};

// Said about the offer, a refusal whatever else stands in the clause.
constexpr auto refusals = std::to_array<phrase>({
    {"没兴趣", -2},         {"没有兴趣", -2},       {"不感兴趣", -2},     {"没什么兴趣", -2},     {"没啥兴趣", -2},
    {"不太感兴趣", -1.6},   {"不是很感兴趣", -1.6}, {"没有意向", -2},     {"没意向", -2},         {"没这个意向", -2},
    {"没有这个意向", -2},   {"没有需要", -1.8},     {"没有需求", -1.8},   {"没需求", -1.8},       {"没这个需求", -1.8},
    {"没有这个需求", -1.8}, {"没有这方面", -1.8},   {"没这方面", -1.8},   {"没有这个需要", -1.8}, {"没这个需要", -1.8},
    {"不太需要", -1.5},     {"暂时不需要", -1.6},   {"暂时没", -1.4},     {"暂时不考虑", -1.6},   {"目前没", -1.4},
    {"现在没这个", -1.5},   {"不需要", -2},         {"不用了", -2},       {"不用联系", -2},       {"不用给我", -2},
    {"不用打", -2},         {"不用介绍", -2},       {"不用再", -2},       {"用不着", -2},         {"用不上", -1.8},
    {"不要了", -2},         {"不要打", -2.5},       {"不要再", -2.5},     {"不要给我", -2.5},     {"别打", -2.5},
    {"别再", -2.5},         {"别给我", -2.5},       {"别联系", -2.5},     {"不想", -1.8},         {"不打算", -1.8},
    {"没打算", -1.8},       {"没有打算", -1.8},     {"没这个打算", -1.8}, {"没有这个打算", -1.8}, {"没有计划", -1.5},
    {"没计划", -1.5},       {"不考虑", -1.8},       {"没考虑", -1.5},     {"没有考虑", -1.5},     {"不买", -2},
    {"不办", -2},           {"不做了", -1.8},       {"不学", -1.8},       {"不装", -1.6},         {"不贷", -2},
    {"不参加", -1.8},       {"不去了", -1.8},       {"不来了", -1.8},     {"不加了", -1.2},       {"不同意", -2},
    {"不接受", -2},         {"不愿意", -2},         {"不可能", -1.8},     {"不调解", -2},         {"不必了", -2},
    {"不必", -1.6},         {"算了吧", -1.5},       {"还是算了", -2},     {"算了", -1.3},         {"拒绝", -2},
    {"免了", -1.8},         {"没必要", -1.8},       {"没钱", -1.5},       {"买不起", -1.6},       {"太贵了不", -1.8},
    {"已经买了", -2},       {"已经买过", -2},       {"早就买了", -2},     {"买过了", -1.8},       {"刚买", -1.8},
    {"已经报了", -2},       {"已经报名了别", -2},   {"报过了", -1.8},     {"已经装", -1.8},       {"装修完了", -2},
    {"装完了", -2},         {"装好了", -1.8},       {"已经办了", -1.8},   {"办过了", -1.8},       {"已经贷", -1.6},
    {"已经有了", -1.6},     {"有了别的", -1.6},     {"有人做了", -1.6},   {"签了别家", -2},       {"定了别家", -2},
    {"订了别家", -2},       {"找好了", -1.6},       {"已经找了", -1.6},   {"已经定了", -1.8},     {"已经订了", -1.8},
    {"已经选了", -1.8},     {"在别家", -1.4},       {"删掉", -1.6},       {"删了", -1.4},         {"删除", -1.6},
    {"拉黑", -2.5},         {"骚扰", -2.5},         {"烦不烦", -2.5},     {"烦死", -2.5},         {"太烦", -2},
    {"没用过你们", -0.5},   {"别浪费", -2},         {"没空理", -2},       {"挂了啊", -0.6},       {"没什么好谈", -2},
    {"没什么好说", -2},     {"没得谈", -2},         {"没商量", -2},       {"法院见", -2},         {"走法律程序", -1.6},
    {"直接起诉", -1.8},     {"去告", -1.6},         {"不还", -1.8},       {"不认可", -1.6},       {"不行", -1.3},
    {"不了谢谢", -2},       {"不了不了", -2},
});

// Said about oneself or the offer, interest unless negated.
constexpr auto attractions = std::to_array<phrase>({
    {"挺感兴趣", 2},     {"很感兴趣", 2},   {"比较感兴趣", 1.8}, {"有点兴趣", 1.3},   {"有兴趣", 1.8},
    {"感兴趣", 1.8},     {"有意向", 1.8},   {"有这个意向", 1.8}, {"有需求", 1.6},     {"有这方面的需", 1.6},
    {"有这个需", 1.6},   {"有打算", 1.5},   {"正打算", 1.8},     {"正准备", 1.6},     {"正好想", 1.8},
    {"正好要", 1.8},     {"正好需要", 1.8}, {"正想", 1.8},       {"正要", 1.5},       {"正在看", 1.3},
    {"一直想", 1.6},     {"最近在看", 1.5}, {"最近想", 1.6},     {"在考虑买", 1.4},   {"想了解", 1.6},
    {"想详细", 1.6},     {"想咨询", 1.6},   {"想问", 1.0},       {"想买", 1.8},       {"想换", 1.6},
    {"想学", 1.6},       {"想报", 1.8},     {"想装", 1.6},       {"想贷", 1.6},       {"想办", 1.6},
    {"想看", 1.2},       {"想试", 1.5},     {"想去", 1.2},       {"想约", 1.6},       {"想参加", 1.8},
    {"想做", 1.4},       {"打算买", 1.6},   {"打算换", 1.6},     {"打算装", 1.6},     {"打算给", 1.0},
    {"准备买", 1.6},     {"准备装", 1.6},   {"需要的", 1.0},     {"我需要", 1.4},     {"还是需要", 1.4},
    {"急需", 1.8},       {"加我微信", 1.8}, {"加一下微信", 1.8}, {"加个微信", 1.8},   {"加微信吧", 1.8},
    {"加微信", 1.2},     {"发我微信", 1.5}, {"发到我微信", 1.5}, {"发我看看", 1.3},   {"资料发", 1.3},
    {"发份资料", 1.5},   {"发个资料", 1.5}, {"发资料", 1.3},     {"发给我", 1.2},     {"发个报价", 1.6},
    {"发个定位", 1.8},   {"发我定位", 1.8}, {"地址发", 1.5},     {"发个地址", 1.6},   {"帮我预约", 2},
    {"给我预约", 2},     {"预约一下", 1.8}, {"约个时间", 1.5},   {"帮我留", 1.6},     {"给我留", 1.5},
    {"帮我登记", 1.8},   {"帮我报", 1.8},   {"给我报个名", 2},   {"报名", 1.0},       {"帮我安排", 1.8},
    {"安排一下", 1.5},   {"帮我算", 1.5},   {"帮我申请", 1.8},   {"怎么报名", 1.6},   {"怎么申请", 1.5},
    {"怎么办理", 1.5},   {"怎么收费", 1.2}, {"怎么联系", 1.2},   {"怎么付", 1.2},     {"什么时候能提车", 1.8},
    {"多久能提车", 1.6}, {"有现车", 1.5},   {"能试驾", 1.6},     {"试驾", 0.9},       {"能优惠", 1.2},
    {"有优惠", 1.1},     {"优惠多少", 1.3}, {"什么优惠", 1.2},   {"有什么活动", 1.0}, {"能便宜", 1.2},
    {"多少钱", 1.1},     {"什么价", 1.1},   {"价格多少", 1.2},   {"价格怎么", 1.0},   {"报价", 0.8},
    {"利率多少", 1.3},   {"利息多少", 1.3}, {"利息怎么", 1.1},   {"额度", 0.8},       {"能贷多少", 1.6},
    {"可以贷多少", 1.6}, {"最多能", 1.0},   {"首付", 1.0},       {"分期", 0.9},       {"几个平方", 0.4},
    {"学费多少", 1.3},   {"上课时间", 1.0}, {"在哪上课", 1.2},   {"试听", 1.1},       {"地址在哪", 1.3},
    {"在哪里啊", 0.8},   {"店在哪", 1.3},   {"你们在哪", 1.0},   {"你们店", 0.6},     {"过去看看", 1.6},
    {"过去看一下", 1.6}, {"去看看", 1.3},   {"过来看看", 1.4},   {"去店里", 1.4},     {"到店", 1.2},
    {"来店里", 1.2},     {"去你们那", 1.4}, {"上门量", 1.6},     {"来量", 1.4},       {"量房", 1.1},
    {"可以了解", 1.4},   {"了解一下", 1.2}, {"了解了解", 1.2},   {"详细说", 1.2},     {"详细介绍", 1.3},
    {"具体说", 1.1},     {"具体讲", 1.1},   {"具体怎么", 1.1},   {"介绍一下", 1.2},   {"介绍介绍", 1.2},
    {"说说看", 0.9},     {"讲讲", 0.8},     {"挺好的", 0.8},     {"听起来不错", 1.4}, {"还不错", 0.9},
    {"蛮好", 0.9},       {"愿意调解", 2},   {"同意调解", 2},     {"愿意", 1.5},       {"同意", 1.4},
    {"接受调解", 1.8},   {"可以接受", 1.4}, {"配合", 0.9},       {"可以协商", 1.6},   {"可以谈", 1.5},
    {"愿意谈", 1.8},     {"分期还", 1.5},   {"慢慢还", 1.2},     {"就定", 1.2},       {"我要了", 1.8},
    {"我要报", 1.8},     {"我要买", 1.8},   {"我要办", 1.8},     {"我要一", 1.0},     {"没问题", 1.2},
    {"求之不得", 1.8},   {"太好了", 1.4},   {"那我去", 0.9},     {"我过去", 1.2},     {"我会去", 1.3},
    {"我会来", 1.3},     {"我会过", 1.3},   {"我来", 0.6},       {"考虑买", 1.0},     {"可以试试", 1.3},
    {"试试看", 1.2},     {"试一下", 1.1},   {"可以考虑", 0.3},
});

constexpr auto hesitations = std::to_array<std::string_view>({
    "考虑考虑", "考虑一下", "再考虑",   "还在考虑", "再想想",   "想一想",   "想想看",   "再看看",   "再看吧",
    "看情况",   "看看再说", "再说吧",   "到时候再", "以后再说", "回头再",   "有需要再", "需要的话", "商量一下",
    "商量商量", "商量下",   "跟家里人", "和家里人", "跟老公",   "跟老婆",   "问问我",   "问一下我", "不确定",
    "不好说",   "不一定",   "没想好",   "还没想好", "没决定",   "还没决定", "还没定",   "说不准",   "不知道要不要",
    "比较一下", "对比一下", "多看几家", "先看看",   "随便看看", "随便问问", "随便了解", "先这样",   "观望",
    "等等再说", "过段时间", "过阵子再", "拿不定",   "犹豫",     "不急",     "没那么急", "不着急",   "再定",
    "看孩子",   "问问孩子", "看他意思", "听听家里",
});

constexpr auto abuses = std::to_array<std::string_view>({
    "滚",   "傻逼",   "傻X",      "傻b",      "神经病",   "有病",     "他妈",   "妈的",   "去死", "王八",
    "混蛋", "狗东西", "脑子进水", "脑残",     "畜生",     "垃圾公司", "骗子",   "诈骗",   "缺德", "不要脸",
    "全家", "操你",   "草你",     "有完没完", "没完没了", "投诉你",   "举报你", "去投诉", "报警", "吃饱了撑",
});

constexpr auto busies = std::to_array<std::string_view>({
    "在开会",   "开会呢", "开着会", "在开车", "开着车", "在忙",   "正忙",   "忙着",     "有点忙", "比较忙",
    "很忙",     "不方便", "在上班", "在上课", "在医院", "在外地", "在吃饭", "在高铁",   "在地铁", "带孩子呢",
    "信号不好", "没空",   "没时间", "有事",   "晚点再", "待会再", "一会再", "一会儿再",
});

constexpr auto machines = std::to_array<std::string_view>({
    "语音助手",
    "语音助理",
    "智能助理",
    "智能助手",
    "机主",
    "留言",
    "语音信箱",
    "暂时无法接听",
    "无法接听您",
    "电话秘书",
    "代接",
    "转告他",
    "转告机主",
    "暂时不方便接听",
});

constexpr auto wrong_persons = std::to_array<std::string_view>({
    "打错了",
    "打错电话",
    "你打错",
    "不是本人",
    "我不是他",
    "我不是她",
    "不认识这个人",
    "没有这个人",
    "换号了",
    "号码换",
    "不是我的号",
    "我不姓",
    "没这个人",
    "不认识他",
    "不认识她",
    "这号码不是",
});

constexpr auto negators =
    std::to_array<std::string_view>({"不太", "不是很", "不怎么", "没什么", "没有", "没啥", "不是", "不用", "不要",
                                     "不想", "不会", "不", "没", "别", "甭", "无"});

bool contains_any(std::string_view text, std::span<const std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

bool contains_one(std::string_view text, std::initializer_list<std::string_view> words) {
  return contains_any(text, std::span{words.begin(), words.size()});
}

/// True when a negation ends right before `at`, or one or two characters before.
bool is_negated(std::string_view clause, std::size_t at) {
  constexpr std::size_t reach = 2 * 3;
  const auto before = clause.substr(0, at);
  const auto near = before.substr(before.size() > reach + 9 ? before.size() - reach - 9 : 0);
  for (const auto word : negators) {
    const auto found = near.rfind(word);
    if (found == std::string_view::npos || near.size() - (found + word.size()) > reach) continue;
    // 是不是, 有没有, 能不能, 要不, 差不多 ask or say something else.
    const auto whole = near.substr(found > 3 ? found - 3 : 0);
    if (contains_one(whole, {"是不是", "有没有", "能不能", "可不可", "要不要", "要不", "差不多", "不错", "没问题",
                             "没事", "好不好"}))
      continue;
    return true;
  }
  return false;
}

/// "不是没兴趣", "也不是不想": a refusal taken back.
bool is_double_negation(std::string_view clause, std::size_t at) {
  const auto before = clause.substr(0, at);
  return before.ends_with("不是") || before.ends_with("倒不是") || before.ends_with("也不是");
}

double best_refusal(std::string_view clause) {
  double worst = 0;
  for (const auto& [text, weight] : refusals) {
    const auto at = clause.find(text);
    if (at == std::string_view::npos) continue;
    worst = std::min(worst, is_double_negation(clause, at) ? 0.3 : weight);
    if (is_double_negation(clause, at)) return 0.3;
  }
  return worst;
}

double best_attraction(std::string_view clause) {
  double best = 0;
  for (const auto& [text, weight] : attractions) {
    const auto at = clause.find(text);
    if (at == std::string_view::npos) continue;
    if (is_negated(clause, at)) return -1.6;
    best = std::max(best, weight);
  }
  return best;
}

bool is_bare(std::string_view clause, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    if (!clause.starts_with(word)) return false;
    auto rest = clause.substr(word.size());
    for (bool is_cut = true; is_cut && !rest.empty();) {
      is_cut = false;
      for (const auto tail : {"的", "啊", "呀", "吧", "呢", "哦", "嘛", "了", "谢谢", "好", "行", "可以", "嗯", "就",
                              "这样", "那", "也", "没事"}) {
        if (rest.starts_with(tail)) {
          rest.remove_prefix(std::string_view{tail}.size());
          is_cut = true;
        }
      }
    }
    return rest.empty();
  });
}

double bare_answer(std::string_view clause, question asked) {
  if (is_bare(clause, {"不用", "不了", "不要", "不", "没", "没有", "不需要", "不行", "不想", "不感兴趣", "不是"})) {
    if (asked == question::offer) return -1.8;
    if (asked == question::time) return -1.0;
    return clause.starts_with("不用") || clause.starts_with("不要") || clause.starts_with("不了") ? -1.2 : 0;
  }
  if (is_bare(clause, {"可以", "好", "行",     "嗯",   "对",   "是",   "有",   "想",   "要",     "能", "会",
                       "方便", "成", "没问题", "当然", "愿意", "好啊", "需要", "参加", "感兴趣", "ok", "OK"})) {
    if (asked == question::offer) return clause.starts_with("嗯") || clause.starts_with("是") ? 0.6 : 1.4;
    if (asked == question::time) return 0.6;
  }
  return 0;
}

}  // namespace

question classify_question(std::string_view robot_line) {
  if (contains_one(robot_line, {"考虑好了", "还有其他", "还有什么", "其他问题", "别的问题", "打扰", "再见", "祝您",
                                "感谢您的接听"}))
    return question::closing;
  if (contains_one(robot_line, {"什么时候", "几点", "哪天", "什么时间", "何时"})) return question::time;
  if (contains_one(robot_line,
                   {"感兴趣", "兴趣", "需要",       "需求",     "考虑",     "了解",   "微信", "预约", "试驾",
                    "到店",   "安排", "发给您",     "发您",     "资料",     "参加",   "报名", "试听", "体验",
                    "量房",   "申请", "办理",       "联系您",   "给您回电", "愿意",   "同意", "调解", "接受",
                    "打算",   "意向", "您看可以吗", "您看行吗", "登记",     "留一个", "协商"}))
    return question::offer;
  if (contains_one(robot_line, {"请问是", "您是", "方便接听", "方便吗", "您好"})) return question::identity;
  return question::none;
}

clause_judgement judge_clause(std::string_view clause, question asked) {
  clause_judgement out;
  out.is_machine = contains_any(clause, machines);
  if (out.is_machine) return out;
  out.is_abuse = contains_any(clause, abuses);
  out.is_wrong_person = contains_any(clause, wrong_persons);
  out.is_busy = contains_any(clause, busies);
  out.is_hesitation = contains_any(clause, hesitations);
  if (out.is_abuse) {
    out.weight = -3;
    return out;
  }
  if (out.is_wrong_person) {
    out.weight = -2;
    return out;
  }
  if (out.is_hesitation) return out;
  const auto refusal = best_refusal(clause);
  if (refusal < 0 && !(out.is_busy && refusal > -1.7)) {
    out.weight = refusal;
    return out;
  }
  out.weight = std::max(best_attraction(clause), refusal);
  if (const auto attraction = best_attraction(clause); attraction < 0) out.weight = attraction;
  if (out.weight == 0 && !out.is_busy) out.weight = bare_answer(clause, asked);
  return out;
}

bool is_filler(std::string_view clause) {
  return is_bare(clause, {"喂",     "嗯",     "啊",   "哦",     "噢", "你好", "您好", "哪位", "谁啊",     "谁",  "什么",
                          "听不清", "听不见", "喂喂", "喂你好", "呃", "唉",   "哎",   "在吗", "能听到吗", "说话"});
}

}  // namespace waihu::provider
