/**
 * A task's follow-ups: interest as a chart and in numbers, the records page by page, filtered by interest. The records come
 * from query-task-execution (only_followed), which filters and holds the conversations; task_followup_records does neither.
 */
import { UnorderedListOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Button, Pagination, Segmented, Skeleton, Tag } from 'antd';
import { Suspense, useMemo } from 'react';
import { useLiveQueries } from '../../api/live';
import { callsOf, interestOf, subjects } from '../../api/queries';
import type { CallJob, ExecutionPage, Interest } from '../../api/types';
import { useDrawers } from '../../app/drawers';
import { lazily } from '../../app/lazily';
import type { DrawerProps } from '../../app/screens';
import { palette } from '../../app/theme';
import { useText } from '../../i18n';
import { named } from '../../parts/Choice';
import { count, maskedPhone } from '../../parts/format';
import { SideDrawer } from '../../parts/SideDrawer';
import { Failed, Loading, Nothing } from '../../parts/states';
import { TaskTypeTag } from '../../parts/task_parts';
import { InterestTag } from '../calls/CallTable';
import { filterOf, pageSizes, taskIdOf } from '../calls/call_view';

const Chart = lazily(() => import('../../parts/Chart'));
const chartHeight = 150;
const slices = ['interested', 'not_interested', 'unable_to_judge', 'pending_follow'] as const;
const colors = {
  interested: palette.success,
  not_interested: palette.danger,
  unable_to_judge: palette.warning,
  pending_follow: '#8fa3bf',
} as const;

function Statistics({ taskId }: { taskId: number }) {
  const t = useText();
  const interest = useQuery(interestOf(taskId));
  const option = useMemo(
    () => ({
      grid: { left: 4, right: 40, top: 4, bottom: 4, containLabel: true },
      xAxis: { type: 'value', show: false },
      yAxis: { type: 'category', inverse: true, data: slices.map((slice) => t(`follows.${slice}`)), axisTick: { show: false }, axisLine: { show: false } },
      series: [
        {
          type: 'bar',
          barMaxWidth: 18,
          label: { show: true, position: 'right' },
          data: slices.map((slice) => ({
            value: interest.data?.[slice] ?? 0,
            itemStyle: { color: colors[slice], borderRadius: 4 },
          })),
        },
      ],
    }),
    [t, interest.data],
  );
  if (interest.isPending) return <Skeleton active title={false} paragraph={{ rows: 4 }} />;
  if (interest.isError && !interest.data) return <Failed error={interest.error} onRetry={() => void interest.refetch()} />;
  return (
    <section className="calls-overview" aria-label={t('follows.statistics')}>
      <dl className="figures">
        {(['total_leads', ...slices] as const).map((name) => (
          <div key={name} data-figure={name}>
            <dt>{t(`follows.${name}`)}</dt>
            <dd>{count(interest.data[name])}</dd>
          </div>
        ))}
      </dl>
      <Suspense fallback={<Skeleton.Node active style={{ height: chartHeight, width: '100%' }} />}>
        <Chart option={option} height={chartHeight} label={t('follows.chart')} />
      </Suspense>
    </section>
  );
}

function Filter({ value }: { value: Interest | null }) {
  const t = useText();
  const { change } = useDrawers();
  return (
    <div className="calls-filters">
      <Segmented
        aria-label={t('calls.filter_interest')}
        value={value === null ? 'all' : String(value)}
        onChange={(next) => change({ interest: next === 'all' ? null : next, page: null })}
        options={[
          { value: 'all', label: t('calls.filter_all') },
          ...([1, 2, 0] as Interest[]).map((one) => ({ value: String(one), label: t(`interest.${one}`) })),
        ]}
      />
    </div>
  );
}

function Record({ call }: { call: CallJob }) {
  const t = useText();
  const { open } = useDrawers();
  const name = call.LeadsName || t('calls.unnamed');
  const follow = call.follow_data;
  return (
    <li data-row={call.row_id}>
      <div className="lead-record-head">
        <button type="button" className="lead-button" title={t('follows.open', { name })} onClick={() => open('call', { call: call.row_id })}>
          <b>{name}</b>
          <span>{maskedPhone(call.LeadsPhone)}</span>
        </button>
        <span>
          {follow?.is_arrive === 1 && <Tag color="success">{t('follows.arrived')}</Tag>}
          <InterestTag call={call} />
        </span>
      </div>
      <p>{follow?.leads_remark || '–'}</p>
      <p className="hint">
        {follow?.follow_time}
        {follow?.next_follow_time && ` · ${t('follows.next', { time: follow.next_follow_time })}`}
      </p>
    </li>
  );
}

function Records({ page, pageSize, updating }: { page: ExecutionPage; pageSize: number; updating: boolean }) {
  const t = useText();
  const { change } = useDrawers();
  if (page.jobs_data.length === 0) return <Nothing text={t('follows.none')} />;
  return (
    <>
      <ol className="lead-records" aria-label={t('follows.records')} aria-busy={updating}>
        {page.jobs_data.map((call) => (
          <Record key={call.row_id} call={call} />
        ))}
      </ol>
      <Pagination
        className="calls-pages"
        size="small"
        align="end"
        responsive
        current={page.pagination.page}
        pageSize={pageSize}
        total={page.pagination.total_count}
        showLessItems
        showSizeChanger={page.pagination.total_count > pageSizes[0] && named(t('list.page_size'))}
        pageSizeOptions={[...pageSizes]}
        onChange={(next, size) => change({ page: size === pageSize ? next : null, size })}
      />
    </>
  );
}

function Content({ taskId }: { taskId: number }) {
  const { search } = useDrawers();
  const t = useText();
  const { open } = useDrawers();
  const filter = { ...filterOf(search), onlyFollowed: true };
  const page = useQuery(callsOf(taskId, filter));
  useLiveQueries(['follow', 'task'], [subjects.calls(taskId), subjects.group(taskId)], (event) => event.task_id === taskId);
  if (page.isPending) return <Loading height={400} />;
  if (page.isError && !page.data) return <Failed error={page.error} onRetry={() => void page.refetch()} />;
  return (
    <>
      <div className="calls-head">
        <strong title={page.data.task_name}>{page.data.task_name}</strong>
        <TaskTypeTag type={page.data.task_type} />
        <Button icon={<UnorderedListOutlined />} onClick={() => open('calls', { task: taskId })}>
          {t('follows.calls')}
        </Button>
      </div>
      <Statistics taskId={taskId} />
      <Filter value={filter.interest} />
      <Records page={page.data} pageSize={filter.pageSize} updating={page.isPlaceholderData} />
    </>
  );
}

export default function FollowUpDrawer(props: DrawerProps) {
  const t = useText();
  const { search } = useDrawers();
  const taskId = taskIdOf(search);
  return (
    <SideDrawer {...props} title={t('follows.title')} width={720}>
      {taskId > 0 && <Content key={taskId} taskId={taskId} />}
    </SideDrawer>
  );
}
