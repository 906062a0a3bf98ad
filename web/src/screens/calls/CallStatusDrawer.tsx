/** A task's calls: progress of its job group, figures, filters, and a page of calls, all kept current by events. */
import { PauseCircleOutlined, PlayCircleOutlined, ReloadOutlined } from '@ant-design/icons';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, App, Button, Segmented, Switch, Tooltip } from 'antd';
import { asApiError } from '../../api/errors';
import { useLiveQueries } from '../../api/live';
import { callsOf, fetchCalls, groupOf, interestOf, reasonsOfTask, subjects, type CallFilter } from '../../api/queries';
import type { ExecutionPage, Interest } from '../../api/types';
import { useDrawers } from '../../app/drawers';
import type { DrawerProps } from '../../app/screens';
import { useText } from '../../i18n';
import { Choice } from '../../parts/Choice';
import { count } from '../../parts/format';
import { SideDrawer } from '../../parts/SideDrawer';
import { Failed, Loading } from '../../parts/states';
import { percentDone, ProgressBar, ProgressLegend, TaskTypeTag } from '../../parts/task_parts';
import { actionFor, useTaskSwitch } from '../../parts/task_switch';
import { WriteButton } from '../../parts/WriteButton';
import { CallScroll } from './CallScroll';
import { CallTable } from './CallTable';
import { filterOf, outcomeFilters, taskIdOf } from './call_view';
import { Reasons } from './Reasons';

function Overview({ taskId, page }: { taskId: number; page: ExecutionPage | undefined }) {
  const t = useText();
  const group = useQuery(groupOf(taskId));
  const interest = useQuery(interestOf(taskId));
  const why = useQuery(reasonsOfTask(taskId));
  const stats = page?.task_stats;
  const figures = [
    ['calls.total', stats?.total_calls],
    ['calls.connected', stats?.connected_calls],
    ['calls.not_connected', stats?.not_connected_calls],
    ['calls.not_started', stats?.not_started_calls],
    ['calls.interested', interest.data?.interested],
  ] as const;
  return (
    <section className="calls-overview" aria-label={t('calls.title')}>
      <dl className="figures">
        {figures.map(([key, value]) => (
          <div key={key} data-figure={key}>
            <dt>{t(key)}</dt>
            <dd>{value === undefined ? '–' : count(value)}</dd>
          </div>
        ))}
      </dl>
      {group.data && (
        <>
          <div className="calls-progress">
            <ProgressBar progress={group.data.progress} />
            <b>{percentDone(group.data.progress)}%</b>
          </div>
          <ProgressLegend progress={group.data.progress} />
        </>
      )}
      {group.isError && <Failed error={group.error} onRetry={() => void group.refetch()} />}
      {why.data?.waiting && <Reasons title={t('calls.why')} reasons={why.data.reasons} />}
    </section>
  );
}

interface FiltersProps {
  filter: CallFilter;
  /** All calls in one list instead of pages. */
  scrolling: boolean;
  onRefresh: () => void;
  refreshing: boolean;
}

function Filters({ filter, scrolling, onRefresh, refreshing }: FiltersProps) {
  const t = useText();
  const { change } = useDrawers();
  const choices: { value: string; label: string }[] = [
    { value: 'all', label: t('calls.filter_all') },
    ...([1, 2, 0] as Interest[]).map((value) => ({ value: String(value), label: t(`interest.${value}`) })),
  ];
  return (
    <div className="calls-filters">
      <Segmented
        aria-label={t('calls.filter_interest')}
        value={filter.interest === null ? 'all' : String(filter.interest)}
        onChange={(value) => change({ interest: value === 'all' ? null : value, page: null, call: null })}
        options={choices}
      />
      <Choice
        className="calls-outcome"
        label={t('calls.filter_outcome')}
        value={filter.outcome ?? 'all'}
        onChange={(value) => change({ outcome: value === 'all' ? null : value, page: null, call: null })}
        options={[
          { value: 'all', label: t('calls.filter_outcome_all') },
          ...outcomeFilters.map((value) => ({ value, label: t(`outcome.${value}`) })),
        ]}
      />
      <label className="switch-label">
        <Switch
          size="small"
          checked={filter.onlyFollowed}
          onChange={(checked) => change({ followed: checked ? 1 : null, page: null, call: null })}
        />
        {t('calls.only_followed')}
      </label>
      <label className="switch-label">
        <Switch size="small" checked={scrolling} onChange={(checked) => change({ list: checked ? 'all' : null, page: null })} />
        {t('calls.one_list')}
      </label>
      <Tooltip title={t('calls.refresh_now')}>
        <Button icon={<ReloadOutlined spin={refreshing} />} disabled={refreshing} onClick={onRefresh}>
          {t('action.refresh')}
        </Button>
      </Tooltip>
    </div>
  );
}

