/** Words of a task's follow-ups. */
export const zh = {
  'follows.title': '跟进记录',
  'follows.statistics': '意向统计',
  'follows.chart': '跟进结果，按意向计数',
  'follows.total_leads': '线索',
  'follows.pending_follow': '待跟进',
  'follows.interested': '有意向',
  'follows.not_interested': '无意向',
  'follows.unable_to_judge': '无法判断',
  'follows.records': '跟进记录',
  'follows.none': '没有符合条件的跟进记录',
  'follows.open': '查看 {name} 的跟进与对话',
  'follows.next': '下次跟进：{time}',
  'follows.arrived': '已到店',
  'follows.calls': '全部通话',
} as const;

export const en: Record<keyof typeof zh, string> = {
  'follows.title': 'Follow-ups',
  'follows.statistics': 'Interest',
  'follows.chart': 'Follow-ups counted by interest',
  'follows.total_leads': 'Leads',
  'follows.pending_follow': 'To be followed up',
  'follows.interested': 'Interested',
  'follows.not_interested': 'Not interested',
  'follows.unable_to_judge': 'Cannot tell',
  'follows.records': 'Follow-ups',
  'follows.none': 'No follow-up matches',
  'follows.open': 'Show follow-up and conversation of {name}',
  'follows.next': 'Next follow-up: {time}',
  'follows.arrived': 'Visited',
  'follows.calls': 'All calls',
};
