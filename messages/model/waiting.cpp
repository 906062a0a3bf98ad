#include "messages/model/waiting.hpp"

#include <utility>

namespace waihu {

namespace {

using named = std::pair<std::string_view, std::string_view>;

// In the order of wait_kind.
constexpr std::array<named, wait_kinds> names{{
    {"not_started", "任务尚未开始外呼"},
    {"organization_stopped", "自动外呼已停止，启动后继续"},
    {"suspended", "任务已暂停，恢复后继续外呼"},
    {"switch_reconciling", "暂停或恢复的结果未知，正在与供应商核对，核对后任务为已暂停"},
    {"quarantined", "任务多次异常，已隔离，等待人工处理"},
    {"restarting", "处理异常，等待自动恢复"},
    {"concurrency_full", "组织并发已满，等待空闲线路"},
    {"account_concurrency_full", "供应商账号并发已满，等待空闲线路"},
    {"rate_limited", "外呼速率受限，稍后继续提交"},
    {"provider_tripped", "供应商连续失败，暂停请求，稍后自动重试"},
    {"retry_back_off", "上次提交失败，等待重试"},
    {"submitting", "正在提交给供应商"},
    {"reconciling", "提交结果未知，正在与供应商核对，核对前不会重复外呼"},
    {"provider_queue", "供应商已接收，等待拨号"},
    {"provider_paused", "供应商侧已暂停，等待恢复"},
    {"in_call", "正在通话，等待结束"},
    {"awaiting_conversation", "通话已结束，等待通话内容"},
    {"awaiting_analysis", "等待通话内容分析"},
    {"parked_timeout", "状态长时间未变化，等待巡检重新查询"},
    {"parked_unreachable", "状态多次查询失败，等待巡检重新查询"},
}};

}  // namespace

std::string_view to_string(wait_kind kind) noexcept { return names[static_cast<std::size_t>(kind)].first; }
std::string_view text_of(wait_kind kind) noexcept { return names[static_cast<std::size_t>(kind)].second; }

}  // namespace waihu
