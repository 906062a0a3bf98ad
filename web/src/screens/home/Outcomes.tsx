/** What became of the calls made today, as far as they have ended: a chart, and the same numbers in a list. */
import { useQuery } from '@tanstack/react-query';
import { Skeleton } from 'antd';
import { Suspense, useMemo } from 'react';
import { useLiveQueries } from '../../api/live';
import { outcomesToday, subjects } from '../../api/queries';
import type { DayOutcomes, Outcome } from '../../api/types';
import { lazily } from '../../app/lazily';
import { palette } from '../../app/theme';
import { useText } from '../../i18n';
import { count } from '../../parts/format';
import { Failed, Nothing } from '../../parts/states';

const Chart = lazily(() => import('../../parts/Chart'));
const colors: Record<Outcome, string> = {
  connected: palette.success,
  machine: '#7fb8a4',
  not_reached: '#e0a63a',
  not_dialled: '#8fa3bf',
  failed: palette.danger,
  cancelled: '#b9c2cf',
  unplaced: '#7a5c8e',
};

function Figures({ day }: { day: DayOutcomes }) {
  const t = useText();
  const option = useMemo(
    () => ({
      tooltip: { trigger: 'item', renderMode: 'richText' },
      series: [
        {
          type: 'pie',
          radius: ['58%', '86%'],
          itemStyle: { borderColor: '#fff', borderWidth: 2 },
          label: { show: false },
          data: day.outcomes.map(({ outcome, calls }) => ({
            value: calls,
            name: t(`outcome.${outcome}`),
            itemStyle: { color: colors[outcome] },
          })),
        },
      ],
    }),
    [t, day],
  );
  return (
    <>
      <Suspense fallback={<Skeleton.Node active style={{ height: 170, width: '100%' }} />}>
        <Chart option={option} height={170} label={t('home.outcomes_table')} />
      </Suspense>
      <ul className="progress-legend">
        {day.outcomes.map(({ outcome, calls }) => (
          <li key={outcome}>
            <i aria-hidden style={{ background: colors[outcome] }} />
            {t(`outcome.${outcome}`)} <b data-outcome={outcome}>{count(calls)}</b>
          </li>
        ))}
      </ul>
      <p className="hint">{t('home.outcomes_hint', { date: day.date, calls: count(day.total) })}</p>
    </>
  );
}

export function Outcomes() {
  const t = useText();
  // Every minute, too: at midnight another day begins without an event.
  const today = useQuery({ ...outcomesToday, refetchInterval: 60_000 });
  useLiveQueries(['progress'], [subjects.outcomes]);
  return (
    <section className="panel" aria-labelledby="outcomes-title">
      <div className="panel-head">
        <h2 id="outcomes-title">{t('home.outcomes')}</h2>
      </div>
      {today.isPending && <Skeleton active paragraph={{ rows: 4 }} title={false} />}
      {today.isError && !today.data && <Failed error={today.error} onRetry={() => void today.refetch()} />}
      {today.data?.total === 0 && <Nothing text={t('home.outcomes_none')} height={160} />}
      {today.data && today.data.total > 0 && <Figures day={today.data} />}
    </section>
  );
}
