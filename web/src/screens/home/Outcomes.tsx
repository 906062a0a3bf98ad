/**
 * What became of the calls of today's tasks: a chart, and the same numbers in a list. Added up from the progress of the tasks
 * created today (the API has no figure by the day of the call), the newest twenty at most.
 */
import { useInfiniteQuery, useQueries } from '@tanstack/react-query';
import { Skeleton } from 'antd';
import { Suspense, useMemo } from 'react';
import { useLiveQueries } from '../../api/live';
import { groupOf, tasksOf } from '../../api/queries';
import type { GroupProgress } from '../../api/types';
import { lazily } from '../../app/lazily';
import { palette } from '../../app/theme';
import { useText } from '../../i18n';
import { count, today } from '../../parts/format';
import { progressBuckets, ProgressLegend } from '../../parts/task_parts';
import { Failed, Nothing } from '../../parts/states';

const Chart = lazily(() => import('../../parts/Chart'));
const mostTasks = 20;
/** The contract's default zone of all times in answers. */
const zone = 'Asia/Shanghai';
const colors = {
  total_completed: palette.success,
  failed: palette.danger,
  executing: palette.running,
  scheduling: '#8fa3bf',
} as const;

/** The sum of several tasks' progress. */
export function sumOf(parts: readonly GroupProgress[]): GroupProgress {
  const sum: GroupProgress = { total_jobs: 0, scheduling: 0, executing: 0, total_completed: 0, failed: 0 };
  for (const part of parts) {
    sum.total_jobs += part.total_jobs;
    for (const bucket of progressBuckets) sum[bucket] += part[bucket];
  }
  return sum;
}

function useToday() {
  const tasks = useInfiniteQuery(tasksOf([2, 3, 4, 5], mostTasks));
  const date = today(Date.now(), zone);
  const ids = (tasks.data?.pages[0]?.items ?? []).filter((task) => task.create_time.startsWith(date)).map((task) => task.id);
  const groups = useQueries({ queries: ids.map((id) => groupOf(id)) });
  const known = groups.flatMap((group) => (group.data ? [group.data.progress] : []));
  useLiveQueries(['progress'], ids.map((id) => groupOf(id).queryKey), (event) => ids.includes(event.task_id));
  return { tasks, ids, sum: sumOf(known), ready: tasks.isSuccess && groups.every((group) => !group.isPending) };
}

export function Outcomes() {
  const t = useText();
  const { tasks, ids, sum, ready } = useToday();
  const { total_completed, failed, executing, scheduling } = sum;
  const option = useMemo(
    () => ({
      tooltip: { trigger: 'item', renderMode: 'richText' },
      series: [
        {
          type: 'pie',
          radius: ['58%', '86%'],
          itemStyle: { borderColor: '#fff', borderWidth: 2 },
          label: { show: false },
          data: Object.entries({ total_completed, failed, executing, scheduling }).map(([bucket, value]) => ({
            value,
            name: t(`progress.${bucket as keyof typeof colors}`),
            itemStyle: { color: colors[bucket as keyof typeof colors] },
          })),
        },
      ],
    }),
    [t, total_completed, failed, executing, scheduling],
  );
  const figures = { tasks: ids.length, calls: count(sum.total_jobs) };
  return (
    <section className="panel" aria-labelledby="outcomes-title">
      <div className="panel-head">
        <h2 id="outcomes-title">{t('home.outcomes')}</h2>
      </div>
      {tasks.isError && <Failed error={tasks.error} onRetry={() => void tasks.refetch()} />}
      {!ready && !tasks.isError && <Skeleton active paragraph={{ rows: 4 }} title={false} />}
      {ready && sum.total_jobs === 0 && <Nothing text={t('home.outcomes_none')} height={160} />}
      {ready && sum.total_jobs > 0 && (
        <>
          <Suspense fallback={<Skeleton.Node active style={{ height: 170, width: '100%' }} />}>
            <Chart option={option} height={170} label={t('home.outcomes_table')} />
          </Suspense>
          <ProgressLegend progress={sum} />
          <p className="hint">{t(ids.length >= mostTasks ? 'home.outcomes_partial' : 'home.outcomes_hint', figures)}</p>
        </>
      )}
    </section>
  );
}