function Content({ taskId, onClose }: { taskId: number; onClose: () => void }) {
  const t = useText();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const { search } = useDrawers();
  const filter = filterOf(search);
  const scrolling = search.get('list') === 'all';
  const calls = useQuery(callsOf(taskId, filter));
  const subjectsOfTask = [subjects.calls(taskId), subjects.group(taskId), [...subjects.taskReasons, taskId]];
  useLiveQueries(['job', 'follow', 'progress', 'task'], subjectsOfTask, (event) => event.task_id === taskId);
  const refresh = useMutation({
    mutationFn: () => fetchCalls(taskId, filter, true),
    onSuccess: (page) => {
      queries.setQueryData(callsOf(taskId, filter).queryKey, page);
      for (const queryKey of subjectsOfTask.slice(1)) void queries.invalidateQueries({ queryKey });
    },
    onError: (thrown) => {
      // Who may only read cannot have the provider asked: what the daemon knows is read again instead.
      if (asApiError(thrown).kind === 'forbidden') void calls.refetch();
      else void message.error(asApiError(thrown).message);
    },
  });
  const control = useTaskSwitch(() => {
    void message.info(t('monitor.over'));
    onClose();
  });
  if (calls.isPending) return <Loading height={400} />;
  if (calls.isError && !calls.data) return <Failed error={calls.error} onRetry={() => void calls.refetch()} />;
  const page = calls.data;
  const action = actionFor(page.task_type);
  return (
    <>
      <div className="calls-head">
        <strong title={page.task_name}>{page.task_name}</strong>
        <TaskTypeTag type={page.task_type} />
        {action && (
          <WriteButton
            icon={action === 'suspend' ? <PauseCircleOutlined /> : <PlayCircleOutlined />}
            loading={control.busy === taskId}
            onClick={() => control.ask({ id: taskId, name: page.task_name }, action)}
          >
            {t(`monitor.${action}`)}
          </WriteButton>
        )}
      </div>
      <Overview taskId={taskId} page={page} />
      {calls.isError && <Failed error={calls.error} onRetry={() => void calls.refetch()} />}
      {page.stale && <Alert type="warning" showIcon title={t('calls.stale')} className="gap-below" />}
      <Filters filter={filter} scrolling={scrolling} refreshing={refresh.isPending} onRefresh={() => refresh.mutate()} />
      {scrolling ? (
        <CallScroll key={`${filter.interest} ${filter.outcome} ${filter.onlyFollowed}`} taskId={taskId} page={page} filter={filter} />
      ) : (
        <CallTable page={page} filter={filter} updating={calls.isPlaceholderData} />
      )}
      <p className="hint">{t('calls.updated_at', { time: page.query_time })}</p>
    </>
  );
}

export default function CallStatusDrawer(props: DrawerProps) {
  const t = useText();
  const { search } = useDrawers();
  const taskId = taskIdOf(search);
  return (
    <SideDrawer {...props} title={t('calls.title')} width={980}>
      {taskId > 0 && <Content key={taskId} taskId={taskId} onClose={props.onClose} />}
    </SideDrawer>
  );
}
